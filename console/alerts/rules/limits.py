"""How much of what a service sends is within its limit."""

from collections.abc import Mapping


def room(sent: int, total: int, limit: int) -> int:
    """Of `sent` failures, with which the minute's total rose to `total`, how many are within `limit`."""
    return max(0, min(sent, limit - (total - sent)))


def allowed(
    sent: Mapping[str, int], totals: Mapping[str, int], own: Mapping[str, int], usual: int
) -> Mapping[str, int]:
    """The same for each service: its own limit, or the usual one."""
    return {name: room(number, totals[name], own.get(name, usual)) for name, number in sent.items()}
