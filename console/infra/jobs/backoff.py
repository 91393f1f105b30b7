"""How long to wait before the next attempt."""

import random


def delay(attempt: int, *, base: float, cap: float, spread: random.Random | None = None) -> float:
    """Seconds to wait after attempt number `attempt` (from 1): doubling from `base` to `cap`, then jitter.

    Jitter is half the wait up or down to the cap, so that jobs that failed together do not return together.
    """
    # 2 ** 40 seconds is past any cap; the bound keeps a float from overflowing.
    wait = min(cap, base * 2.0 ** min(attempt - 1, 40))
    return min(cap, wait * (spread or random).uniform(0.5, 1.5))
