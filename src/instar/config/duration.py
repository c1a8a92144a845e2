"""Durations as people write them: "100ms", "30s", "5m", "1h", "1m30s"; a bare number means seconds."""

import re

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)"
PATTERN = r"^\s*(\d+(\.\d+)?|(\d+(\.\d+)?\s*(ms|s|m|h|d)\s*)+)?$"


def parse(value: object) -> float:
    """Return the seconds that `value` stands for.

    Raises ValueError with a sentence for the user when it stands for none.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < float("inf"):
        return float(value)
    if not isinstance(value, str) or not re.fullmatch(PATTERN, value):
        raise ValueError(f'{value!r} is not a duration; write "100ms", "30s", "5m", "1h" or a number of seconds')
    parts = re.findall(_PART, value)
    if not parts:
        return float(value.strip() or 0)
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def text(seconds: float | None) -> str:
    """Write `seconds` as the configuration file would; "" for none."""
    if not seconds:
        return ""
    for unit in ("d", "h", "m", "s"):
        if seconds % _SECONDS[unit] == 0:
            return f"{seconds / _SECONDS[unit]:.0f}{unit}"
    return f"{seconds * 1000:.12g}ms"
