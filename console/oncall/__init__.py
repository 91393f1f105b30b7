"""Who is told of an alert, by which way, and whether it arrived.

Words: channel (a way to reach people), routing rule (which alerts go where), opening (one time that an alert needs
somebody), step (0 when it opens, then each reminder), delivery (one step to one recipient), summary (many in one
message), outward heartbeat. Not here: what an alert is and its states (`alerts`); who exists (`accounts`). Rotations
and escalation will decide, where `actions/telling` makes a step, whom a rule's channels stand for.
"""
