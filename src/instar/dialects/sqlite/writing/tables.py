"""CREATE TABLE and ALTER TABLE ... ADD COLUMN."""

from collections.abc import Iterator

from instar.dialects.sqlite.snapshot.constraints import PRIMARY
from instar.dialects.sqlite.snapshot.reading import lex
from instar.snapshot import Object, Snapshot

_CONSTANT = frozenset({"string", "number", "blob"})
_WORDS = frozenset({"CURRENT_TIME", "CURRENT_DATE", "CURRENT_TIMESTAMP", "TRUE", "FALSE"})


def create(item: Object, whole: Snapshot, name: str = "") -> str:
    """Return CREATE TABLE with columns and constraints, under its own name or another one."""
    lines = [_line(column, whole) for column in columns(item.key, whole)]
    own = (part for part in whole.parts.get(item.key, ()) if part.kind == "constraint")
    lines += [constraint(part) for part in own if not _beside(part)]
    options = ", ".join(word.upper() for word in ("without rowid", "strict") if word in item.facts)
    body = ",\n  ".join(lines)
    return f"CREATE TABLE {name or item.name} (\n  {body}\n){' ' * bool(options)}{options}"


def columns(table: str, whole: Snapshot) -> list[Object]:
    """Return a table's columns in their order."""
    found = (part for part in whole.parts.get(table, ()) if part.kind == "column")
    return sorted(found, key=lambda part: int(part.facts["position"]))


def last(item: Object) -> str:
    """Return an object's name without that of its table."""
    return item.name[len(item.of.partition(" ")[2]) + 1 :]


def _beside(item: Object) -> bool:
    """Whether a key must stand beside its column."""
    return bool({"autoincrement", "beside its column"} & item.facts.keys())


def _line(column: Object, whole: Snapshot) -> str:
    keys = (part for part in whole.parts.get(column.of, ()) if part.kind == "constraint" and _beside(part))
    own = [key for key in keys if key.facts["columns"].removesuffix(" DESC") == last(column)]
    return " ".join([last(column), *_attributes(column), *(_primary(key) for key in own)])


def _primary(item: Object) -> str:
    facts = item.facts
    order = " DESC" if facts["columns"].endswith(" DESC") else ""
    counting = " AUTOINCREMENT" if "autoincrement" in facts else ""
    return f"{_label(item)}{PRIMARY}{order}{_conflict(item)}{counting}"


def _attributes(column: Object) -> Iterator[str]:
    facts = column.facts
    if "type" in facts:
        yield facts["type"]
    if "generated" in facts:
        yield f"GENERATED ALWAYS AS ({facts['expression']}) {facts['generated']}"
    if "not null" in facts:
        label = f"CONSTRAINT {facts['not null name']} " if "not null name" in facts else ""
        conflict = f" ON CONFLICT {facts['not null conflict']}" if "not null conflict" in facts else ""
        yield f"{label}NOT NULL{conflict}"
    if "default" in facts:
        yield f"DEFAULT {default(facts['default'])}"
    if "collation" in facts:
        yield f"COLLATE {facts['collation']}"


def default(value: str) -> str:
    """Return a default as it stands behind DEFAULT: an expression in parentheses."""
    stream = lex(value)
    signed = len(stream) == 2 and stream[0].text in {"+", "-"} and stream[1].kind == "number"  # noqa: PLR2004
    constant = len(stream) == 1 and (stream[0].kind in _CONSTANT or value.upper() in _WORDS)
    return value if signed or constant else f"({value})"


def constraint(item: Object) -> str:
    """Return a constraint as it stands among a table's own."""
    facts, kind = item.facts, item.facts["type"]
    if kind == "CHECK":
        return f"{_label(item)}CHECK ({facts['expression']})"
    if kind == "FOREIGN KEY":
        return f"{_label(item)}FOREIGN KEY ({facts['columns']}) {_references(item)}"
    return f"{_label(item)}{kind} ({facts['columns']}){_conflict(item)}"


def _label(item: Object) -> str:
    return f"CONSTRAINT {last(item)} " if "named" in item.facts else ""


def _conflict(item: Object) -> str:
    return f" ON CONFLICT {item.facts['on conflict']}" if "on conflict" in item.facts else ""


def _references(item: Object) -> str:
    facts = item.facts
    target = f" ({facts['referenced columns']})" if "referenced columns" in facts else ""
    events = (event for event in ("on delete", "on update") if event in facts)
    actions = "".join(f" {event.upper()} {facts[event]}" for event in events)
    match = f" MATCH {facts['match']}" if "match" in facts else ""
    deferred = " DEFERRABLE INITIALLY DEFERRED" if "deferred" in facts else ""
    return f"REFERENCES {facts['references']}{target}{actions}{match}{deferred}"


def add(item: Object, whole: Snapshot) -> str:
    """Return ALTER TABLE ... ADD COLUMN, with the checks and foreign keys that can come with it."""
    parts = (part for part in whole.parts.get(item.of, ()) if part.kind == "constraint")
    own = [part for part in parts if item.key in part.needs and comes_with_column(part, whole)]
    beside = [f"{_label(part)}{_beside_column(part)}" for part in own if newest(part, whole) == item.key]
    table = item.of.removeprefix("table ")
    return " ".join([f"ALTER TABLE {table} ADD COLUMN {last(item)}", *_attributes(item), *beside])


def _beside_column(item: Object) -> str:
    return f"CHECK ({item.facts['expression']})" if item.facts["type"] == "CHECK" else _references(item)


def comes_with_column(item: Object, whole: Snapshot) -> bool:
    """Whether ADD COLUMN can make this: a check, or a foreign key of one column."""
    kind = item.facts["type"]
    if kind == "CHECK":
        return newest(item, whole) != ""
    return kind == "FOREIGN KEY" and len([need for need in item.needs if need.startswith("column ")]) == 1


def newest(item: Object, whole: Snapshot) -> str:
    """Return the key of the last of the columns that a constraint is about; "" for none."""
    own = [whole[need] for need in item.needs if need in whole and whole[need].kind == "column"]
    return max(own, key=lambda column: int(column.facts["position"])).key if own else ""
