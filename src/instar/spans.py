"""Spans of time: as estimates say them, and as authors write them in `estimated_duration`."""

import re

_MINUTE, _HOUR = 60.0, 3600.0
_UNITS = {"ms": 0.001, "s": 1.0, "m": _MINUTE, "h": _HOUR, "d": 86400.0}
_WORDS = {
    "ms": ("ms", "msec", "millisecond", "milliseconds"),
    "s": ("s", "sec", "secs", "second", "seconds"),
    "m": ("m", "min", "mins", "minute", "minutes"),
    "h": ("h", "hr", "hrs", "hour", "hours"),
    "d": ("d", "day", "days"),
}
_UNIT = {word: _UNITS[unit] for unit, words in _WORDS.items() for word in words}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)")


def seconds(low: float, high: float) -> str:
    """Say a range: "12-20 s", "0.2-0.4 s", "3-5 min"."""
    for size, unit in ((_HOUR, "h"), (_MINUTE, "min"), (1.0, "s")):
        if high >= 2 * size or unit == "s":
            first, last = _number(low / size), _number(high / size)
            return f"{first} {unit}" if first == last else f"{first}-{last} {unit}"
    raise AssertionError


def claimed(text: str) -> float | None:
    """Return the seconds that "30 seconds", "5 min" or "1-2 minutes" (its end) stand for; None for other words."""
    plain = re.sub(
        r"(?<=\d)\s*(?:-|to|\u2013)\s*\d+(?:\.\d+)?", lambda match: "~" + match[0].lstrip(" -to\u2013"), text
    )
    plain = re.sub(r"\d+(?:\.\d+)?~", "", plain.lower().strip())
    parts = _PART.findall(plain)
    if not parts or any(unit not in _UNIT for _, unit in parts):
        return None
    return sum(float(number) * _UNIT[unit] for number, unit in parts)


def _number(value: float) -> str:
    if value >= 10:  # noqa: PLR2004 - two digits are enough
        return f"{value:.0f}"
    return f"{value:.1f}".removesuffix(".0") if value >= 0.1 else f"{value:.2g}"  # noqa: PLR2004
