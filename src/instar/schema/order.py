"""In which order the objects of a schema are made: what is needed first, then by kind and name. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from heapq import heapify, heappop, heappush

from instar.snapshot import Object, Snapshot

_RANKS = (
    "schema",
    "extension",
    "language",
    "access method",
    "foreign data wrapper",
    "server",
    "user mapping",
    "collation",
    "conversion",
    "enum",
    "type",
    "domain",
    "range",
    "text search parser",
    "text search template",
    "text search dictionary",
    "text search configuration",
    "sequence",
    "table",
    "foreign table",
    "column",
    "view",
    "function",
    "procedure",
    "base type",
    "aggregate",
    "operator",
    "operator family",
    "operator class",
    "cast",
    "transform",
    "materialized view",
    "constraint",
    "index",
    "statistics",
    "trigger",
    "rule",
    "policy",
    "event",
    "event trigger",
    "publication",
    "subscription",
    "grant",
    "default privilege",
)
_RANK = {kind: rank for rank, kind in enumerate(_RANKS)}
_BODIES = ("function ", "procedure ")
Edges = dict[str, set[str]]


def ordered(whole: Snapshot) -> list[Object]:
    """Return all objects so that each stands behind what it needs. The same snapshot gives the same order.

    A table stands behind what its columns need, since they are made with it; a column whose default needs its own table
    gets that later. Where objects need each other in a circle, the first by kind and name goes before the others.
    """
    before = {key: _needs(whole, whole[key]) for key in whole}
    return [whole[key] for key in _sorted(before, {key: _rank(whole[key]) for key in whole})]


def _needs(whole: Snapshot, item: Object) -> set[str]:
    """Return what must stand before `item`."""
    found = set(whole.requirements(item.key))
    for part in whole.parts.get(item.key, ()):
        if part.kind == "column":
            found |= {key for key in part.needs if _free(whole, key, item.key)}
    return found


def _free(whole: Snapshot, key: str, table: str) -> bool:
    """Whether a column's need can be met before its table is there."""
    return key in whole and key != table and not whole.reaches(key, table)


def _rank(item: Object) -> tuple[int, int, str, str]:
    kind = "base type" if item.kind == "type" and "definition" in item.facts else item.kind
    place = int(item.facts.get("position", item.facts.get("type") == "FOREIGN KEY"))
    return _RANK.get(kind, len(_RANKS)), place, item.kind, item.name


def _sorted(before: Mapping[str, set[str]], ranks: Mapping[str, tuple[int, int, str, str]]) -> Iterator[str]:
    """Sort topologically; of what is ready the lowest rank goes first, and in a circle whoever has the lowest rank."""
    waits = {key: set(needs) for key, needs in before.items()}
    after: Edges = {}
    for key, needs in before.items():
        for need in needs:
            after.setdefault(need, set()).add(key)
    ready = [(ranks[key], key) for key, needs in waits.items() if not needs]
    heapify(ready)
    while waits:
        key = heappop(ready)[1] if ready else min(circle(waits), key=lambda each: _breaking(each, ranks))
        if waits.pop(key, None) is None:
            continue
        yield key
        for other in after.get(key, ()):
            if other in waits:
                waits[other].discard(key)
                if not waits[other]:
                    heappush(ready, (ranks[other], other))


def _breaking(key: str, ranks: Mapping[str, tuple[int, int, str, str]]) -> tuple[bool, tuple[int, int, str, str]]:
    """Sort the members of a circle: functions first, since their bodies are not looked into when they are made."""
    return not key.startswith(_BODIES), ranks[key]


def circle(waits: Mapping[str, Collection[str]]) -> Iterable[str]:
    """Return the members of a circle: follow what is waited for until somebody comes again."""
    path: list[str] = []
    key = min(waits)
    while key not in path:
        path.append(key)
        key = min(need for need in waits[key] if need in waits)
    return path[path.index(key) :]
