"""A place in a file, shown as its line with a caret below the character."""

import unicodedata

from instar.model import Place

_WIDTH = 100
_TAB = "    "


def where(place: Place) -> str:
    """Return `file:line:column`."""
    return f"{place.file}:{place.line}:{place.column}"


def excerpt(place: Place, end: int = 0) -> list[str]:
    """Return the source line with a caret below its column, or below all up to the column `end`.

    Nothing when the line is not known. A long line is cut around the caret; tabs and wide characters keep the caret
    below its character.
    """
    if not place.source.strip():
        return []
    index = max(0, min(place.column - 1, len(place.source)))
    start = max(0, index - _WIDTH // 2) if len(place.source) > _WIDTH else 0
    before = ("…" if start else "") + place.source[start:index]
    after = place.source[index : start + _WIDTH]
    more = "…" if start + _WIDTH < len(place.source) else ""
    number = f"{place.line:>5} | "
    line = (before + after + more).replace("\t", _TAB)
    carets = "^" * max(_columns(after[: max(end - place.column, 1)]), 1)
    return [number + line, " " * (len(number) - 2) + "| " + " " * _columns(before) + carets]


def _columns(text: str) -> int:
    return sum(_width(character) for character in text)


def _width(character: str) -> int:
    if character == "\t":
        return len(_TAB)
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
