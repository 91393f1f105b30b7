"""The one setting from which the engine's clocks follow."""

from dataclasses import dataclass

from flask import current_app


@dataclass(frozen=True, slots=True)
class Timing:
    """All in seconds. `lease`: how long a silent worker keeps a job; the rest are shares of it."""

    lease: float

    @property
    def beat(self) -> float:
        """Between two signs of life of a running job."""
        return self.lease / 3

    @property
    def sweep(self) -> float:
        """Between two rounds of the sweeper."""
        return self.lease / 6

    @property
    def missed_bell(self) -> float:
        """How long a due job waits before the sweeper looks for its bell."""
        return self.lease / 2

    @property
    def grace(self) -> float:
        """How long a job that was asked to stop, or has timed out, may take to stop by itself."""
        return self.lease / 3


def timing() -> Timing:
    """The current app's, from the setting JOB_LEASE_SECONDS."""
    return Timing(lease=current_app.extensions["console.settings"].job_lease_seconds)
