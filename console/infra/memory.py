"""What a process keeps for good is put out of the garbage collector's sight.

A collection of everything walks a million objects that libraries and our own modules made at their import: 135 ms, and
a request that happens to meet it waits.
"""

import gc

# Objects made since the last look. A page makes tens of thousands; nearly all end by their count of references.
LOOK_AFTER = 20_000


def settle() -> None:
    """Leave what is there now out of collections, once all that is needed is imported; look at the rest seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(LOOK_AFTER, 20, 20)
