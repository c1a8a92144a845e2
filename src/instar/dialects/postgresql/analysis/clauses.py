"""Parts of a statement's text: trees say where a node begins, tokens say where its clause ends."""

from collections.abc import Iterator

from instar.dialects.postgresql import lex

_ENDS = frozenset(
    {
        "returning", "order", "limit", "offset", "fetch", "for", "group", "having", "window", "union", "except",
        "intersect", "on",
    }
)  # fmt: skip


def where(text: str, start: int = 0) -> str:
    """Return the condition of the first WHERE on the level of `start`, "" when there is none."""
    span = where_span(text, start)
    return text[slice(*span)] if span else ""


def where_span(text: str, start: int = 0) -> tuple[int, int] | None:
    """Return where that condition begins and ends."""
    first, last = -1, -1
    for word, _, end in _level(text, start):
        if first >= 0 and word in _ENDS:
            break
        if word == "where" and first < 0:
            first = last = end
        elif first >= 0:
            last = end
    if first < 0:
        return None
    return first + len(text[first:last]) - len(text[first:last].lstrip()), last


def _level(text: str, start: int) -> Iterator[tuple[str, int, int]]:
    """Yield tokens; words inside parentheses count as marks. Ends at the parenthesis that closes the level."""
    depth = 0
    for kind, begin, end in lex.significant(text, start):
        found = text[begin:end]
        depth += {"(": 1, ")": -1}.get(found, 0)
        if depth < 0 or (found == ";" and not depth):
            return
        yield (found.lower() if kind == "word" and not depth else ""), begin, end
