"""The tables of telling people: where to, by which rules, what is to be told, and what became of it."""

from console.oncall.models.delivery import Delivery, DeliveryAttempt, DeliveryState, Purpose
from console.oncall.models.notice import News, Notice, OutwardBeat
from console.oncall.models.setup import Channel, Kind, RoutingRule

__all__ = [
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
