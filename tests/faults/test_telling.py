"""Kill -9 while people are told: nobody is told twice for one step, nobody is not told."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.faults.test_kill_under_load import RECOVERY_SECONDS, matching
from tests.live import LiveConsole, live_console
from tests.oncall.making import KEY
from tests.oncall.peers import HookServer, MailServer, mail_server

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

VICTIMS = {
    "the worker that sends": ("rqworker", "fast"),
    "the scheduler": ("console", "scheduler"),
}


def set_up(console: LiveConsole, name: str, channel: dict[str, object]) -> None:
    """One channel, and one rule that sends everything there."""
    with console.api("admin") as api:
        api.put(f"/channels/{name}", json=channel).raise_for_status()
        api.put("/routing-rules/everything", json={"channels": [name]}).raise_for_status()


def fail(console: LiveConsole, *tasks: str) -> list[int]:
    """One alert for each task; returns their ids."""
    batch = [{"service": "billing", "task": task, "message": f"{task} broke", "fingerprint": task} for task in tasks]
    with console.api("ingest") as api:
        ids: list[int] = api.post("/failures", json=batch).raise_for_status().json()["alerts"]
    return ids


def kill(console: LiveConsole, *words: str) -> None:
    victims = matching(console, *words)
    assert victims, f"no process with {words}"
    for victim in victims:
        victim.kill()


def told(hooks: HookServer) -> dict[str, set[int]]:
    """The alerts that each message told, by the id by which its receiver knows it."""
    return {hook.headers["webhook-id"]: {one["id"] for one in hook.json["data"]["alerts"]} for hook in hooks.hooks}


def types(hooks: HookServer, alert: int) -> list[str]:
    """What was told of one alert, a word for each message; one that came twice by its id counts once."""
    found = {hook.headers["webhook-id"]: hook.json for hook in hooks.hooks}
    return [told["type"] for told in found.values() if alert in {one["id"] for one in told["data"]["alerts"]}]


def mails_of(smtp: MailServer, alert: int) -> int:
    return sum(f"/alerts/{alert}\r\n" in text for text in smtp.texts())


def test_a_worker_killed_while_a_mail_server_takes_the_mail(tmp_path: Path) -> None:
    with mail_server(hang=5) as smtp, live_console(tmp_path, **mail_settings(smtp)) as console:
        set_up(console, "mail", {"kind": "email", "recipients": ["olu@example.com"]})
        (victim,) = matching(console, "rqworker", "fast")
        (alert,) = fail(console, "send_invoice")
        console.wait(lambda: smtp.begun > 0, "nothing was sent", 30)
        victim.kill()
        smtp.hang = 0
        # The lost job is an alert of its own, which is told as well.
        console.wait(lambda: mails_of(smtp, alert) > 0, "the mail never came", RECOVERY_SECONDS)
        time.sleep(5)
        assert mails_of(smtp, alert) == 1
        with console.api("read") as api:
            (line,) = api.get("/deliveries", params={"alert": alert}).raise_for_status().json()["items"]
            tries = api.get(f"/deliveries/{line['id']}").raise_for_status().json()["tries"]
    assert [one["outcome"] for one in tries] == ["lost", "sent"]


# A recipient gets five messages a minute and then a summary, so this takes minutes: `make faults` runs it.
@pytest.mark.heavy
@pytest.mark.parametrize("who", VICTIMS)
def test_each_alert_is_told_once_whoever_is_killed(tmp_path: Path, who: str) -> None:
    with HookServer() as hooks, live_console(tmp_path, PROBE_ALLOWED_NETWORKS="127.0.0.0/8") as console:
        set_up(console, "pager", {"kind": "webhook", "url": hooks.url, "secret": KEY})
        hooks.hang = 0.2
        alerts: set[int] = set()
        for number in range(12):
            alerts.update(fail(console, f"task-{number}-a", f"task-{number}-b"))
            if number % 4 == 2:
                kill(console, *VICTIMS[who])
            time.sleep(0.7)
        console.wait(
            lambda: set().union(*told(hooks).values()) >= alerts, "somebody was not told", RECOVERY_SECONDS + 60
        )
        time.sleep(5)
    messages = [alert for ids in told(hooks).values() for alert in ids if alert in alerts]
    assert sorted(messages) == sorted(alerts)


@pytest.mark.parametrize("who", ["the scheduler", pytest.param("the worker that sends", marks=pytest.mark.heavy)])
def test_each_is_told_once_when_a_silence_ends_whoever_is_killed(tmp_path: Path, who: str) -> None:
    with HookServer() as hooks, live_console(tmp_path, PROBE_ALLOWED_NETWORKS="127.0.0.0/8") as console:
        set_up(console, "pager", {"kind": "webhook", "url": hooks.url, "secret": KEY})
        hooks.hang = 1
        matchers = [{"field": "service", "op": "=", "value": "billing"}]
        batch = [{"service": "billing", "task": task, "message": f"{task} broke"} for task in ("a", "b", "c")]
        with console.api("write", "ingest") as api:
            until = datetime.now(UTC) + timedelta(seconds=8)
            silence = {"matchers": matchers, "ends_at": until.isoformat(), "reason": "a release"}
            api.post("/silences", json=silence).raise_for_status()
            alerts = set(api.post("/failures", json=batch).raise_for_status().json()["alerts"])
        time.sleep(max(0.0, (until - datetime.now(UTC)).total_seconds() - 1))
        early = alerts & set().union(*told(hooks).values())
        # Looked at too late by a busy machine, this proves nothing.
        assert not early or datetime.now(UTC) >= until, "told while silenced"
        for _ in range(3):
            time.sleep(1)
            kill(console, *VICTIMS[who])
        console.wait(lambda: set().union(*told(hooks).values()) >= alerts, "somebody was not told", RECOVERY_SECONDS)
        time.sleep(5)
    messages = [alert for ids in told(hooks).values() for alert in ids if alert in alerts]
    assert sorted(messages) == sorted(alerts)


# The shortest window is a minute.
@pytest.mark.heavy
@pytest.mark.parametrize("who", VICTIMS)
def test_that_it_flaps_and_has_settled_are_told_once_whoever_is_killed(tmp_path: Path, who: str) -> None:
    with HookServer() as hooks, live_console(tmp_path, PROBE_ALLOWED_NETWORKS="127.0.0.0/8") as console:
        set_up(console, "pager", {"kind": "webhook", "url": hooks.url, "secret": KEY})
        with console.api("admin", "read") as api:
            known = api.get("/noise-settings").raise_for_status().json()
            often = {"flapping_changes": 4, "flapping_window_minutes": 1}
            api.put("/noise-settings", json=known | often).raise_for_status()
        with console.api("write") as api:
            for _ in range(3):
                (alert,) = fail(console, "to_and_fro")
                api.post(f"/alerts/{alert}/resolution").raise_for_status()
        for _ in range(3):
            kill(console, *VICTIMS[who])
            time.sleep(2)
        console.wait(lambda: "settled" in str(types(hooks, alert)), "it never settled", 60 + RECOVERY_SECONDS)
        time.sleep(5)
    assert [word for word in types(hooks, alert) if word != "alert.opened"] == ["alert.flapping", "alert.settled"]


def test_a_mail_server_that_hangs_holds_nothing_else_up(tmp_path: Path) -> None:
    with (
        HookServer() as hooks,
        mail_server(hang=60) as smtp,
        live_console(tmp_path, PROBE_ALLOWED_NETWORKS="127.0.0.0/8", **mail_settings(smtp)) as console,
    ):
        with console.api("admin") as api:
            api.put("/channels/mail", json={"kind": "email", "recipients": ["olu@example.com"]}).raise_for_status()
        set_up(console, "pager", {"kind": "webhook", "url": hooks.url, "secret": KEY})
        with console.api("admin") as api:
            both = {"channels": ["mail", "pager"]}
            api.put("/routing-rules/everything", json=both).raise_for_status()
        (alert,) = fail(console, "send_invoice")
        console.wait(lambda: any(alert in ids for ids in told(hooks).values()), "the other channel waited", 60)
        assert smtp.mails == []


def mail_settings(smtp: MailServer) -> dict[str, str]:
    return {"MAIL_URL": smtp.url, "MAIL_FROM": "console@example.org"}
