"""What many readers look at is made once a process: the renderings that polls share.

A rendering is known by a key that must hold all that it depends on beside the database, and by the moment it was made
at. Of readers who ask for the same at once, one makes it and the others wait for it.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from console.infra.events import Moment

KEPT = 128
# While one change follows another, what is this young (seconds) is still shown: polls come every 1.5 s, and what
# happens shall be seen within two. What is slow to make is made less often, so that it leaves room for the changes.
YOUNG = 0.4
SHARE = 4
OLDEST = 4.0
# Nobody waits for another one's rendering for longer than this, in seconds.
PATIENCE = 2.0
LOCKS = 64


@dataclass(frozen=True, slots=True)
class Made:
    """One rendering: the moment it shows, and when its making began and how long it took (seconds)."""

    value: Any
    moment: Moment
    began: float
    took: float

    def shows(self, moment: Moment, at: float) -> bool:
        """Whether it may be shown at a later moment: nobody has done anything since by hand, and it is young."""
        if self.moment == moment:
            return True
        return self.moment.acts == moment.acts and at - self.began < max(YOUNG, min(self.took * SHARE, OLDEST))


class Renderings:
    """Those of one process, the least used forgotten."""

    def __init__(self) -> None:
        self._made: OrderedDict[Hashable, Made] = OrderedDict()
        self._lock = threading.Lock()
        # A few for all keys: two of them that meet wait for each other, which does no harm.
        self._making = [threading.Lock() for _ in range(LOCKS)]

    def get(self, key: Hashable, moment: Moment, make: Callable[[], Any]) -> Made:
        """The rendering of a key, made now unless there is one to show. What `make` raises is raised, and not kept."""
        if (found := self._find(key, moment)) is not None:
            return found
        making = self._making[hash(key) % LOCKS]
        held = making.acquire(timeout=PATIENCE)
        try:
            return self._find(key, moment) or self._make(key, moment, make)
        finally:
            if held:
                making.release()

    def _find(self, key: Hashable, moment: Moment) -> Made | None:
        with self._lock:
            found = self._made.get(key)
            if found is None or not found.shows(moment, time.monotonic()):
                return None
            self._made.move_to_end(key)
            return found

    def _make(self, key: Hashable, moment: Moment, make: Callable[[], Any]) -> Made:
        began = time.monotonic()
        made = Made(make(), moment, began, time.monotonic() - began)
        with self._lock:
            self._made[key] = made
            self._made.move_to_end(key)
            while len(self._made) > KEPT:
                self._made.popitem(last=False)
        return made
