"""Where the parts of a statement end: the parser says where they begin, so their text is cut out of the source."""

import re
from collections.abc import Iterator

from instar.dialects.postgresql import lex

_MARK = re.compile(
    r"""--[^\n\r]*|/\*|(?<![\w$])[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"
    |(?<![\w$])\$(?:[^\W\d]\w*)?\$|[()\[\],;]""",
    re.VERBOSE | re.DOTALL,
)
_BLOCK = re.compile(r"/\*|\*/")
_GAP = re.compile(r"(?:\s+|--[^\n\r]*)*")
_OPEN, _CLOSE = frozenset("(["), frozenset(")]")

Span = tuple[int, int]


def item(text: str, start: int) -> tuple[Span, int]:
    """Return the span of the list item that begins at `start`, and where the comma, bracket or semicolon after it is.

    White space and comments around it do not belong to it.
    """
    start = gap(text, start)
    depth, last, position = 0, start, start
    for mark, first, end in _marks(text, start):
        last = _significant(text, position, first, last)
        if not depth and mark in (",", ";", ")", "]"):
            return (start, last), first
        depth += (mark in _OPEN) - (mark in _CLOSE)
        position = end
        if mark != "comment":
            last = end
    return (start, _significant(text, position, len(text), last)), len(text)


def items(text: str, start: int) -> list[Span]:
    """Return the spans of the comma-separated items from `start` to the end of the list."""
    found: list[Span] = []
    while True:
        span, stop = item(text, start)
        found.append(span)
        if text[stop : stop + 1] != ",":
            return found
        start = stop + 1


def brackets(text: str, start: int) -> Span:
    """Return the span of what stands between the first parenthesis from `start` and the one that closes it."""
    depth, opened = 0, start
    for mark, first, end in _marks(text, start):
        if mark == "(" and not depth:
            opened = end
        depth += (mark in _OPEN) - (mark in _CLOSE)
        if not depth and mark == ")":
            return opened, first
    return opened, len(text)


def after(text: str, start: int, end: int, word: str) -> int:
    """Return where the text behind the first keyword `word` outside of parentheses begins, or -1."""
    depth = 0
    for kind, first, last in lex.significant(text, start):
        if first >= end:
            return -1
        found = text[first:last]
        if kind == "word" and not depth and found.lower() == word:
            return gap(text, last)
        depth += (found in _OPEN) - (found in _CLOSE)
    return -1


def trimmed(text: str, start: int, end: int) -> int:
    """Return where the text between `start` and `end` ends without white space and comments."""
    return max((last for _, _, last in lex.significant(text[:end], start)), default=start)


def gap(text: str, start: int) -> int:
    """Return the position of the first character from `start` that is neither white space nor comment."""
    while True:
        start = _end_of_gap(text, start)
        if not text.startswith("/*", start):
            return start
        start = _block_end(text, start)


def _end_of_gap(text: str, start: int) -> int:
    match = _GAP.match(text, start)
    return match.end() if match else start


def _significant(text: str, start: int, end: int, last: int) -> int:
    part = text[start:end].rstrip()
    return start + len(part) if part.strip() else last


def _marks(text: str, position: int) -> Iterator[tuple[str, int, int]]:
    """Yield brackets, commas and semicolons as themselves; comments as "comment", quoted text as "text"."""
    while match := _MARK.search(text, position):
        found, first, position = match.group(), match.start(), match.end()
        if found.startswith("--"):
            yield "comment", first, position
        elif found == "/*":
            position = _block_end(text, first)
            yield "comment", first, position
        elif found[0] == "$":
            close = text.find(found, position)
            position = close + len(found) if close >= 0 else len(text)
            yield "text", first, position
        else:
            yield found if len(found) == 1 else "text", first, position


def _block_end(text: str, start: int) -> int:
    depth = 0
    for match in _BLOCK.finditer(text, start):
        depth += 1 if match.group() == "/*" else -1
        if not depth:
            return match.end()
    return len(text)
