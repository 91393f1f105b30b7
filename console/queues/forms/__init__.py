"""What pages and programs send to this room."""

from console.queues.forms.brokers import (
    BrokerIn,
    broker_form,
    broker_name,
    faults,
    new_broker_name,
    read_broker,
    retyped,
    typed_broker,
)
from console.queues.forms.jobs import QUEUES, STATES, as_query, choices, read_filters

__all__ = [
    "QUEUES",
    "STATES",
    "BrokerIn",
    "as_query",
    "broker_form",
    "broker_name",
    "choices",
    "faults",
    "new_broker_name",
    "read_broker",
    "read_filters",
    "retyped",
    "typed_broker",
]
