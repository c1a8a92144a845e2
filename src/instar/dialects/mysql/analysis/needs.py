"""What each action of an ALTER TABLE asks of the server. MariaDB's answers are measured, MySQL's are its manual's."""

import re
from collections.abc import Callable

from instar.catalog import Column, ConstraintKind, Table
from instar.dialects.mysql.analysis import retype, shape, types
from instar.dialects.mysql.analysis.need import Engine, Level, Need, joined
from instar.effects import Change

_EACH_ROW = re.compile(r"\b(uuid|uuid_short|sys_guid|random_bytes|nextval|lastval|next\s+value)\b", re.IGNORECASE)
_WORD = re.compile(r"[\w$]+")
_TRANSACTIONAL = frozenset({"", "innodb"})
# What MyISAM, Aria and others change without copying the table.
_NAMES_ONLY = frozenset({
    "rename column", "rename table", "rename index", "set default", "drop default", "alter table options",
    "set column options", "drop partition", "truncate partition", "add partition",
})  # fmt: skip
_INNODB = "InnoDB"


def need(engine: Engine, table: Table, change: Change) -> Need:
    """Say what one action asks for if it stands alone."""
    other = shape.option(table, "engine")
    if other not in _TRANSACTIONAL and change.kind not in _NAMES_ONLY:
        return Need(Level.COPY, f"{table.name} is a table of {other}, which changes nothing in place")
    reader = _NEEDS.get(change.kind)
    return reader(engine, table, change) if reader is not None else Need()


def together(engine: Engine, table: Table, changes: list[Change]) -> Need:
    """Say what the actions of one statement ask for together."""
    if _ignored(table, changes):
        return Need()
    needs = [need(engine, table, change) for change in changes if not _inside(change)]
    found = joined([*needs, *_combined(engine, table, changes)])
    primaries = [change.kind for change in changes if _about_primary(change)]
    if found.level is Level.COPY and {"drop constraint", "add constraint"} <= set(primaries):
        rest = [item for change, item in _paired(engine, table, changes) if not _about_primary(change)]
        found = joined([*rest, Need(Level.REBUILD, "the primary key changes", shared=_slow(table))])
    return found


def _paired(engine: Engine, table: Table, changes: list[Change]) -> list[tuple[Change, Need]]:
    return [(change, need(engine, table, change)) for change in changes if not _inside(change)]


def _ignored(table: Table, changes: list[Change]) -> bool:
    """Whether IF [NOT] EXISTS makes nothing of all of it."""
    return bool(changes) and all(_nothing(table, change) for change in changes)


def _nothing(table: Table, change: Change) -> bool:
    if "if not exists" in change.flags:
        return (change.kind == "add column" and table.column(change.name) is not None) or (
            change.kind in {"create index", "add constraint"} and table.index(change.name) is not None
        )
    missing = change.kind in {"drop column", "modify column"} and change.old is None
    return "if exists" in change.flags and table.complete and missing


def _inside(change: Change) -> bool:
    """Whether a change is only another word for one that stands beside it."""
    return change.kind in {"change type", "set not null", "drop not null"} or (
        change.kind in {"set default", "drop default"} and change.column is not None
    )


def _combined(engine: Engine, table: Table, changes: list[Change]) -> list[Need]:
    """Return what only the combination asks for: a virtual column beside another one, or with an index on it."""
    made = [change.column for change in changes if change.kind == "add column" and change.column is not None]
    virtual = {item.name for item in made if item.generated == "virtual"}
    found = []
    if virtual and any(item.generated != "virtual" for item in made):
        found.append(Need(Level.COPY, "a virtual column is added together with another one"))
    if engine.mariadb and any(change.index is not None and virtual & change.index.uses for change in changes):
        found.append(Need(Level.NOCOPY, "an index on a new virtual column is built", shared=True))
    del table
    return found


def _slow(table: Table) -> bool:
    """Whether rows are rewritten while writes wait: a FULLTEXT index or one on a virtual column is in the way."""
    return retype.fulltext(table) or retype.indexed_virtual(table)


def _about_primary(change: Change) -> bool:
    if change.kind == "drop constraint":
        return change.text == "primary key"
    return change.constraint is not None and change.constraint.kind is ConstraintKind.PRIMARY_KEY


def _add_column(engine: Engine, table: Table, change: Change) -> Need:  # noqa: PLR0911 - one answer per kind of column
    column = change.column
    if column is None:
        return Need()
    if column.generated == "stored":
        return Need(Level.COPY, f"the stored values of {column.name} are computed for every row")
    if column.generated == "virtual":
        return _add_virtual(engine, table, change)
    if column.identity:
        return Need(Level.REBUILD, f"every row gets a number in {column.name}", shared=True, layout=True)
    if _differs_by_row(engine, table, column):
        return Need(Level.COPY, f"the default of {column.name} is another one for every row")
    if engine.mariadb and change.flags & {"first", "after"} and _before_virtual(table, change):
        return Need(Level.COPY, f"{column.name} moves a virtual column")
    return _instant_column(engine, table, change, f"{column.name} cannot be added instantly")


def _add_virtual(engine: Engine, table: Table, change: Change) -> Need:
    if engine.mariadb and "first" in change.flags and any(item.generated == "virtual" for item in table.columns):
        return Need(Level.COPY, f"{change.name} moves a virtual column")
    return Need()


def _differs_by_row(engine: Engine, table: Table, column: Column) -> bool:
    """Whether a DEFAULT expression must be computed for every row that is there."""
    if not column.default.startswith("(") and "(" not in column.default:
        return False
    if column.default.startswith("current_timestamp"):
        return False
    if not engine.mariadb:
        return column.default.startswith("(")
    mentioned = set(_WORD.findall(column.default.lower()))
    return bool(_EACH_ROW.search(column.default)) or any(item.name.lower() in mentioned for item in table.columns)


def _before_virtual(table: Table, change: Change) -> bool:
    """Whether a virtual column stands behind the place of the new column."""
    names = [item.name for item in table.columns]
    after = change.columns[0] if change.columns else ""
    at = names.index(after) + 1 if after in names else 0
    return any(item.generated == "virtual" for item in table.columns[at:])


def _instant_column(engine: Engine, table: Table, change: Change, reason: str) -> Need:
    """Adding, and since 8.0.29 dropping, where the rows can stay as they are."""
    if _slow(table):
        return Need(Level.REBUILD, reason, shared=engine.mariadb, layout=True)
    if engine.mariadb:
        return Need(layout=True)
    compressed = shape.option(table, "row_format") == "compressed"
    plain_add = change.kind == "add column" and not change.flags & {"first", "after"}
    if compressed or not (engine.since(8, 0, 29) or plain_add):
        return Need(Level.REBUILD, reason, layout=True)
    return Need(layout=True)


def _drop_column(engine: Engine, table: Table, change: Change) -> Need:
    if change.old is not None and change.old.generated == "virtual":
        return Need()
    primary = next((index for index in table.indexes if index.primary), None)
    if primary is not None and change.name in primary.columns:
        return Need(Level.REBUILD, f"{change.name} is part of the primary key", shared=_slow(table), layout=True)
    need = _instant_column(engine, table, change, f"{change.name} cannot be dropped instantly")
    indexed = any(change.name in index.uses for index in table.indexes)
    if not indexed or need.level > Level.NOCOPY:
        return need
    if engine.mariadb:
        return Need(Level.NOCOPY, f"indexes on {change.name} go with it")
    return Need(Level.REBUILD, f"{change.name} stands in an index", layout=True)


def _modify(engine: Engine, table: Table, change: Change) -> Need:
    if change.column is None:
        return Need()
    moved = bool(change.flags & {"first", "after"}) and _elsewhere(table, change)
    return retype.need(engine, table, change.old, change.column, moved=moved)


def _elsewhere(table: Table, change: Change) -> bool:
    names = [item.name for item in table.columns]
    old = change.old.name if change.old is not None else ""
    if old not in names:
        return True
    at = names.index(old)
    if "first" in change.flags:
        return at != 0
    return at == 0 or not change.columns or names[at - 1].lower() != change.columns[0].lower()


def _index(engine: Engine, table: Table, change: Change) -> Need:
    del engine
    index = change.index
    method = index.method if index is not None else "btree"
    if method == "spatial":
        return Need(Level.NOCOPY, "a SPATIAL index is built", builds=(change.name,), shared=True)
    if method != "fulltext":
        return Need(Level.NOCOPY, f"the index {change.name} is built", builds=(change.name,))
    if retype.fulltext(table):
        return Need(Level.NOCOPY, "a FULLTEXT index is built", builds=(change.name,), shared=True)
    reason = "the first FULLTEXT index gives every row a number"
    return Need(Level.REBUILD, reason, builds=(change.name,), shared=True)


def _add_constraint(engine: Engine, table: Table, change: Change) -> Need:
    item = change.constraint
    if item is None:
        return Need()
    if item.kind is ConstraintKind.CHECK:
        return _check(change)
    if item.kind is ConstraintKind.FOREIGN_KEY:
        return _foreign_key(engine, table, change)
    if item.kind is ConstraintKind.PRIMARY_KEY:
        return _primary_key(engine, table, change)
    return _index(engine, table, change)


def _check(change: Change) -> Need:
    """Tell a check beside a new or changed column, which no row is tried on, from one of the table."""
    item = change.constraint
    if "inline" in change.flags or (item is not None and not item.enforced):
        return Need()
    return Need(Level.COPY, "every row is checked while the table is copied")


def _foreign_key(engine: Engine, table: Table, change: Change) -> Need:
    if engine.checks_foreign_keys:
        return Need(Level.COPY, "every row is looked up in the referenced table while the table is copied")
    if shape.served(table, change.columns):
        return Need()
    return Need(Level.NOCOPY, "an index for the foreign key is built", builds=(change.name or "for the foreign key",))


def _primary_key(engine: Engine, table: Table, change: Change) -> Need:
    """InnoDB keeps the rows in the order of the primary key, or of the first unique one that allows no NULL."""
    if engine.mariadb and _clusters(table, change.columns):
        return Need(Level.NOCOPY, "a key that the rows are already ordered by", builds=(change.name,))
    slow = _slow(table)
    return Need(Level.REBUILD, "the rows are ordered by their primary key", shared=slow, layout=True)


def _clusters(table: Table, columns: tuple[str, ...]) -> bool:
    first = next((index for index in table.indexes if index.unique and _not_null(table, index.columns)), None)
    return first is not None and not first.primary and first.columns == columns


def _not_null(table: Table, columns: tuple[str, ...]) -> bool:
    known = [table.column(name) for name in columns]
    return all(item is not None and not item.nullable for item in known)


def _drop_constraint(engine: Engine, table: Table, change: Change) -> Need:
    if change.text == "primary key":
        others = (index for index in table.indexes if index.unique and not index.primary)
        if engine.mariadb and any(_not_null(table, index.columns) for index in others):
            return Need(Level.REBUILD, "the rows are ordered by another key", shared=_slow(table), layout=True)
        return Need(Level.COPY, "without a primary key the rows are ordered anew")
    if change.constraint is not None and change.constraint.index:
        return _drop_index(engine, table, change)
    return Need()


def _drop_index(engine: Engine, table: Table, change: Change) -> Need:
    del engine
    index = table.index(change.name)
    clustered = next((i for i in table.indexes if i.unique and _not_null(table, i.columns)), None)
    has_primary = any(item.primary for item in table.indexes)
    if index is not None and index == clustered and not has_primary and table.complete:
        return Need(Level.COPY, f"the rows are ordered by {change.name}, as there is no primary key")
    return Need(Level.NOCOPY)


def _convert(engine: Engine, table: Table, change: Change) -> Need:
    """Every text column gets the character set: what that takes is what MODIFY of each would."""
    if not table.complete:
        return Need(Level.COPY, f"texts are written as {change.name}", f"the character sets of {table.name}")
    given = types.charset(change.name)
    parts = []
    for old in table.columns:
        if types.kind(old.type).base in types.TEXT:
            exact = old.collation if change.name == given == types.charset(old.collation) else change.name
            new = Column(old.name, old.type, nullable=old.nullable, collation=exact)
            parts.append(
                retype.need(engine, table, Column(old.name, old.type, old.nullable, "", collation=old.collation), new)
            )
    if not parts:
        return Need()
    return joined(parts) if engine.mariadb else Need(Level.COPY, f"texts are written as {change.name}")


def _rebuild(engine: Engine, table: Table, change: Change) -> Need:
    if change.text in {"order by", "system versioning"}:
        return Need(Level.COPY, f"{change.text.upper()} copies the table")
    if change.name and change.name not in _TRANSACTIONAL:
        return Need(Level.COPY, f"the rows move to {change.name}")
    asked = "FORCE" if change.text == "force" else change.text.upper()
    if change.name and shape.option(table, "engine") in {"", change.name}:
        asked = f"ENGINE={_INNODB}"
    if retype.fulltext(table) and not engine.mariadb:
        return Need(Level.COPY, f"{asked} with a FULLTEXT index copies the table")
    return Need(Level.REBUILD, f"{asked} rebuilds the table", shared=_slow(table))


def _rename_column(engine: Engine, table: Table, change: Change) -> Need:
    del table, change
    return Need() if engine.mariadb or engine.since(8, 0, 28) else Need(Level.NOCOPY)


def _metadata(engine: Engine, table: Table, change: Change) -> Need:
    """Say that only the definition changes, which MySQL calls INPLACE."""
    del table, change
    return Need() if engine.mariadb else Need(Level.NOCOPY)


def _alter_constraint(engine: Engine, table: Table, change: Change) -> Need:
    del engine, table
    if "enforced" in change.text and "not" not in change.text.split():
        return Need(Level.COPY, "every row is checked while the table is copied")
    return Need()


def _partitions(engine: Engine, table: Table, change: Change) -> Need:
    """Say that rows which move between partitions are copied while writes to the table wait."""
    del engine, table
    if change.text in {"exchange", "discard", "import", "analyze", "check", "convert"}:
        return Need()
    return Need(Level.COPY, f"{change.text.upper()} moves rows between partitions")


_NEEDS: dict[str, Callable[[Engine, Table, Change], Need]] = {
    "add column": _add_column,
    "drop column": _drop_column,
    "modify column": _modify,
    "rename column": _rename_column,
    "create index": _index,
    "drop index": _drop_index,
    "rename index": _metadata,
    "alter index": _metadata,
    "add constraint": _add_constraint,
    "drop constraint": _drop_constraint,
    "alter constraint": _alter_constraint,
    "convert charset": _convert,
    "rebuild table": _rebuild,
    "alter table options": _metadata,
    "change partitions": _partitions,
}
