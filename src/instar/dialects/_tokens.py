"""Words, strings and comments of a script, for the engines whose scripts no library of ours parses."""

import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple

PREFIXES = frozenset({"x", "b", "n", "e"})
"""Letters that make another literal of the string that follows without a space."""


class Token(NamedTuple):
    """A piece of a script's text. `kind` is the name of the pattern's group that matched it.

    A tuple, because a script of some megabytes has a million of them and a frozen dataclass takes twice as long.
    """

    kind: str
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """The lower-case word, or the symbol; empty for strings and quoted names."""
        return "" if self.kind in {"string", "name"} else self.text.lower()


def tokens(pattern: re.Pattern[str], text: str, start: int = 0) -> Iterator[Token]:
    """Yield all tokens of `text` from `start` on but white space and comments."""
    for match in pattern.finditer(text, start):
        kind = match.lastgroup or ""
        if kind not in {"space", "comment"}:
            yield Token(kind, match.group(), *match.span())


def fingerprint(stream: Iterable[Token]) -> str:
    """Return a short hash that layout, comments and the case of words do not change."""
    parts: list[str] = []
    last: Token | None = None
    for token in stream:
        glued = token.kind == "string" and last is not None and last.end == token.start and last.word in PREFIXES
        parts.append("" if glued or last is None else " ")
        parts.append(token.word or token.text)
        last = token
    return sha256("".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def unquoted(token: Token) -> str:
    """Return the identifier that a word or a quoted name stands for."""
    if token.kind == "word":
        return token.text
    closing = token.text[-1]
    return token.text[1:-1].replace(closing * 2, closing)


def nearest(stream: Iterable[Token], text: str) -> int | None:
    """Return where the only token that reads `text` begins, or None when there is none or more than one."""
    found = [token.start for token in stream if token.text == text]
    return found[0] if len(found) == 1 else None
