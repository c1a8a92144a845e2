"""Indexes, keys, checks and foreign keys."""

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from instar.dialects.mysql.writing.columns import definition as column_of
from instar.dialects.mysql.writing.text import alter, last, literal
from instar.snapshot import Object, Snapshot


def inside(item: Object) -> bool:
    """Whether a table's own CREATE TABLE makes this."""
    return item.kind in {"index", "period"} or (item.kind == "constraint" and item.facts["type"] != "FOREIGN KEY")


def definition(item: Object) -> str:
    """Return an index or a constraint as it stands in CREATE TABLE and behind ADD."""
    facts, name = item.facts, last(item)
    if item.kind == "index":
        words = ["UNIQUE"] * ("unique" in facts) + facts.get("type", "").split()
        return " ".join([*words, f"KEY {name} ({facts['columns']})", *_options(facts)])
    if item.kind == "period":
        return f"PERIOD FOR {name} ({facts['columns']})"
    if facts["type"] == "PRIMARY KEY":
        return " ".join([f"PRIMARY KEY ({facts['columns']})", *_options(facts)])
    if facts["type"] == "CHECK":
        enforced = " NOT ENFORCED" if "not enforced" in facts else ""
        return f"CONSTRAINT {name} CHECK ({facts['expression']}){enforced}"
    actions = "".join(f" {event.upper()} {facts[event]}" for event in ("on delete", "on update") if event in facts)
    target = f"{facts['references']} ({facts['referenced columns']})"
    return f"CONSTRAINT {name} FOREIGN KEY ({facts['columns']}) REFERENCES {target}{actions}"


def _options(facts: Mapping[str, str]) -> Iterator[str]:
    if "using" in facts:
        yield f"USING {facts['using']}"
    if "key_block_size" in facts:
        yield f"KEY_BLOCK_SIZE={facts['key_block_size']}"
    if "parser" in facts:
        yield f"WITH PARSER {facts['parser']}"
    if "comment" in facts:
        yield f"COMMENT {literal(facts['comment'])}"
    if "ignored" in facts:
        yield "IGNORED"
    if "other" in facts:
        yield facts["other"]


def add(item: Object) -> str:
    """Return the action that adds this."""
    return f"ADD {definition(item)}"


def creating(item: Object, whole: Snapshot) -> tuple[str, ...]:
    """Return ALTER TABLE ... ADD; what counts up by itself may have brought its key along, and needs it to count."""
    counter = _counter(item, whole)
    if counter is None:
        return (alter(item.of, whole, add(item)),)
    action = add(item).replace("KEY ", "KEY IF NOT EXISTS ", 1) if whole.dialect != "mysql" else add(item)
    return (alter(item.of, whole, f"{action}, MODIFY COLUMN {column_of(counter)}"),)


def dropping(item: Object, whole: Snapshot) -> tuple[str, ...]:
    """Return ALTER TABLE ... DROP; a column cannot go on counting without its key."""
    counter = _counter(item, whole)
    actions = drop(item)
    if counter is not None and not any(other is not item for other in _leading(counter, whole)):
        facts = {name: value for name, value in counter.facts.items() if name != "auto_increment"}
        actions += f", MODIFY COLUMN {column_of(replace(counter, facts=facts))}"
    return (alter(item.of, whole, actions),)


def drop(item: Object) -> str:
    """Return the action that drops this."""
    name, kind = last(item), item.facts.get("type", "")
    if item.kind in {"index", "period"}:
        return f"DROP INDEX {name}" if item.kind == "index" else f"DROP PERIOD FOR {name}"
    if kind == "PRIMARY KEY":
        return "DROP PRIMARY KEY"
    return f"DROP FOREIGN KEY {name}" if kind == "FOREIGN KEY" else f"DROP CONSTRAINT {name}"


def altering(before: Object, after: Object, whole: Snapshot) -> tuple[str, ...] | None:
    """Return one ALTER TABLE that drops and adds, so that what stands on an index is never without it."""
    if before.facts.get("type") == "FOREIGN KEY" or after.facts.get("type") == "FOREIGN KEY":
        return (alter(after.of, whole, drop(before)), alter(after.of, whole, add(after)))
    if {**before.facts, "ignored": ""} == {**after.facts, "ignored": ""} and whole.dialect != "mysql":
        word = "IGNORED" if "ignored" in after.facts else "NOT IGNORED"
        return (alter(after.of, whole, f"ALTER INDEX {last(after)} {word}"),)
    actions = [drop(before), add(after), *_nullable(before, after, whole)]
    return (alter(after.of, whole, ", ".join(actions)),)


def _nullable(before: Object, after: Object, whole: Snapshot) -> Iterator[str]:
    """Yield what lets columns be NULL again that the primary key held."""
    if after.facts.get("type") != "PRIMARY KEY":
        return
    kept = after.facts["columns"].split(", ")
    for name in before.facts["columns"].split(", "):
        column = whole.get(f"column {after.of.removeprefix('table ')}.{name}")
        if name not in kept and column is not None and "not null" not in column.facts:
            yield f"MODIFY COLUMN {column_of(column)}"


def counting(column: Object, whole: Snapshot) -> Object | None:
    """Return the key that an AUTO_INCREMENT column needs; None for another column."""
    if "auto_increment" not in column.facts:
        return None
    return next(iter(_leading(column, whole)), None)


def _leading(column: Object, whole: Snapshot) -> list[Object]:
    """Return the keys whose first column this is, the primary key first."""
    name = last(column)
    keys = [part for part in whole.parts.get(column.of, ()) if part.kind in {"index", "constraint"} and inside(part)]
    found = [part for part in keys if f"{part.facts.get('columns', '')},".startswith((f"{name},", f"{name} "))]
    return sorted(found, key=lambda part: (part.facts.get("type") != "PRIMARY KEY", part.name))


def _counter(item: Object, whole: Snapshot) -> Object | None:
    """Return the AUTO_INCREMENT column that this key is the first column of."""
    own = [part for part in whole.parts.get(item.of, ()) if part.kind == "column" and "auto_increment" in part.facts]
    return next((part for part in own if any(key.key == item.key for key in _leading(part, whole))), None)
