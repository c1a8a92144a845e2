"""Indexes, keys, checks and foreign keys, as they stand in SHOW CREATE TABLE."""

from collections.abc import Collection, Iterator, Sequence

from msgspec.structs import replace

from instar.dialects._reader import Reader
from instar.dialects.mysql.identifiers import part
from instar.dialects.mysql.parse import words
from instar.dialects.mysql.snapshot.reading import canonical, columns, named, other, present, spelled, string
from instar.snapshot import Object

_TYPES = frozenset({"fulltext", "spatial", "vector"})


def key(text: str, table: Object) -> Object:
    """Read an index or a constraint of `table`."""
    reader = Reader(words(text))
    label = reader.name() if reader.accept("constraint") else ""
    if reader.accept("primary", "key"):
        made = listing("constraint", f"{table.name}.PRIMARY", table, reader)
        return replace(made, facts={"type": "PRIMARY KEY", **made.facts})
    if reader.accept("check"):
        return _check(reader, table, label)
    if reader.accept("foreign", "key"):
        return _foreign_key(reader, table, label)
    unique = reader.accept("unique")
    kind = reader.one_of(_TYPES)
    reader.one_of({"key", "index"})
    made = listing("index", f"{table.name}.{part(reader.name())}", table, reader)
    return replace(made, facts=present(unique="true" * unique, type=kind.upper()) | dict(made.facts))


def listing(kind: str, name: str, table: Object, reader: Reader) -> Object:
    """Read a list of columns, and what stands behind it."""
    group = reader.group() or Reader([])
    inside = tuple(columns(Reader(group.stream, group.at, group.end)))
    facts = {"columns": spelled(group)}
    while reader:
        _option(reader, facts)
    needs = (table.key, *(f"column {table.name}.{part(each)}" for each in inside))
    return Object(kind, name, of=table.key, facts=facts, needs=tuple(dict.fromkeys(needs)))


def _option(reader: Reader, facts: dict[str, str]) -> None:
    if reader.accept("using"):
        facts["using"] = reader.name().upper()
    elif reader.accept("comment"):
        facts["comment"] = string(reader.skip())
    elif reader.accept("key_block_size"):
        reader.accept("=")
        facts["key_block_size"] = reader.name()
    elif reader.accept("with", "parser"):
        facts["parser"] = part(reader.name())
    elif reader.accept("ignored") or reader.accept("invisible"):
        facts["ignored"] = "true"
    else:
        other(reader, facts)


def _check(reader: Reader, table: Object, label: str) -> Object:
    group = reader.group()
    facts = {"type": "CHECK", "expression": canonical(group) if group is not None else ""}
    if reader.accept("not", "enforced"):
        facts["not enforced"] = "true"
    used = group.identifiers() if group is not None else frozenset()
    needs = (table.key, *(f"column {table.name}.{part(each)}" for each in sorted(used)))
    return Object("constraint", f"{table.name}.{part(label)}", of=table.key, facts=facts, needs=needs)


def _foreign_key(reader: Reader, table: Object, label: str) -> Object:
    own = reader.group() or Reader([])
    inside = tuple(columns(Reader(own.stream, own.at, own.end)))
    reader.accept("references")
    target, local = named(reader)
    referenced = spelled(reader.group() or Reader([]))
    facts = {"type": "FOREIGN KEY", "columns": spelled(own), "references": target, "referenced columns": referenced}
    while reader.accept("on"):
        event = reader.one_of({"delete", "update"})
        action = canonical(reader.until({"on"}))
        facts[f"on {event}"] = action
    needs = [table.key, *(f"column {table.name}.{part(each)}" for each in inside)]
    if local:
        needs.append(f"table {target}")
    name = f"{table.name}.{part(label)}"
    return Object("constraint", name, of=table.key, facts=facts, needs=tuple(dict.fromkeys(needs)))


def supported(parts: Sequence[Object], table: str) -> Iterator[Object]:
    """Yield the parts of a table; foreign keys need the indexes that carry them, and checks only real columns."""
    known = {item.key for item in parts}
    keys = [item for item in parts if item.kind != "period" and "columns" in item.facts]
    keys = [item for item in keys if item.facts.get("type") != "FOREIGN KEY"]
    prefix = f"column {table}."
    for item in parts:
        needs = tuple(_real(need, known) if need.startswith(prefix) else need for need in item.needs)
        if item.facts.get("type") == "FOREIGN KEY":
            needs += tuple(each.key for each in keys if _carries(each.facts["columns"], item.facts["columns"]))
        yield replace(item, needs=tuple(need for need in needs if need))


def _real(need: str, known: Collection[str]) -> str:
    """Return a column's key, or that of the period that an index is over; "" when it is something else's name."""
    period = f"period{need.removeprefix('column')}"
    return need if need in known else period if period in known else ""


def _carries(index: str, wanted: str) -> bool:
    return f"{index}, ".startswith(f"{wanted}, ")
