"""Failures grouped by cause into alerts, and their triage with history.

Words: failure (one event), alert (a group with one cause), fingerprint, occurrence, severity, acknowledge, snooze,
resolve, reopen, assign, note, runbook; heartbeat (a job that says when it runs), ping, rhythm, grace, deadline, missed.
Not here: where failures come from (`queues`, and senders through the API).
"""
