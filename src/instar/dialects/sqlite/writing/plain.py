"""Changes of a table that ALTER TABLE can make: columns that come at the end, and columns that go."""

from collections.abc import Iterator

from instar.dialects.sqlite.snapshot.reading import lex
from instar.dialects.sqlite.writing import others, tables
from instar.snapshot import Object, Snapshot

_SIGNED = 2


def altered(before: Snapshot, after: Snapshot, key: str) -> tuple[str, ...] | None:
    """Return what turns the table `key` with its parts from `before` to `after`; None where ALTER TABLE cannot."""
    old, new = tables.columns(key, before), tables.columns(key, after)
    gone = [item for item in old if item.key not in after]
    come = [item for item in new if item.key not in before]
    kept = [item.key for item in old if item.key in after]
    if dict(before[key].facts) != dict(after[key].facts) or [item.key for item in new] != [
        *kept,
        *(i.key for i in come),
    ]:
        return None
    if not all(_same(before[each], after[each]) for each in kept) or not all(_addable(item, after) for item in come):
        return None
    if not _constraints_stay(before, after, key, {item.key for item in come}):
        return None
    table = key.removeprefix("table ")
    return (
        *_changed("DROP", before, after, key),
        *(f"ALTER TABLE {table} DROP COLUMN {tables.last(item)}" for item in gone),
        *(tables.add(item, after) for item in come),
        *_changed("CREATE", after, before, key),
    )


def _same(old: Object, new: Object) -> bool:
    return {**old.facts, "position": ""} == {**new.facts, "position": ""}


def _addable(item: Object, whole: Snapshot) -> bool:
    """Whether ADD COLUMN takes a column: rows that are there must know its value without being computed."""
    facts = item.facts
    if facts.get("generated") == "STORED":
        return False
    default = facts.get("default", "")
    stream = lex(default)
    constant = len(stream) == 1 and stream[0].kind in {"string", "number", "blob"}
    if default and not constant and not (len(stream) == _SIGNED and stream[0].text == "-"):
        return False
    own = (part for part in whole.parts.get(item.of, ()) if part.kind == "constraint" and item.key in part.needs)
    references = any(part.facts["type"] == "FOREIGN KEY" for part in own)
    return bool(default) or "not null" not in facts if not references else not default and "not null" not in facts


def _constraints_stay(before: Snapshot, after: Snapshot, key: str, come: set[str]) -> bool:
    old = {item.key: item for item in before.parts.get(key, ()) if item.kind == "constraint"}
    new = {item.key: item for item in after.parts.get(key, ()) if item.kind == "constraint"}
    if any(each not in new or dict(old[each].facts) != dict(new[each].facts) for each in old):
        return False
    added = (item for item in new.values() if item.key not in old)
    return all(tables.comes_with_column(item, after) and tables.newest(item, after) in come for item in added)


def _changed(verb: str, whole: Snapshot, other: Snapshot, key: str) -> Iterator[str]:
    """Yield what drops or makes the indexes and triggers that are not the same in `other`."""
    for item in whole.parts.get(key, ()):
        same = item.key in other and dict(other[item.key].facts) == dict(item.facts) and other[item.key].of == key
        if item.kind in {"index", "trigger"} and not same:
            made = others.index if item.kind == "index" else others.trigger
            yield f"DROP {item.kind.upper()} {item.name}" if verb == "DROP" else made(item, whole)
