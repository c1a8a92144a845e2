"""Tries of one segment that waits for locks: growing random pauses until a deadline."""

import random
import time

from msgspec import Struct, field

_FIRST, _CAP, _DOUBLINGS = 0.05, 5.0, 16


class Tries(Struct):
    """Counts tries of one segment; `deadline` (seconds) bounds all of them together."""

    deadline: float
    number: int = 0
    begun: float = field(default_factory=time.monotonic)

    def elapsed(self) -> float:
        """Return the seconds since the first try."""
        return time.monotonic() - self.begun

    def next_pause(self) -> float | None:
        """Return how long to wait before the next try, None when the deadline has passed.

        Full jitter, so that several waiters do not meet again (M. Brooker, "Exponential Backoff And Jitter", 2015).
        """
        self.number += 1
        left = self.deadline - self.elapsed()
        if left <= 0:
            return None
        ceiling = min(_CAP, _FIRST * 2 ** min(self.number, _DOUBLINGS))
        return min(random.uniform(_FIRST / 2, ceiling), left)  # noqa: S311 - jitter, not a secret
