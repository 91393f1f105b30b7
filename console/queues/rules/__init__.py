"""What is true of other people's queues without asking them."""

from console.queues.rules.rq import RqAttempt, RqFailure, Told, parse_call, parse_time, read_error, retries_of

__all__ = ["RqAttempt", "RqFailure", "Told", "parse_call", "parse_time", "read_error", "retries_of"]
