"""The latest of each broker as pages and programs read it: nothing here asks a broker."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from console.queues.models import BrokerState
from console.queues.queries.brokers import Seen, everything, seen
from console.queues.rules.brokers import Watched
from console.queues.rules.samples import Sample

# Looks come every five seconds: an older one means that no scheduler looks.
OLD: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class BrokerNow:
    """A broker, its state and what was last seen of it; None where nothing ever was."""

    broker: Watched
    state: BrokerState | None
    sample: Sample | None

    @property
    def away(self) -> bool:
        """Whether the last look failed."""
        return self.broker.enabled and self.state is not None and self.state.failing_since is not None

    def unseen(self, now: datetime) -> bool:
        """Whether nobody has looked for a while, which is no fault of the broker."""
        return self.broker.enabled and (self.state is None or now - self.state.tried_at > OLD)


def brokers_now() -> list[BrokerNow]:
    """All brokers, our own first."""
    return [now_of(one) for one in seen(everything())]


def broker_now(broker: Watched) -> BrokerNow:
    """One of them."""
    return now_of(seen([broker])[0])


def now_of(one: Seen) -> BrokerNow:
    """The stored look, opened."""
    kept = one.state.sample if one.state else None
    return BrokerNow(one.broker, one.state, Sample.of(kept) if kept else None)
