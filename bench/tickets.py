"""A helpdesk's worth of tickets for the benchmark, made by statements of the server's own and kept for the next run.

2,000 organizations, 200 owners, 5 sources, twelve policies over four calendars. What is open came within ten days,
three events each, a seventh of it on hold; what is resolved came one a minute before, with what became of two or three
promises each, a tenth of them broken. One ticket has 2,000 events.
"""

from typing import Any, Final

from sqlalchemy import create_engine, text

from bench.stand import Stand
from console.infra import clock
from console.infra.actor import SYSTEM
from console.infra.transaction import unit
from console.tickets import jobs
from console.tickets.actions import promises

DAYS: Final = ("mon", "tue", "wed", "thu", "fri")
# Name, time zone, weekly hours, and the share of a day that they are open.
CALENDARS: Final = {
    "office": ("Europe/Berlin", {key: [["08:00", "12:00"], ["13:00", "18:00"]] for key in DAYS}),
    "east coast": ("America/New_York", {key: [["09:00", "17:00"]] for key in DAYS}),
    "tokyo": ("Asia/Tokyo", {key: [["09:00", "18:00"]] for key in (*DAYS, "sat")}),
    "always": ("UTC", {key: [["00:00", "24:00"]] for key in (*DAYS, "sat", "sun")}),
}
POLICIES: Final = 12
LONG: Final = 4711
TICKETS: Final = text("""
    INSERT INTO tickets (source, external_id, subject, requester, organization, group_name, tags, status, priority,
                         assignee, initial_status, created_at, received_at, changed_at, source_updated_at, resolved_at,
                         policy_id, policy_version_id, calendar_version_id, clocks, state, told, alarmed)
    SELECT (ARRAY['zendesk', 'zammad', 'zammad', 'jira', 'shop'])[1 + n % 5], n::text,
           'Ticket number ' || n || ' about a printer', 'person-' || n % 9000 || '@example.com', 'Org ' || n % 2000,
           'group ' || n % 12, ARRAY['tag' || n % 20],
           CASE WHEN n > :open THEN 'solved' WHEN n % 7 = 0 THEN 'pending' ELSE 'open' END,
           (ARRAY['low', 'normal', 'high', 'urgent'])[1 + n / 5 % 4],
           CASE WHEN n % 23 <> 0 THEN 'agent-' || n % 200 || '@example.com' END, 'new', at, at, at, at,
           CASE WHEN n > :open THEN at + interval '2 days' END,
           CASE WHEN n > :open THEN policy_id END, CASE WHEN n > :open THEN policy_version_id END,
           CASE WHEN n > :open THEN calendar_version_id END,
           CASE WHEN n > :open THEN jsonb_build_object(
               'first_response', jsonb_build_object('phase', 'done', 'target', 3600000000, 'spent', 2400000000,
                   'begin', us, 'done', us + 2400000000),
               'next_response', '{"phase": "none"}'::jsonb,
               'resolution', jsonb_build_object('phase', 'done', 'target', 144000000000, 'spent', 72000000000,
                   'begin', us, 'done', us + 172800000000))
           ELSE '{"first_response": {"phase": "none"}, "next_response": {"phase": "none"},
                  "resolution": {"phase": "none"}}'::jsonb END,
           CASE WHEN n > :open THEN CASE WHEN n % 10 = 3 THEN 'breached' ELSE 'met' END ELSE 'none' END, '{}', false
    FROM (SELECT n, at, (extract(epoch FROM at) * 1000000)::bigint AS us
          FROM (SELECT n, date_trunc('second', now()) - CASE WHEN n <= :open THEN n * interval '864000 seconds' / :open
                       ELSE interval '10 days' + (n - :open) * interval '1 minute' END AS at
                FROM generate_series(1, :count) AS n) AS dated) AS made
    JOIN (SELECT p.position, p.id AS policy_id, pv.id AS policy_version_id, cv.id AS calendar_version_id
          FROM sla_policies p JOIN sla_policy_versions pv ON pv.policy_id = p.id
          JOIN sla_calendar_versions cv ON cv.calendar_id = p.calendar_id) AS promised ON promised.position = n % 12
    ORDER BY n
""")
EVENTS: Final = text("""
    INSERT INTO ticket_events (ticket_id, ours, event_id, at, kind, value, received_at)
    SELECT id, false, kind, created_at + after, kind, CASE WHEN kind = 'status' THEN status END, created_at
    FROM tickets, (VALUES ('customer_message', interval '1 second'), ('agent_reply', interval '40 minutes'),
                          ('status', interval '50 minutes')) AS told (kind, after)
    WHERE resolved_at IS NULL OR kind <> 'status'
    UNION ALL
    SELECT id, false, 'resolved', resolved_at, 'resolved', NULL, resolved_at FROM tickets WHERE resolved_at IS NOT NULL
    UNION ALL
    SELECT id, false, 'more-' || n, created_at + interval '1 hour' + n * interval '1 second',
           (ARRAY['customer_message', 'agent_reply', 'status', 'assigned'])[1 + n % 4],
           CASE n % 4 WHEN 2 THEN 'open' WHEN 3 THEN assignee END, created_at
    FROM tickets, generate_series(1, 2000) AS n WHERE id = :long
""")
OUTCOMES: Final = text("""
    INSERT INTO sla_outcomes (ticket_id, clock, began_at, settled_at, day, policy_id, policy_version_id,
        calendar_version_id, priority, organization, assignee, target_seconds, spent_seconds, late_seconds)
    SELECT id, clock, created_at, created_at + after, (created_at + after)::date, policy_id, policy_version_id,
        calendar_version_id, priority, organization, assignee, target, spent,
        CASE WHEN (id + place) % 10 = 3 THEN 60 * (1 + id % 700) ELSE 0 END
    FROM tickets, (VALUES (0, 'first_response', interval '40 minutes', 3600, 2400),
                          (1, 'next_response', interval '1 day', 14400, 9000),
                          (2, 'resolution', interval '2 days', 144000, 72000)) AS v (place, clock, after, target, spent)
    WHERE resolved_at IS NOT NULL AND (place <> 1 OR id % 2 = 0)
""")
BREACHES: Final = text("""
    INSERT INTO sla_breaches (ticket_id, clock, began_at, due_at, recorded_at, settled_at, late_seconds,
                              policy_version_id, calendar_version_id)
    SELECT ticket_id, clock, began_at, began_at + target_seconds * interval '1 second', settled_at, settled_at,
           late_seconds, policy_version_id, calendar_version_id
    FROM sla_outcomes WHERE late_seconds > 0
""")


def calendar(name: str, *closed: str) -> dict[str, Any]:
    """A calendar of ours, with holidays, closed on some dates more."""
    timezone, hours = CALENDARS[name]
    holidays = [{"date": f"{year}-12-{day}", "name": "Christmas"} for year in (2025, 2026, 2027) for day in (25, 26)]
    return {"timezone": timezone, "hours": hours, "holidays": holidays, "exceptions": {day: [] for day in closed}}


def fill(on: Stand, count: int, opened: int) -> None:
    """Everything of so many tickets, unless the database has them already."""
    engine = create_engine(on.settings.database_owner_url)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT count(*) FROM (SELECT id FROM tickets LIMIT 2) AS few")).scalar_one()
    if not found:
        _promise()
        with engine.begin() as connection:
            connection.execute(TICKETS, {"count": count, "open": opened})
            connection.execute(EVENTS, {"long": LONG})
            connection.execute(OUTCOMES)
            connection.execute(BREACHES)
        jobs.fold_sums()
    engine.dispose()
    vacuum(on)


def vacuum(on: Stand) -> None:
    """As autovacuum would have done a minute later."""
    engine = create_engine(on.settings.database_owner_url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()


def _promise() -> None:
    """The calendars and policies, before there is any ticket."""
    at, names = clock.now(), list(CALENDARS)
    with unit():
        for name in names:
            promises.put_calendar(name, calendar(name), by=SYSTEM, at=at)
        for number in range(POLICIES):
            targets = {"default": {"first_response": 60, "next_response": 240, "resolution": 1_200 + 600 * number}}
            body = {
                "calendar": names[number % 4],
                "match": _match(number),
                "targets": targets,
                "paused_statuses": ["pending"],
            }
            promises.put_policy(f"policy {number}", number, body | {"at_risk": {"fraction": 0.25}}, by=SYSTEM, at=at)


def _match(number: int) -> dict[str, list[str]]:
    if number == POLICIES - 1:
        return {}
    if number % 3 == 0:
        return {"organization": [f"Org {number + 12 * each}" for each in range(100)]}
    return (
        {"tags": [f"tag{number}"]}
        if number % 3 == 1
        else {"source": ["jira"], "priority": ["urgent", "high"][: number % 2 + 1]}
    )
