"""Which tickets will miss what was promised, when and why: SLA clocks over the tickets of any helpdesk.

Words: ticket, event (what happened to it), business calendar, SLA policy, target (a budget of business minutes), clock
(first response, next response, resolution), cycle (one wait for an answer), hold (time that does not count), due, at
risk, breached, paused, met, source (a helpdesk that is followed), import (a file). Calendars and policies are kept as
versions that never change. Not here: the helpdesk itself, whose tickets are only mirrored; alerts that a breach raises
(`alerts`); who is told of them (`oncall`).
"""
