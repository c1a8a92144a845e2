"""Columns as they stand in CREATE TABLE and ALTER TABLE."""

from collections.abc import Iterator

from instar.dialects.postgresql.writing import _common as common
from instar.snapshot import Object, Snapshot

_NAMED = (18,)
"""The first version in which NOT NULL constraints have names."""


def inside(table: Object, whole: Snapshot) -> Iterator[str]:
    """Yield the columns that stand in the statement that makes a table, in order.

    Those that it inherits are not in it; a partition has all, since it is made alone and then attached.
    """
    partition, typed = "partition of" in table.facts, "type of" in table.facts
    found = [part for part in whole.parts.get(table.key, ()) if part.kind == "column"]
    for column in sorted(found, key=lambda column: int(column.facts.get("position", "0"))):
        if "inherited" in column.facts and not partition and not typed:
            continue
        if not typed:
            yield definition(column, whole, partition=partition)
        elif clauses := _clauses(column, whole, partition=partition):
            yield f"{common.local(column)} WITH OPTIONS{clauses}"


def definition(column: Object, whole: Snapshot, *, partition: bool = False, late: bool = False) -> str:
    """Return name, type and clauses. With `late` the default stands in it even if it needs the table."""
    facts = column.facts
    collation = f" COLLATE {facts['collation']}" if "collation" in facts else ""
    rest = _clauses(column, whole, partition=partition, late=late)
    return f"{common.local(column)} {facts['type']}{common.fdw_options(facts)}{collation}{rest}"


def deferred(column: Object, whole: Snapshot) -> bool:
    """Whether a column's default needs something that needs its table: then it is set later."""
    if "default" not in column.facts or "generated" in column.facts:
        return False
    needs = [key for key in column.needs if key in whole and key != column.of and whole[key].of != column.of]
    return any(whole.reaches(key, column.of) for key in needs)


def _clauses(column: Object, whole: Snapshot, *, partition: bool, late: bool = False) -> str:
    facts = column.facts
    found = ""
    if "generated" in facts:
        found += f" GENERATED ALWAYS AS ({facts['default']}) {facts['generated']}"
    elif "default" in facts and (late or not deferred(column, whole)):
        found += f" DEFAULT {facts['default']}"
    elif "identity" in facts and "inherited" not in facts:
        found += f" {identity(column)}"
    if _required(column, partition=partition):
        name = facts.get("not null name") or (_inherited_name(column, whole) if partition else "")
        named = f" CONSTRAINT {name}" if name else ""
        found += f"{named} NOT NULL{' NO INHERIT' if 'not null no inherit' in facts else ''}"
    return found


def _required(column: Object, *, partition: bool) -> bool:
    wanted = column.facts.get("not null", "")
    return (wanted == "true" or (wanted == "inherited" and partition)) and "not null not valid" not in column.facts


def identity(column: Object) -> str:
    """Return the clause of an identity column; its sequence gets the name that it has."""
    facts = column.facts
    parts = [f"SEQUENCE NAME {facts['identity sequence']}"] if "identity sequence" in facts else []
    if "identity options" in facts:
        parts.append(facts["identity options"])
    inside_it = f" ({' '.join(parts)})" if parts else ""
    return f"GENERATED {facts['identity']} AS IDENTITY{inside_it}"


def _inherited_name(column: Object, whole: Snapshot) -> str:
    """Return the name of a partition's NOT NULL constraint where it is the parent's: from PostgreSQL 18 on."""
    if whole.version < _NAMED or "inherited" not in column.facts:
        return ""
    parent = whole.get(f"column {whole[column.of].facts['partition of']}.{common.local(column)}")
    if parent is None or "not null" not in parent.facts:
        return ""
    above = "partition of" in whole[parent.of].facts
    return (_inherited_name(parent, whole) if above else "") or not_null_name(parent)


def not_null_name(column: Object) -> str:
    """Return the name of a NOT NULL constraint: its own, or the one that the server makes."""
    if "not null name" in column.facts:
        return column.facts["not null name"]
    table = common.relation(column).rpartition(".")[2].strip('"')
    plain = f"{table}_{common.local(column).strip(chr(34))}_not_null"
    return '"' + plain.replace('"', '""') + '"'
