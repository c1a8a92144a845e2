"""Facts of relations that no row of the catalog says alone: parents, places of columns, options, sequences."""

import re
from collections.abc import Iterable, Mapping, Sequence

from instar.dialects import _named
from instar.dialects.postgresql.snapshot.draft import Draft, Drafts, Row

_PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?|[a-z_]+")
_BOUNDS = {
    "smallint": (-(2**15), 2**15 - 1),
    "integer": (-(2**31), 2**31 - 1),
    "bigint": (-(2**63), 2**63 - 1),
}
_IDENTITY = {
    "start": "START WITH {}",
    "increment": "INCREMENT BY {}",
    "minimum": "MINVALUE {}",
    "maximum": "MAXVALUE {}",
    "cache": "CACHE {}",
    "cycle": "CYCLE",
}


def finish(drafts: Drafts, index_columns: Sequence[Row]) -> None:
    """Complete all relations, their columns, indexes and sequences."""
    for draft in drafts.kind("table", "foreign table"):
        _parents(drafts, draft)
    _columns(drafts)
    for sequence in drafts.kind("sequence"):
        _sequence(drafts, sequence)
    for draft in drafts.kind("index", "constraint"):
        _attached(drafts, draft)
    for oid, number, target in index_columns:
        index = drafts.at(("pg_class", oid, 0))
        if index is not None:
            index.facts[f"statistics {number}"] = target


def options(draft: Draft) -> None:
    """Make a fact of every storage parameter and every option of a foreign thing."""
    for prefix, found in (("", "options"), ("toast.", "toast")):
        if found in draft.notes:
            for name, value in _pairs(draft.notes[found]):
                draft.facts[f"option {prefix}{name}"] = value if _PLAIN.fullmatch(value) else _named.literal(value)
    if "fdw" in draft.notes:
        for name, value in _pairs(draft.notes["fdw"]):
            draft.facts[f"fdw option {name}"] = _named.literal(value)


def _pairs(items: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Read `name=value`. Newer servers keep a number for pg_upgrade among a column's options; pg_dump hides it too."""
    for item in items:
        name, _, value = item.partition("=")
        if name != "pg_attver":
            yield name, value


def _parents(drafts: Drafts, table: Draft) -> None:
    found = [drafts.own.get(("pg_class", oid, 0)) for oid in table.notes.get("inherits", ())]
    parents = [parent for parent in found if parent is not None]
    if parents:
        table.notes = {**table.notes, "parents": parents}
        name = "partition of" if table.notes["partition"] else "inherits"
        table.facts[name] = ", ".join(parent.name for parent in parents)


def _columns(drafts: Drafts) -> None:
    """Say where each column stands; and of what a child table inherits, only what its own statement would say."""
    tables: dict[str, dict[str, Draft]] = {}
    for numbered in drafts.columns.values():
        columns = {numbered[number].part: numbered[number] for number in sorted(numbered)}
        owner = next(iter(columns.values())).owner
        assert owner is not None
        tables[owner.key] = columns
        _positions(columns, heir="inherits" in owner.facts)
    for table in drafts.kind("table", "foreign table"):
        if "parents" in table.notes:
            above = [tables.get(parent.key, {}) for parent in table.notes["parents"]]
            for draft in tables.get(table.key, {}).values():
                _not_null(draft, above, heir="inherits" in table.facts)


def _positions(columns: Mapping[str, Draft], *, heir: bool) -> None:
    number = 0
    for draft in columns.values():
        if not (heir and "inherited" in draft.facts):
            number += 1
            draft.facts["position"] = str(number)


def _not_null(column: Draft, parents: Sequence[dict[str, Draft]], *, heir: bool) -> None:
    """Leave out what a child's NOT NULL has from its parent: its name, and that it must be said."""
    if "not null" not in column.facts:
        return
    above = [parent[column.part] for parent in parents if column.part in parent]
    if "local" in column.notes:
        inherited = not column.notes["local"]
        same = any(draft.notes.get("constraint") == column.notes["constraint"] for draft in above)
    else:
        inherited, same = any("not null" in draft.facts for draft in above), True
    if inherited and heir:
        column.facts["not null"] = "inherited"
    if inherited and same:
        column.facts.pop("not null name", None)


def _sequence(drafts: Drafts, sequence: Draft) -> None:
    _without_defaults(sequence.facts)
    owned = sequence.notes.get("owned")
    if owned is None:
        return
    column = drafts.own.get(("pg_class", sequence.notes["table"], sequence.notes["column"]))
    if column is None:
        return
    sequence.owner = column
    if owned == "a":
        sequence.facts["owned by"] = column.name
        return
    assert column.owner is not None
    column.facts["identity sequence"] = sequence.name
    settings = (text.format(sequence.facts[name]) for name, text in _IDENTITY.items() if name in sequence.facts)
    column.put("identity options", " ".join(settings) or None)
    persistence = sequence.facts.get("persistence", "LOGGED")
    if persistence != column.owner.facts.get("persistence", "LOGGED"):
        column.facts["identity sequence persistence"] = persistence
    sequence.facts.clear()
    sequence.notes = {**sequence.notes, "identity": True}


def _without_defaults(facts: dict[str, str]) -> None:
    """Leave out what CREATE SEQUENCE without options would give."""
    least, most = _BOUNDS[facts["type"]]
    rising = int(facts["increment"]) > 0
    minimum, maximum = (1, most) if rising else (least, -1)
    start = int(facts["minimum"] if rising else facts["maximum"])
    usual = {
        "type": "bigint",
        "increment": "1",
        "minimum": str(minimum),
        "maximum": str(maximum),
        "start": str(start),
        "cache": "1",
    }
    for name, value in usual.items():
        if facts[name] == value:
            del facts[name]


def _attached(drafts: Drafts, draft: Draft) -> None:
    """Name the index of the partitioned table to which an index, or that of a constraint, belongs."""
    if draft.kind == "constraint":
        _tail(draft.facts)
    parent = drafts.at(("pg_class", draft.notes.get("parent", 0), 0))
    if parent is not None:
        draft.facts["partition of"] = index_name(parent)


def index_name(draft: Draft) -> str:
    """Return the name of an index, or of the index that a constraint has: it is called as the constraint is."""
    if draft.kind == "index" or draft.owner is None:
        return draft.name
    return f"{draft.owner.notes['schema']}.{draft.part}"


def _tail(facts: dict[str, str]) -> None:
    """Cut off the end of a definition what other facts say."""
    definition = facts["definition"]
    for name, text in (("not valid", "NOT VALID"), ("not enforced", "NOT ENFORCED")):
        if name in facts:
            definition = definition.removesuffix(f" {text}")
    if "deferrable" in facts:
        definition = definition.removesuffix(f" {facts['deferrable']}")
    facts["definition"] = definition
    if "not enforced" in facts:  # what is not enforced is never valid, and not said to be otherwise
        facts.pop("not valid", None)
