"""Why a source could not be read."""

from collections.abc import Sequence

from console.infra.errors import Fault


class Trouble(Exception):
    """In a sentence for people, without secrets. `faults` say it by field; `retry_after` is what it asked, in s."""

    def __init__(self, said: str, *, faults: Sequence[Fault] = (), retry_after: float | None = None) -> None:
        super().__init__(said)
        self.faults, self.retry_after = tuple(faults), retry_after
