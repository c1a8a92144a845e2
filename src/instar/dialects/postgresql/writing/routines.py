"""Functions, procedures and aggregates."""

from collections.abc import Iterator

from instar.dialects.postgresql.writing import _common as common
from instar.dialects.postgresql.writing import views
from instar.snapshot import Object, Snapshot

_CALLED = ("function ", "procedure ")
KINDS = ("function", "procedure", "aggregate")


def creating(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield CREATE FUNCTION. A base type or a view that it needs, and that needs it, has its shell before."""
    yield from (f"CREATE TYPE {name}" for name in _shells(item, whole))
    yield from (views.shell(whole[key], whole) for key in _circular_views(item, whole))
    yield item.facts["definition"].rstrip()
    yield from common.finishing(item, whole)


def dropping(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield DROP FUNCTION; those of a base type go with it."""
    if not any(item.key in whole[key].needs for key in item.needs if key in whole and key.startswith("type ")):
        yield f"DROP {common.word(item.kind)} {common.spelled(item)}"


def altering(before: Object, after: Object, whole: Snapshot) -> list[str] | None:
    """Return CREATE OR REPLACE where arguments and result stay; anything else makes it anew."""
    if common.others(before, after, ("definition",)):
        return None
    found = []
    if before.facts.get("definition") != after.facts.get("definition"):
        if after.kind == "aggregate" or _window(before) != _window(after):
            return None
        found.append(after.facts["definition"].rstrip())
    return [*found, *common.finished(before, after, whole)]


def _window(item: Object) -> bool:
    return " WINDOW" in item.facts["definition"].partition("AS $")[0]


def _circular_views(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield the views that need a function which needs them, for the first such function."""
    for key in item.needs:
        if key.startswith("view ") and key in whole and whole.reaches(key, item.key):
            around = (need for need in whole.needed(key) if need.startswith(_CALLED) and key in whole[need].needs)
            if item.key == min(each for each in around if whole.reaches(key, each)):
                yield key


def _shells(item: Object, whole: Snapshot) -> Iterator[str]:
    for key in item.needs:
        other = whole.get(key)
        if other is not None and other.kind == "type" and item.key in other.needs:
            functions = [need for need in other.needs if key in whole[need].needs] if other.needs else []
            if item.key == min(functions):
                yield other.name
