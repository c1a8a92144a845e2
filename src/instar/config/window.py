"""Deployment windows as people write them: "mon-thu 09:00-16:00 Europe/Berlin"."""

import re
from datetime import UTC, datetime, time, timedelta, tzinfo

from msgspec import Struct

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = "(?:mon|tue|wed|thu|fri|sat|sun)"
_SPAN = rf"{_DAY}(?:-{_DAY})?"
_TIME = r"(?:[01]\d|2[0-3]):[0-5]\d"
PATTERN = rf"^({_SPAN}(?:,{_SPAN})*)\s+({_TIME})-({_TIME}|24:00)(?:\s+(\S+))?$"


class Window(Struct, frozen=True):
    """Days (0 = Monday) on which the window opens, and the hours in its zone; `end` before `begin`: the next day."""

    text: str
    days: frozenset[int]
    begin: time
    end: time
    zone: tzinfo = UTC

    def holds(self, moment: datetime) -> bool:
        """Whether the window is open at `moment` (with a time zone)."""
        local = moment.astimezone(self.zone)
        at = local.time().replace(tzinfo=None)
        if self.begin < self.end:
            return local.weekday() in self.days and self.begin <= at < self.end
        yesterday = (local - timedelta(days=1)).weekday()
        return (local.weekday() in self.days and at >= self.begin) or (yesterday in self.days and at < self.end)


def parse(text: str) -> Window:
    """Return the window that `text` stands for. Raises ValueError with a sentence for the user when it is none."""
    match = re.fullmatch(PATTERN, text.strip())
    if match is None:
        raise ValueError(f'{text!r} is no window; write "mon-thu 09:00-16:00 Europe/Berlin"')
    days, begin, end, zone = match.groups()
    found = frozenset(day for span in days.split(",") for day in _span(span))
    return Window(text, found, time.fromisoformat(begin), _end(end), _zone(zone) if zone else UTC)


def _span(text: str) -> list[int]:
    """Return the days of "mon", "mon-fri" or "sat-mon"."""
    first, _, last = text.partition("-")
    begin = DAYS.index(first)
    number = (DAYS.index(last or first) - begin) % len(DAYS)
    return [(begin + day) % len(DAYS) for day in range(number + 1)]


def _end(text: str) -> time:
    """Return a window's end; midnight is the day's last moment as an end, which `holds` wraps to the next day."""
    return time(0) if text == "24:00" else time.fromisoformat(text)


def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is no time zone; write one like Europe/Berlin or UTC") from None
