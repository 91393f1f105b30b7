"""Connections to Redis servers that people typed in: RQ installations and Celery brokers of other services.

The same rules as for web addresses (`infra/egress`): each name is judged when a connection is made, and the connection
goes to an address that was judged. Time-outs are short; whoever asks several things at once sets an end for all.
"""

from console.infra.brokers.address import Address, parse
from console.infra.brokers.connection import Refused, Wire, open_redis
from console.infra.brokers.words import told

__all__ = ["Address", "Refused", "Wire", "open_redis", "parse", "told"]
