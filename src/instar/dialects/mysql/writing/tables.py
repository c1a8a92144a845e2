"""CREATE TABLE and ALTER TABLE."""

from collections.abc import Iterator, Mapping

from instar.dialects.mysql.writing import columns, keys
from instar.dialects.mysql.writing.text import alter, last, literal
from instar.snapshot import Object, Snapshot

_UNSET = {
    "row_format": "DEFAULT", "pack_keys": "DEFAULT", "stats_persistent": "DEFAULT", "stats_auto_recalc": "DEFAULT",
    "stats_sample_pages": "DEFAULT", "page_compressed": "DEFAULT", "page_compression_level": "DEFAULT",
    "encrypted": "DEFAULT", "encryption_key_id": "DEFAULT", "key_block_size": "0", "min_rows": "0", "max_rows": "0",
    "avg_row_length": "0", "checksum": "0", "delay_key_write": "0", "transactional": "DEFAULT",
    "page_checksum": "DEFAULT", "insert_method": "NO",
}  # fmt: skip
_OPTION = "option "


def creating(item: Object, whole: Snapshot) -> tuple[str, ...]:
    """Return CREATE TABLE with columns, indexes and checks; foreign keys come when all tables are there."""
    parts = whole.parts.get(item.key, ())
    own = sorted((part for part in parts if part.kind == "column"), key=lambda part: int(part.facts["position"]))
    lines = [columns.definition(part) for part in own]
    lines += [keys.definition(part) for part in sorted(parts, key=_rank) if keys.inside(part)]
    body = ",\n  ".join(lines)
    options = "".join(f" {each}" for each in _options(item.facts))
    partition = f"\nPARTITION BY {item.facts['partition by']}" if "partition by" in item.facts else ""
    made = f"CREATE TABLE {item.name} (\n  {body}\n){options}{partition}"
    bare = [f"ALTER COLUMN {last(part)} DROP DEFAULT" for part in own if "no default" in part.facts]
    return (made, *([alter(item.key, whole, ", ".join(bare))] if bare else ()))


def _rank(item: Object) -> tuple[int, str]:
    """Sort the primary key first, then what is unique: the server shows them so."""
    if item.kind == "period" or item.facts.get("type") == "PRIMARY KEY":
        return 0, item.name
    if item.kind == "constraint":
        return 4, item.name
    return (1 if "unique" in item.facts else 3 if "type" in item.facts else 2), item.name


def _options(facts: Mapping[str, str]) -> Iterator[str]:
    if "engine" in facts:
        yield f"ENGINE={facts['engine']}"
    if "collation" in facts:
        yield f"COLLATE={facts['collation']}"
    for name in sorted(facts):
        if name.startswith(_OPTION):
            yield _option(name, facts[name])
    if "comment" in facts:
        yield f"COMMENT={literal(facts['comment'])}"
    if "system versioning" in facts:
        yield "WITH SYSTEM VERSIONING"


def _option(name: str, value: str) -> str:
    key = name.removeprefix(_OPTION)
    return key.upper() if value == "true" else f"{key if key.startswith('`') else key.upper()}={value}"


def altering(before: Object, after: Object, whole: Snapshot) -> tuple[str, ...] | None:
    """Return the statements for what belongs to the table itself; None where rows or their history would be lost."""
    old, new = before.facts, after.facts
    if "system versioning" in old and "system versioning" not in new:
        return None
    actions = list(_changes(old, new))
    if any(not action for action in actions):
        return None
    statements = []
    if actions:
        statements.append(alter(after.key, whole, ", ".join(actions)))
    if old.get("partition by") != new.get("partition by"):
        clause = f"PARTITION BY {new['partition by']}" if "partition by" in new else "REMOVE PARTITIONING"
        statements.append(alter(after.key, whole, clause))
    if "system versioning" in new and "system versioning" not in old:
        statements.append(f"ALTER TABLE {after.name} ADD SYSTEM VERSIONING")
    return tuple(statements)


def _changes(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    """Yield the actions of ALTER TABLE; "" where one is not known."""
    for name in sorted({*old, *new}):
        if old.get(name) == new.get(name) or name in {"system versioning", "partition by"}:
            continue
        if name == "engine":
            yield f"ENGINE={new[name]}"
        elif name == "collation":
            yield f"DEFAULT COLLATE={new[name]}"
        elif name == "comment":
            yield f"COMMENT={literal(new.get(name, ''))}"
        elif name in new:
            yield _option(name, new[name])
        else:
            key = name.removeprefix(_OPTION)
            usual = _UNSET.get(key.strip("`").lower(), "")
            yield f"{key if key.startswith('`') else key.upper()}={usual}" if usual else ""


def adding_column(item: Object, whole: Snapshot) -> tuple[str, ...]:
    """Return ALTER TABLE ... ADD COLUMN in its place; what counts up by itself comes with its key."""
    actions = [f"ADD COLUMN {columns.definition(item)}{columns.place_of(item, whole)}"]
    key = keys.counting(item, whole)
    if key is not None:
        actions.append(keys.add(key))
    return (alter(item.of, whole, ", ".join(actions)), *columns.bare(item, whole))
