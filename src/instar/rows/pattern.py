"""Texts that a regular expression accepts, for the simple ones that constraints have."""

import re
from functools import lru_cache
from random import Random

from msgspec import Struct

from instar.rows.evaluate import CLASSES

_MOST = 3
"""How often a part that may be repeated for ever is repeated at most, beyond what it must."""
_SHORTHANDS = {"d": "0123456789", "w": "abcdefghijklmnopqrstuvwxyz0123456789_", "s": " "}
_ANY = "abcdefghijklmnopqrstuvwxyz0123456789"
_SPECIAL = "^$"


class _UnsupportedError(Exception):
    """The pattern has a form that is not understood."""


class _Part(Struct):
    """Characters to choose from, or alternatives of sequences; repeated `low` to `high` times."""

    letters: str = ""
    ways: tuple[tuple["_Part", ...], ...] = ()
    low: int = 1
    high: int = 1


def text(pattern: str, random: Random, low: int = 0, high: int = 0) -> str | None:
    """Return a text that matches, `low` to `high` characters long (0: any); None where none is found."""
    ways = _read(pattern)
    for _ in range(30):
        made = _made(_Part(ways=ways), random) if ways else ""
        if ways and len(made) >= low and (not high or len(made) <= high):
            return made
    return None


@lru_cache(maxsize=1024)
def _read(pattern: str) -> tuple[tuple["_Part", ...], ...]:
    """Read a pattern's alternatives; none when it is not understood."""
    try:
        return _Reader(pattern).alternatives()
    except (_UnsupportedError, IndexError, ValueError, re.error):
        return ()


def _made(part: _Part, random: Random) -> str:
    found = []
    for _ in range(random.randint(part.low, part.high)):
        if part.ways:
            found += [_made(item, random) for item in random.choice(part.ways)]
        else:
            found.append(random.choice(part.letters))
    return "".join(found)


class _Reader:
    """Reads a pattern from left to right."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    @property
    def next(self) -> str:
        """The character that comes next, or ""."""
        return self.pattern[self.at : self.at + 1]

    def take(self) -> str:
        """Step over a character and return it."""
        self.at += 1
        return self.pattern[self.at - 1]

    def alternatives(self) -> tuple[tuple[_Part, ...], ...]:
        """Read sequences separated by bars."""
        ways: list[tuple[_Part, ...]] = []
        parts: list[_Part] = []
        while self.next and self.next != ")":
            if self.next == "|":
                self.at += 1
                ways.append(tuple(parts))
                parts = []
            elif self.next in _SPECIAL:
                self.at += 1
            else:
                parts.append(self.repeated(self.part()))
        return (*ways, tuple(parts))

    def part(self) -> _Part:
        """Read a character, a class or a group."""
        letter = self.take()
        if letter == "(":
            return self.group()
        if letter == "[":
            return _Part(self.letters())
        if letter == ".":
            return _Part(_ANY)
        if letter == "\\":
            return self.escaped()
        return _Part(letter)

    def escaped(self) -> _Part:
        """Read what a backslash begins."""
        letter = self.take()
        if letter in "mMyAZbB":
            return _Part(low=0, high=0)
        if letter in _SHORTHANDS:
            return _Part(_SHORTHANDS[letter])
        if letter.isalnum():
            raise _UnsupportedError
        return _Part(letter)

    def group(self) -> _Part:
        """Read a group up to its parenthesis."""
        if self.next == "?":
            if self.pattern[self.at : self.at + 2] != "?:":
                raise _UnsupportedError
            self.at += 2
        ways = self.alternatives()
        if self.take() != ")":
            raise _UnsupportedError
        return _Part(ways=ways)

    def letters(self) -> str:
        """Read a class of characters up to its bracket."""
        end = self.at + (self.next == "^")
        end += self.pattern[end] == "]"
        while self.pattern[end] != "]":
            named = self.pattern.startswith("[:", end)
            end = self.pattern.index(":]", end) + 2 if named else end + 1 + (self.pattern[end] == "\\")
        inside = self.pattern[self.at : end]
        self.at = end + 1
        for name, spelled in CLASSES.items():
            inside = inside.replace(f"[:{name}:]", spelled)
        allowed = re.compile("[" + inside.replace("[", "\\[") + "]")
        found = "".join(letter for letter in map(chr, range(32, 127)) if allowed.match(letter))
        if not found:
            raise _UnsupportedError
        plain = "".join(letter for letter in found if letter.isalnum())
        return plain or found

    def repeated(self, part: _Part) -> _Part:
        """Read how often a part comes."""
        low, high = part.low, part.high
        if self.next in {"*", "+", "?"}:
            mark = self.take()
            low, high = {"*": (0, _MOST), "+": (1, 1 + _MOST), "?": (0, 1)}[mark]
        elif self.next == "{" and (found := re.match(r"\{(\d+)(,?)(\d*)\}", self.pattern[self.at :])):
            self.at += found.end()
            low = int(found[1])
            high = int(found[3]) if found[3] else low + (_MOST if found[2] else 0)
        else:
            return part
        if self.next == "?":
            self.at += 1
        return _Part(part.letters, part.ways, low, high)
