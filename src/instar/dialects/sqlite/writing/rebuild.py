"""A table made anew under its own name: what ALTER TABLE cannot do, in the steps of SQLite's manual.

"Making Other Kinds Of Table Schema Changes", inside the transaction of whoever runs it.
"""

from collections.abc import Iterator, Mapping

from instar.dialects.sqlite.identifiers import part
from instar.dialects.sqlite.writing import others, tables
from instar.dialects.sqlite.writing.plain import altered
from instar.snapshot import Object, Snapshot

_ACTING = frozenset({"CASCADE", "SET NULL", "SET DEFAULT"})
_LEAST = "-9223372036854775807"
"""The least number but one: there is no absolute value of the next."""
_SAME = frozenset({("integer", "numeric"), ("numeric", "integer"), ("integer", "text")})
"""Affinities: every value of the first one is kept by the second one."""


def rebuilding(before: Snapshot, after: Snapshot, key: str) -> tuple[str, ...] | None:
    """Return what turns the table `key`, with all its parts, from `before` to `after`; rows keep what both have.

    ALTER TABLE where that is enough. Else the table is made anew, and the script stops, by an integer overflow whose
    column says why, where a value would change with its column's type, and where foreign keys are on that would change
    other tables' rows with the old table. None: `key` is not a table that both have.
    """
    if key not in before or key not in after or before[key].kind != "table":
        return None
    plain = altered(before, after, key)
    if plain is not None:
        return plain
    table = after[key]
    passing = _free(before, table)
    return (
        *_guarded(before, key),
        "PRAGMA legacy_alter_table = ON",
        tables.create(table, after, passing),
        *_copied(before, after, key, passing),
        *_counted(before, after, key, passing),
        f"DROP TABLE {table.name}",
        f"ALTER TABLE {passing} RENAME TO {table.name}",
        *_around(after, key),
        "PRAGMA legacy_alter_table = OFF",
    )


def _stop(reason: str, condition: str, source: str = "") -> str:
    """Return a query that fails when the condition, 0 or 1, holds: only triggers may say RAISE."""
    return f"SELECT abs({_LEAST} - {condition}) AS {part(reason)}{source}"


def _guarded(before: Snapshot, key: str) -> Iterator[str]:
    if _acted_upon(before, key):
        name = key.removeprefix("table ")
        reason = f"foreign keys must be off: rows that reference {name} would change"
        yield _stop(reason, "foreign_keys", " FROM pragma_foreign_keys")


def _acted_upon(whole: Snapshot, key: str) -> bool:
    """Whether dropping a table, which deletes its rows, changes rows of others where foreign keys are on."""
    name = key.removeprefix("table ")
    keys = (item for item in whole.values() if item.facts.get("references") == name and item.of != key)
    return any(item.facts.get("on delete") in _ACTING for item in keys)


def _shared(before: Snapshot, after: Snapshot, key: str) -> Iterator[tuple[Object, Object]]:
    """Yield the columns that hold values of their own on both sides."""
    for item in tables.columns(key, after):
        old = before.get(item.key)
        if old is not None and "generated" not in item.facts:
            yield old, item


def _kept(old: Object, new: Object) -> bool:
    one, other = affinity(old.facts), affinity(new.facts)
    return other in {one, "blob"} or (one, other) in _SAME


def affinity(facts: Mapping[str, str]) -> str:
    """Return the affinity of a declared type."""
    kind = facts.get("type", "").lower()
    if "int" in kind:
        return "integer"
    if any(word in kind for word in ("char", "clob", "text")):
        return "text"
    if "blob" in kind or not kind or kind == "any":
        return "blob"
    return "real" if any(word in kind for word in ("real", "floa", "doub")) else "numeric"


def _free(before: Snapshot, table: Object) -> str:
    """Return a name that no relation has."""
    bare = table.name.strip('"').replace('""', '"')
    taken = {item.name.lower() for item in before.values() if item.kind in {"table", "view", "virtual table", "index"}}
    number = 0
    while (name := part(f"{bare}_new{number or ''}")).lower() in taken:
        number += 1
    return name


def _copied(before: Snapshot, after: Snapshot, key: str, passing: str) -> Iterator[str]:
    shared = list(_shared(before, after, key))
    names, table = [tables.last(new) for _, new in shared], key.removeprefix("table ")
    if not names:
        return
    yield f"INSERT INTO {passing} ({', '.join(names)}) SELECT {_values(table, names)} FROM {table}"
    turned = [tables.last(new) for old, new in shared if not _kept(old, new)]
    if turned:
        lost = f"SELECT {_values(table, turned)} FROM {table} EXCEPT SELECT {_values(passing, turned)} FROM {passing}"
        yield _stop(f"values of {table} ({', '.join(turned)}) would change", f"EXISTS ({lost})")


def _values(table: str, names: list[str]) -> str:
    """Return a list of columns. With the table before it, a name in double quotes is never taken for a string."""
    return ", ".join(f"{table}.{name}" for name in names)


def _counted(before: Snapshot, after: Snapshot, key: str, passing: str) -> Iterator[str]:
    """Yield what keeps the counter of AUTOINCREMENT: numbers of deleted rows are not given again."""
    if not all(_counts(whole, key) for whole in (before, after)):
        return
    old, new = (_literal(name) for name in (key.removeprefix("table "), passing))
    yield f"DELETE FROM sqlite_sequence WHERE name = {new}"
    yield f"INSERT INTO sqlite_sequence (name, seq) SELECT {new}, seq FROM sqlite_sequence WHERE name = {old}"


def _counts(whole: Snapshot, key: str) -> bool:
    return any("autoincrement" in item.facts for item in whole.parts.get(key, ()))


def _literal(spelled: str) -> str:
    bare = spelled[1:-1].replace('""', '"') if spelled.startswith('"') else spelled
    return "'" + bare.replace("'", "''") + "'"


def _around(after: Snapshot, key: str) -> Iterator[str]:
    """Yield what went with the old table: its indexes and triggers."""
    parts = after.parts.get(key, ())
    yield from (others.index(item, after) for item in parts if item.kind == "index")
    yield from (others.trigger(item, after) for item in parts if item.kind == "trigger")
