"""The line to paste into a crontab."""

from datetime import timedelta

from console.alerts.rules.heartbeats.beats import Rhythm

CURL = "curl -fsS -m 10 --retry 5"
COMMAND = "your-command"
MINUTE, HOUR, DAY = 60, 3_600, 86_400


def line(rhythm: Rhythm, address: str) -> str:
    """Runs a command and reports its exit code; the schedule is left out where a crontab cannot say the period."""
    when = rhythm.cron or every(rhythm.period or timedelta())
    return f"{when} {COMMAND}; {CURL} -o /dev/null {address}/$?".strip()


def script(address: str) -> str:
    """The same with the run's length and output: three commands of a shell script."""
    return "\n".join(
        (
            f"{CURL} -o /dev/null {address}/start",
            f"out=$({COMMAND} 2>&1); code=$?",
            f'printf %s "$out" | tail -c 10000 | {CURL} -o /dev/null --data-binary @- {address}/$code',
        )
    )


def every(period: timedelta) -> str:
    """A period as a cron expression, or nothing: it must divide the next larger unit of the wall clock."""
    seconds = int(period.total_seconds())
    for unit, larger, form in ((MINUTE, HOUR, "*/{} * * * *"), (HOUR, DAY, "0 */{} * * *")):
        if seconds % unit == 0 and larger % seconds == 0 and seconds < larger:
            return form.format(seconds // unit).replace("*/1 ", "* ")
    return {HOUR: "0 * * * *", DAY: "0 0 * * *", 7 * DAY: "0 0 * * 0"}.get(seconds, "")
