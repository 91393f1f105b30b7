"""The tables of telling people: where to, by which rules, what is to be told, and what became of it."""

from console.oncall.models.delivery import Delivery, DeliveryAttempt, DeliveryState, Purpose
from console.oncall.models.notice import WITHHELD, News, Notice, OutwardBeat
from console.oncall.models.setup import Channel, Kind, RoutingRule

__all__ = [
    "WITHHELD",
    "Channel",
    "Delivery",
    "DeliveryAttempt",
    "DeliveryState",
    "Kind",
    "News",
    "Notice",
    "OutwardBeat",
    "Purpose",
    "RoutingRule",
]
