"""What is true of other people's queues without asking them."""

from console.queues.rules.rq import RqFailure, Told, parse_call, parse_time, read_error

__all__ = ["RqFailure", "Told", "parse_call", "parse_time", "read_error"]
