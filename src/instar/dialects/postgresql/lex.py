"""PostgreSQL's tokens, as far as cutting and comparing scripts needs them.

Follows "Lexical Structure" of the PostgreSQL manual (section 4.1): nested block comments, dollar quotes, E strings.
"""

import re
from collections.abc import Iterator

_TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<comment>--[^\n\r]*)
    | (?P<block>/\*)
    | (?P<escape>[eE]'(?:[^'\\]|\\.|'')*'?)
    | (?P<string>(?:[uU]&|[bBxXnN])?'(?:[^']|'')*'?)
    | (?P<quoted>(?:[uU]&)?"(?:[^"]|"")*"?)
    | (?P<dollar>\$(?:[^\W\d]\w*)?\$)
    | (?P<word>[^\W\d](?:\w|\$)*)
    | (?P<number>\d[\w.]*)
    | (?P<mark>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_BLOCK_MARK = re.compile(r"/\*|\*/")
SKIPPED = frozenset({"space", "comment", "block"})


class OpenTokenError(Exception):
    """A quote or comment that begins at `position` never ends."""

    def __init__(self, what: str, position: int) -> None:
        super().__init__(what)
        self.what = what
        self.position = position


def tokens(text: str, position: int = 0) -> Iterator[tuple[str, int, int]]:
    """Yield (kind, start, end) of every token, white space and comments included.

    Raises OpenTokenError at a string, quoted name, dollar quote or block comment without an end.
    """
    length = len(text)
    while position < length:
        match = _TOKEN.match(text, position)
        assert match is not None  # the last alternative takes any character
        kind = str(match.lastgroup)
        end = match.end()
        if kind == "block":
            end = _block_end(text, position)
        elif kind == "dollar":
            end = _dollar_end(text, position, match.group())
        elif kind in {"string", "escape", "quoted"}:
            _check_closed(text, kind, position, end)
        yield kind, position, end
        position = end


def _block_end(text: str, start: int) -> int:
    depth = 0
    for match in _BLOCK_MARK.finditer(text, start):
        depth += 1 if match.group() == "/*" else -1
        if not depth:
            return match.end()
    raise OpenTokenError("comment", start)


def _dollar_end(text: str, start: int, tag: str) -> int:
    close = text.find(tag, start + len(tag))
    if close < 0:
        raise OpenTokenError("dollar-quoted string", start)
    return close + len(tag)


def _check_closed(text: str, kind: str, start: int, end: int) -> None:
    quote = '"' if kind == "quoted" else "'"
    opened = text.index(quote, start)
    if end - opened < 2 or text[end - 1] != quote:  # noqa: PLR2004 - an opening and a closing quote
        raise OpenTokenError("quoted name" if kind == "quoted" else "string", start)


def significant(text: str, position: int = 0) -> Iterator[tuple[str, int, int]]:
    """Yield the tokens that are neither white space nor comment."""
    return (token for token in tokens(text, position) if token[0] not in SKIPPED)


def statements(text: str, position: int = 0) -> Iterator[tuple[int, int, int]]:
    """Cut by tokens alone: (start of the first token, end, position after the semicolon).

    Knows parentheses (rules) and `BEGIN ATOMIC ... END` bodies. Used to find COPY data, which no parser reads.
    """
    start, end, depth, atomic, previous = -1, position, 0, 0, ""
    for kind, first, last in significant(text, position):
        found = text[first:last]
        if found == ";" and not depth and not atomic:
            if start >= 0:
                yield start, end, last
            start, end, previous = -1, last, ""
            continue
        start, end = (first if start < 0 else start), last
        word = found.upper() if kind == "word" else found
        depth += {"(": 1, ")": -1}.get(found, 0)
        atomic += _atomic_change(word, previous, atomic)
        previous = word
    if start >= 0:
        yield start, end, len(text)


def _atomic_change(word: str, previous: str, atomic: int) -> int:
    """Follow the nesting of a standard SQL function body: CASE ends with END too."""
    if word == "ATOMIC" and previous == "BEGIN":
        return 1
    if not atomic:
        return 0
    return {"CASE": 1, "END": -1}.get(word, 0)
