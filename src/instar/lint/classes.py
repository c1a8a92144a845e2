"""The standards' classification of a change: low, medium or high, why, and how hard it is to take back.

Database Migration Standards, "Change Types and Impact": nullable columns, indexes and tables are low; constraints,
renames and changes of type medium; dropped columns and tables, and large data migrations, high.
"""

from collections.abc import Callable, Collection, Iterator, Mapping

from msgspec import Struct

from instar.catalog import Table
from instar.effects import Change
from instar.judgement import Level, Reason
from instar.lint.conditions import one_row

SIMPLE, MODERATE, COMPLEX = "simple", "moderate", "complex"
_HUGE = 100
"""So many times a small table is a large one."""


class Known(Struct, frozen=True):
    """What is known around a change: tables as they were, what this release made, and what counts as small."""

    tables: Mapping[str, Table]
    created: Collection[str]
    added: Collection[tuple[str, str]] = ()
    """Columns and constraints that this migration itself added."""
    saved: Collection[str] = ()
    """Relations whose rows this migration copied into a table of its own before."""
    built: Collection[tuple[str, tuple[str, ...]]] = ()
    """Indexes that it built before: table and columns."""
    small: int = 10_000


class Class(Struct, frozen=True):
    """What one change is. `level` None: nothing to speak of. `lost` says that rows or values are gone for good."""

    level: Level | None = None
    text: str = ""
    hazard: str = ""
    rollback: str = SIMPLE
    lost: bool = False
    unknown: str = ""


_Say = Callable[[Change, Known], Class]
_NOTHING = Class()


def classify(change: Change, known: Known) -> Class:
    """Return what the standards call a change, given what is known around it."""
    if change.relation in known.created and change.kind not in _ROWS_OF_OTHERS:
        return _made_new(change)
    say = _SPECIAL.get(change.kind)
    if say is not None:
        return say(change, known)
    level, text, hazard, rollback = _PLAIN.get(change.kind, (None, "", "", SIMPLE))
    return Class(level, text.format(**_names(change)), hazard, rollback) if level else _NOTHING


def reasons(changes: Iterator[tuple[Change, Class]]) -> Iterator[Reason]:
    """Yield a reason for each change that has one, each text once."""
    seen: set[str] = set()
    for change, found in changes:
        if found.level is not None and found.text not in seen:
            seen.add(found.text)
            yield Reason(found.level, found.text, found.hazard, change.relation, found.unknown)


def _names(change: Change) -> dict[str, str]:
    relation = change.relation
    inside = f"{relation}.{change.name}" if relation and change.name != relation else change.name or relation
    return {"relation": relation or change.name, "inside": inside, "name": change.name, "new": change.new_name}


def _made_new(change: Change) -> Class:
    if change.kind in {"create table", "create table as"}:
        return Class(Level.LOW, f"adds the table {change.relation}", "adds-table")
    return _NOTHING


def _add_column(change: Change, known: Known) -> Class:
    del known
    column, name = change.column, _names(change)["inside"]
    if column is None or column.nullable:
        return Class(Level.LOW, f"adds the nullable column {name}", "adds-column")
    if column.default or column.identity or column.generated:
        return Class(Level.LOW, f"adds the column {name}, which has a default", "adds-column")
    return Class(
        Level.MEDIUM, f"adds the column {name}, NOT NULL and without a default: it fails where there are rows",
        "data-dependent",
    )  # fmt: skip


def _create_index(change: Change, known: Known) -> Class:
    del known
    index, table = change.name or "an index", change.relation
    if change.index is not None and change.index.unique:
        text = f"adds the unique index {index} to {table}: it fails where values are there twice"
        return Class(Level.MEDIUM, text, "data-dependent")
    return Class(Level.LOW, f"adds the index {index} to {table}", "adds-index")


def _change_type(change: Change, known: Known) -> Class:
    del known
    old, new = change.old, change.column
    types = f" from {old.type} to {new.type}" if old and new and old.type and new.type else ""
    return Class(
        Level.MEDIUM, f"changes the type of {_names(change)['inside']}{types}", "changes-type",
        MODERATE if change.cleared else COMPLEX,
    )  # fmt: skip


def _drop_column(change: Change, known: Known) -> Class:
    name = _names(change)["inside"]
    if (change.relation, change.name) in known.added:
        return _NOTHING
    lost = change.relation not in known.saved
    return Class(Level.HIGH, f"drops the column {name} with its values", "deletes-data", COMPLEX, lost=lost)


def _drop_table(change: Change, known: Known) -> Class:
    table = known.tables.get(change.relation)
    if table is not None and "view" in table.kind:
        return Class(Level.MEDIUM, f"drops the {table.kind} {change.relation}", "breaks-queries", MODERATE)
    lost = change.relation not in known.saved and not (table is not None and table.rows == 0)
    return Class(Level.HIGH, f"drops the table {change.relation} with its rows", "deletes-data", COMPLEX, lost=lost)


def _truncate(change: Change, known: Known) -> Class:
    lost = change.relation not in known.saved
    return Class(Level.HIGH, f"deletes all rows of {change.relation}", "deletes-data", COMPLEX, lost=lost)


def _truncate_partition(change: Change, known: Known) -> Class:
    lost = change.relation not in known.saved
    text = f"deletes the rows of the partition {change.name} of {change.relation}"
    return Class(Level.HIGH, text, "deletes-data", COMPLEX, lost=lost)


def _drop_object(change: Change, known: Known) -> Class:
    del known
    if "database" in change.flags or "owned" in change.flags:
        what = f"the database {change.name}" if "database" in change.flags else "all that a role owns"
        return Class(Level.HIGH, f"drops {what}", "deletes-data", COMPLEX, lost=True)
    return Class(Level.MEDIUM, f"drops {change.name or 'what may be in use'}", "breaks-queries", MODERATE)


def _drop_constraint(change: Change, known: Known) -> Class:
    if (change.relation, change.name) in known.added:
        return _NOTHING
    return Class(Level.MEDIUM, f"drops the constraint {_names(change)['inside']}", "drops-constraint", MODERATE)


def _drop_index(change: Change, known: Known) -> Class:
    name = change.name or change.relation
    table = known.tables.get(change.relation)
    index = table.index(name) if table else None
    if index and any(
        on == index.table and columns[: len(index.columns)] == index.columns for on, columns in known.built
    ):
        return Class(Level.LOW, f"replaces the index {name} by one on the same columns", "drops-index")
    return Class(Level.MEDIUM, f"drops the index {name}: queries that use it become slow", "drops-index")


def _insert(change: Change, known: Known) -> Class:
    sources = [name for name in change.others if name not in known.created]
    if "values" in change.flags or not sources:
        return _NOTHING
    return _rows_of(sources[0], f"copies rows of {sources[0]} into {change.relation}", known, MODERATE)


def _update(change: Change, known: Known) -> Class:
    if change.relation in known.created or _one_row(change, known):
        return _NOTHING
    rollback = MODERATE if change.relation in known.saved else COMPLEX
    return _rows_of(change.relation, f"changes rows of {change.relation}", known, rollback)


def _delete(change: Change, known: Known) -> Class:
    if change.relation in known.created:
        return _NOTHING
    lost = change.relation not in known.saved
    if _one_row(change, known):
        return Class(Level.MEDIUM, f"deletes a row of {change.relation}", "deletes-data", COMPLEX, lost=lost)
    found = _rows_of(change.relation, f"deletes rows of {change.relation}", known, COMPLEX)
    level = Level.MEDIUM if found.level is Level.LOW else found.level
    return Class(level, found.text, "deletes-data", COMPLEX, lost=lost, unknown=found.unknown)


def _merge(change: Change, known: Known) -> Class:
    return _delete(change, known) if "delete" in change.flags else _update(change, known)


def _rows_of(relation: str, does: str, known: Known, rollback: str) -> Class:
    """Say how large a data migration is by the rows that it may touch."""
    table = known.tables.get(relation)
    rows = table.rows if table else None
    if rows is None:
        text, size = f"{does}; how many is not known without the catalog", f"the size of {relation}"
        return Class(Level.HIGH, text, "data-migration", rollback, unknown=size)
    text = f"{does}: at most {rows:,.0f}"
    if rows <= known.small:
        return Class(Level.LOW, text, "data-migration", rollback)
    level = Level.MEDIUM if rows <= known.small * _HUGE else Level.HIGH
    return Class(level, text, "data-migration", rollback)


def _one_row(change: Change, known: Known) -> bool:
    """Whether the condition compares a unique column with one value."""
    table = known.tables.get(change.relation)
    return table is not None and one_row(change.text, table)


_ROWS_OF_OTHERS = frozenset({"insert", "merge"})
_PLAIN: Mapping[str, tuple[Level, str, str, str]] = {
    "create table": (Level.LOW, "adds the table {relation}", "adds-table", SIMPLE),
    "create table as": (Level.LOW, "adds the table {relation}", "adds-table", SIMPLE),
    "create view": (Level.LOW, "adds the view {relation}", "adds-object", SIMPLE),
    "create materialized view": (Level.LOW, "adds the materialized view {relation}", "adds-object", SIMPLE),
    "create function": (Level.LOW, "adds the function {name}", "adds-object", SIMPLE),
    "create type": (Level.LOW, "adds the type {name}", "adds-object", SIMPLE),
    "create sequence": (Level.LOW, "adds the sequence {name}", "adds-object", SIMPLE),
    "add enum value": (Level.LOW, "adds a value to the type {name}: there is no way back", "irreversible", COMPLEX),
    "add constraint": (Level.MEDIUM, "adds the constraint {inside}", "adds-constraint", SIMPLE),
    "validate constraint": (Level.LOW, "validates the constraint {inside}", "adds-constraint", SIMPLE),
    "alter constraint": (Level.MEDIUM, "changes the constraint {inside}", "adds-constraint", MODERATE),
    "set not null": (Level.MEDIUM, "makes {inside} NOT NULL", "adds-constraint", SIMPLE),
    "rename column": (Level.MEDIUM, "renames the column {inside} to {new}", "breaks-queries", MODERATE),
    "rename table": (Level.MEDIUM, "renames {relation} to {new}", "breaks-queries", MODERATE),
    "rename type": (Level.MEDIUM, "renames the type {name}", "breaks-queries", MODERATE),
    "rename schema": (Level.MEDIUM, "renames the schema {name}", "breaks-queries", MODERATE),
    "rename enum value": (Level.MEDIUM, "renames a value of the type {name}", "breaks-queries", MODERATE),
    "move table": (Level.MEDIUM, "moves {relation} to another schema", "breaks-queries", MODERATE),
    "alter type": (Level.MEDIUM, "changes the type {name}", "changes-type", MODERATE),
    "alter domain": (Level.MEDIUM, "changes the domain {name}", "changes-type", MODERATE),
    "convert charset": (Level.MEDIUM, "converts the character set of {relation}", "changes-type", COMPLEX),
    "replace view": (Level.MEDIUM, "replaces the view {relation}", "breaks-queries", MODERATE),
    "replace function": (Level.MEDIUM, "replaces the function {name}", "changes-behaviour", MODERATE),
    "replace trigger": (Level.MEDIUM, "replaces the trigger {inside}", "changes-behaviour", MODERATE),
    "create trigger": (Level.MEDIUM, "adds the trigger {inside}: every write fires it", "changes-behaviour", SIMPLE),
    "disable trigger": (Level.MEDIUM, "disables triggers of {relation}", "changes-behaviour", SIMPLE),
    "create rule": (Level.MEDIUM, "adds a rule to {relation}", "changes-behaviour", SIMPLE),
    "row security": (Level.MEDIUM, "changes the row security of {relation}", "changes-behaviour", SIMPLE),
    "create policy": (Level.MEDIUM, "adds the policy {inside}", "changes-behaviour", SIMPLE),
    "alter policy": (Level.MEDIUM, "changes the policy {inside}", "changes-behaviour", MODERATE),
    "drop policy": (Level.MEDIUM, "drops the policy {inside}", "changes-behaviour", MODERATE),
    "revoke": (Level.MEDIUM, "takes rights away", "breaks-queries", SIMPLE),
    "drop view": (Level.MEDIUM, "drops the view {relation}", "breaks-queries", MODERATE),
    "drop materialized view": (Level.MEDIUM, "drops the materialized view {relation}", "breaks-queries", MODERATE),
    "drop function": (Level.MEDIUM, "drops the function {name}", "breaks-queries", MODERATE),
    "drop trigger": (Level.MEDIUM, "drops the trigger {inside}", "changes-behaviour", MODERATE),
    "drop type": (Level.MEDIUM, "drops the type {name}", "breaks-queries", MODERATE),
    "drop domain": (Level.MEDIUM, "drops the domain {name}", "breaks-queries", MODERATE),
    "drop sequence": (Level.MEDIUM, "drops the sequence {name}", "breaks-queries", COMPLEX),
    "drop expression": (Level.MEDIUM, "makes {inside} an ordinary column", "changes-behaviour", MODERATE),
    "set expression": (Level.MEDIUM, "changes the expression of {inside}", "changes-type", MODERATE),
    "attach partition": (Level.MEDIUM, "attaches a partition to {relation}", "changes-behaviour", MODERATE),
    "detach partition": (Level.MEDIUM, "detaches a partition of {relation}", "changes-behaviour", MODERATE),
    "rename constraint": (Level.MEDIUM, "renames the constraint {inside}", "breaks-queries", SIMPLE),
    "rename object": (Level.MEDIUM, "renames {name}", "breaks-queries", MODERATE),
    "move object": (Level.MEDIUM, "moves {name} to another schema", "breaks-queries", MODERATE),
    "set unlogged": (Level.MEDIUM, "makes {relation} unlogged: a crash empties it", "changes-behaviour", MODERATE),
    "drop identity": (Level.MEDIUM, "drops the identity of {inside}", "changes-behaviour", MODERATE),
    "drop rule": (Level.MEDIUM, "drops a rule of {relation}", "changes-behaviour", MODERATE),
    "drop foreign table": (Level.MEDIUM, "drops the foreign table {relation}", "breaks-queries", MODERATE),
    "drop publication": (Level.MEDIUM, "drops the publication {name}", "breaks-queries", MODERATE),
    "create event trigger": (Level.MEDIUM, "adds the event trigger {name}", "changes-behaviour", SIMPLE),
    "inherit": (Level.MEDIUM, "changes what {relation} inherits", "changes-behaviour", MODERATE),
    "no inherit": (Level.MEDIUM, "changes what {relation} inherits", "changes-behaviour", MODERATE),
    "change partitions": (Level.MEDIUM, "changes the partitions of {relation}", "changes-behaviour", COMPLEX),
    "drop schema": (Level.HIGH, "drops the schema {name} with what is in it", "deletes-data", COMPLEX),
    "drop extension": (Level.HIGH, "drops the extension {name} with what it brought", "deletes-data", COMPLEX),
}  # fmt: skip
_SPECIAL: Mapping[str, _Say] = {
    "add column": _add_column,
    "create index": _create_index,
    "change type": _change_type,
    "modify column": _change_type,
    "drop column": _drop_column,
    "drop table": _drop_table,
    "drop constraint": _drop_constraint,
    "drop index": _drop_index,
    "drop object": _drop_object,
    "truncate": _truncate,
    "drop partition": _truncate_partition,
    "truncate partition": _truncate_partition,
    "insert": _insert,
    "update": _update,
    "delete": _delete,
    "merge": _merge,
}
