"""Steps of telling: who is told at each, and what becomes of a notice when its alert changes, flaps or settles."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.dialects.postgresql import insert

from console.alerts.models import Alert, FlappingSpell
from console.alerts.queries.noise import spell as spell_of
from console.alerts.queries.noise import spells as spells_of
from console.alerts.queries.silences import Mute, facts_of, mute_of
from console.alerts.rules.flapping import words
from console.alerts.rules.states import Event, Status
from console.infra import events
from console.infra.db import db
from console.oncall.actions.setup import ROOM
from console.oncall.models import WITHHELD, Channel, Delivery, DeliveryState, Kind, Notice, Purpose, RoutingRule
from console.oncall.rules.flapping import Special, flaps, settled
from console.oncall.rules.routing import Subject

# After these the alert is told of at once, whatever the rule's interval: somebody asked to hear of it again.
ALARM: Final = frozenset({Event.WOKE.value, Event.UNSNOOZED.value})
# The step of an opening that was held back from its first moment.
UNTOLD: Final = -1
# Somebody sees to it already.
HELD: Final = frozenset({Status.ACKNOWLEDGED, Status.SNOOZED})


class Round:
    """One look at everything, with what all alerts of it share."""

    def __init__(
        self, alerts: Mapping[int, Alert], rules: Sequence[RoutingRule], mutes: Sequence[Mute], at: datetime
    ) -> None:
        self.alerts = alerts
        self.steps = 0
        self._rules = rules
        self._mutes = mutes
        self._at = at
        self._rows: list[dict[str, Any]] = []
        self._spells = spells_of(sorted(alerts))

    def follow(self, alert: Alert, heard: Iterable[str], notice: Notice | None) -> None:
        """Bring the notice of an alert in line with where the alert stands."""
        status = alert.state.at(self._at).status
        if self._mutes and (mute := mute_of(facts_of(alert), self._mutes)) is not None:
            self._hold(alert, notice, mute)
            return
        owed = WITHHELD in heard or (notice is not None and notice.held)
        if notice is not None:
            notice.held = False
        if (spell := self._spells.get(alert.id)) is not None:
            self._quieten(alert, notice, spell)
        elif notice is not None and notice.spell_id is not None:
            self._settled(alert, notice)
        elif status is not Status.OPEN:
            if notice is not None and notice.ended_at is None:
                _end(notice, status.word, self._at)
        elif notice is None or alert.opened_at > notice.opened_at or alert.severity > notice.severity:
            self._begin(alert, notice)
        elif notice.ended_at is not None:
            self._resume(notice, alert, at_once=owed or notice.step == UNTOLD or bool(ALARM & set(heard)))
        elif owed:
            self._next(notice, alert)

    def remind(self, notice: Notice) -> None:
        """The next step of an opening that nobody has taken, unless a silence holds it back."""
        alert = self.alerts[notice.alert_id]
        status = alert.state.at(self._at).status
        if self._mutes or notice.held:
            self.follow(alert, [WITHHELD], notice)
        elif notice.alert_id in self._spells:
            # Quiet while it flaps; its end is told, and then reminders go on.
            notice.next_step_at = None
        elif status is Status.OPEN:
            self._next(notice, alert)
        else:
            _end(notice, status.word, self._at)

    def write(self) -> None:
        """Store the deliveries of all steps; one that is there already is not made again."""
        db.session.flush()
        if self._rows:
            db.session.execute(insert(Delivery).on_conflict_do_nothing(), self._rows)
        events.touch(ROOM)

    def _begin(self, alert: Alert, before: Notice | None, *, special: Special | None = None) -> Notice:
        notice = self._opening(alert, before)
        self._next(notice, alert, special)
        return notice

    def _opening(self, alert: Alert, before: Notice | None) -> Notice:
        """The notice of the alert as it was opened now, or got worse; the one before ends."""
        if before is not None and before.ended_at is None:
            if before.step == UNTOLD:
                # Nobody has heard of the opening before: what is told when the silence ends is this one.
                before.opened_at, before.severity = alert.opened_at, alert.severity
                return before
            _end(before, "opened again, or worse", self._at)
        notice = Notice(
            alert_id=alert.id, opening=before.opening + 1 if before else 1, opened_at=alert.opened_at,
            severity=alert.severity, step=UNTOLD, started_at=self._at, rule=None, held=False,
        )  # fmt: skip
        db.session.add(notice)
        return notice

    def _hold(self, alert: Alert, notice: Notice | None, mute: Mute) -> None:
        """While a silence mutes it nobody is told; `next_step_at` sees to it that everybody is when it ends, once."""
        status = alert.state.at(self._at).status
        if notice is not None and notice.spell_id not in {None, *(spell.id for spell in self._spells.values())}:
            # It has settled unheard.
            notice.spell_id = None
        if status is not Status.OPEN:
            return _end(notice, status.word, self._at) if notice is not None and notice.ended_at is None else None
        if notice is None or alert.opened_at > notice.opened_at or alert.severity > notice.severity:
            notice = self._opening(alert, notice)
        rule = self._rule_for(alert)
        notice.ended_at = notice.ended_why = None
        notice.rule, notice.held, notice.next_step_at = rule.name if rule else None, True, mute.until
        return None

    def _quieten(self, alert: Alert, notice: Notice | None, spell: FlappingSpell) -> None:
        """While it flaps: told that it does, then nothing, unless it gets worse."""
        status = alert.state.at(self._at).status
        worse = notice is not None and status is Status.OPEN and alert.severity > notice.severity
        if notice is None or worse or notice.spell_id != spell.id:
            if status in HELD:
                return _end(notice, status.word, self._at) if notice is not None else None
            notice = self._flapping(alert, notice, spell, worse=worse and notice is not None)
        notice.opened_at = max(notice.opened_at, alert.opened_at)
        _end(notice, "flapping" if status is Status.OPEN else status.word, self._at)
        return None

    def _flapping(self, alert: Alert, notice: Notice | None, spell: FlappingSpell, *, worse: bool) -> Notice:
        special = flaps(words(spell.began_with, spell.window_minutes))
        if notice is None or worse or alert.opened_at > notice.opened_at:
            notice = self._begin(alert, notice, special=special)
        else:
            self._next(notice, alert, special)
        notice.spell_id = spell.id
        return notice

    def _settled(self, alert: Alert, notice: Notice) -> None:
        """Its spell is over: told once, with where it stands; if nobody has it, reminders go on."""
        spell = spell_of(notice.spell_id or 0)
        notice.spell_id, notice.opened_at = None, max(notice.opened_at, alert.opened_at)
        notice.ended_at = notice.ended_why = None
        notice.step += 1
        if spell is not None:
            self._step(notice, alert, settled(spell.changes, spell.started_at, spell.last_changed_at))
        status = alert.state.at(self._at).status
        if status is not Status.OPEN:
            _end(notice, status.word, self._at)

    def _resume(self, notice: Notice, alert: Alert, *, at_once: bool) -> None:
        notice.ended_at = notice.ended_why = None
        if at_once:
            self._next(notice, alert)
        else:
            notice.next_step_at = _later(self._rule_for(alert), self._at)

    def _rule_for(self, alert: Alert) -> RoutingRule | None:
        subject = Subject(alert.service, alert.environment, alert.severity.word, alert.tags)
        return next((rule for rule in self._rules if rule.condition.meets(subject)), None)

    def _next(self, notice: Notice, alert: Alert, special: Special | None = None) -> None:
        notice.step += 1
        self._step(notice, alert, special)

    def _step(self, notice: Notice, alert: Alert, special: Special | None = None) -> None:
        """The seam of rotations and escalation: who is told at `notice.step`, and when the next step is due."""
        rule = self._rule_for(alert)
        notice.rule = rule.name if rule else None
        notice.next_step_at = _later(rule, self._at)
        self.steps += 1
        told: set[tuple[str, str]] = set()
        for channel in rule.channels if rule else ():
            for recipient in channel.recipients if channel.kind == Kind.EMAIL else [f"channel {channel.id}"]:
                # One person behind two channels is told once.
                if (channel.kind, recipient) not in told:
                    told.add((channel.kind, recipient))
                    address = recipient if channel.kind == Kind.EMAIL else ""
                    self._rows.append(self._row(notice, channel, address, special))

    def _row(self, notice: Notice, channel: Channel, recipient: str, special: Special | None) -> dict[str, Any]:
        state = DeliveryState.WAITING if channel.enabled else DeliveryState.SKIPPED
        return {
            "purpose": Purpose.ALERT,
            "alert_id": notice.alert_id,
            "opening": notice.opening,
            "step": notice.step,
            "channel_id": channel.id,
            "channel_name": channel.name,
            "kind": channel.kind,
            "recipient": recipient,
            "news": special.news if special else None,
            "why": special.why if special else None,
            "state": state,
            "created_at": self._at,
            "due_at": self._at,
            "error": None if channel.enabled else "The channel is switched off.",
        }


def _later(rule: RoutingRule | None, at: datetime) -> datetime | None:
    return at + timedelta(minutes=rule.renotify_minutes) if rule and rule.renotify_minutes else None


def _end(notice: Notice, why: str, at: datetime) -> None:
    notice.ended_at, notice.ended_why, notice.next_step_at, notice.held = at, why, None, False
