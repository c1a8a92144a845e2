"""What a database says of itself before and after: sampled at both ends of a run and seldom in between."""

import sys
import time
from collections.abc import Mapping

from msgspec import Struct, field

from instar.dialects import Session

_EVERY = 1.0
_NEVER_DELTA = frozenset({"at", "cache_hit_ratio"})


class Gauge(Struct):
    """Numbered samples of one run, at most one a second: a run of thousands of trivial migrations pays nothing."""

    session: Session
    samples: dict[int, dict[str, object]] = field(default_factory=dict)
    number: int = -1
    _taken: float = 0.0

    def sample(self) -> None:
        """Take a sample now. Sizes are in bytes, times in seconds, `at` is a Unix time."""
        values: dict[str, object] = {"at": round(time.time(), 3), **self.session.measure(), **_memory()}
        self.number += 1
        self.samples[self.number] = values
        self._taken = time.monotonic()
        for old in [key for key in self.samples if 0 < key < self.number - 1]:
            del self.samples[old]

    def due(self, *, force: bool = False) -> bool:
        """Whether to take a sample where one migration ends and the next begins: the last is a second old."""
        return force or time.monotonic() - self._taken >= _EVERY

    def between(self, before: int) -> dict[str, object]:
        """Say which samples a migration stands between, with the samples where it has one at its end."""
        found: dict[str, object] = {"between": [before, max(self.number, before + 1)]}
        if self.number > before and before in self.samples:
            first, last = self.samples[before], self.samples[self.number]
            found |= {"before": first, "after": last, "delta": delta(first, last)}
        return found

    def summary(self) -> dict[str, object]:
        """Return the first and last sample of the run and what changed."""
        if self.number < 0:
            return {}
        first, last = self.samples[0], self.samples[self.number]
        return {"before": first, "after": last, "delta": delta(first, last)}


def delta(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, object]:
    """Return what changed between two samples, for the values that both have."""
    return {
        name: round(value - start, 3)
        for name, value in after.items()
        if name not in _NEVER_DELTA
        and isinstance(value, int | float)
        and isinstance(start := before.get(name), int | float)
    }


def _memory() -> dict[str, int]:
    """Return the most memory this process has had, in bytes (ru_maxrss counts KiB on Linux, bytes on macOS)."""
    try:
        import resource
    except ImportError:  # not on Windows
        return {}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"own_memory_bytes": peak if sys.platform == "darwin" else peak * 1024}
