"""Columns of tables and views, and attributes of composite types."""

from collections.abc import Iterator

from instar.dialects.postgresql.writing import _columns as columns
from instar.dialects.postgresql.writing import _common as common
from instar.dialects.postgresql.writing import _conversions as conversions
from instar.snapshot import Object, Snapshot

KINDS = ("column", "attribute")
_ALTERED = (
    "position", "type", "collation", "default", "identity", "identity options", "identity sequence", "not null",
    "not null name", "not null no inherit", "not null not valid", "not null comment", "storage", "compression",
    "statistics", "option ", "fdw option ", "identity sequence persistence",
)  # fmt: skip
_STORAGE_DEFAULT = (16,)
"""The first version with SET STORAGE DEFAULT."""
_EXTENDED = frozenset({"text", "character varying", "character", "bytea", "json", "jsonb", "xml", "tsvector", "bit"})
_MAIN = {"numeric": "MAIN", "inet": "MAIN", "cidr": "MAIN"}
_LOGGED = "identity sequence persistence"
_STORED = ("storage", "compression", "statistics")


def creating(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield what a column has that the statement of its table or view does not say."""
    if item.kind == "attribute":
        yield from _comment(item)
        return
    table = whole.get(item.of)
    if _in_table(item) and table is not None:
        yield from _overridden(item, table, whole)
        if columns.deferred(item, whole) and "inherited" not in item.facts:
            yield f"{_head(item)} SET DEFAULT {item.facts['default']}"
    elif "default" in item.facts and item.of.startswith("view "):
        yield f"{_head(item)} SET DEFAULT {item.facts['default']}"
    yield from _stored(item)
    yield from _owned(item, whole)
    yield from common.finishing(item, whole)


def adding(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield ADD COLUMN or ADD ATTRIBUTE; a parent's column comes by itself, a view's with the view."""
    facts = item.facts
    if item.kind == "attribute":
        collation = f" COLLATE {facts['collation']}" if "collation" in facts else ""
        yield f"ALTER TYPE {common.relation(item)} ADD ATTRIBUTE {common.local(item)} {facts['type']}{collation}"
        yield from _comment(item)
        return
    if _in_table(item) and "inherited" not in facts:
        yield f"{_table(item)} ADD COLUMN {columns.definition(item, whole, late=True)}"
        yield from _validity(item)
        yield from _stored(item)
        yield from _owned(item, whole)
        yield from common.finishing(item, whole)
        return
    yield from creating(item, whole)


def dropping(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield DROP COLUMN; a parent's column goes with the parent's, a view's with the view."""
    del whole
    if item.kind == "attribute":
        yield f"ALTER TYPE {common.relation(item)} DROP ATTRIBUTE {common.local(item)}"
    elif _in_table(item) and "inherited" not in item.facts:
        yield f"{_table(item)} DROP COLUMN {common.local(item)}"


def altering(before: Object, after: Object, whole: Snapshot) -> list[str] | None:
    """Return what changes a column; None where its type has no conversion without USING."""
    differ = set(common.differing(before.facts, after.facts))
    if after.kind == "attribute":
        return _attribute(before, after, differ)
    if not _in_table(after):
        stored = _altered_storage(before, after, _default_storage(after, whole))
        return [*_view_default(after, differ), *stored, *common.finished(before, after, whole)]
    if common.others(before, after, (*_ALTERED, "generated", "inherited")) or not _heir(before, after, whole):
        return None
    made = "generated" in before.facts or "generated" in after.facts
    expression = _expression(before, after, whole) if made and differ & {"generated", "default"} else []
    if expression is None or not conversions.assignable(before.facts["type"], after.facts["type"]):
        return None
    found = list(expression)
    if "inherited" not in after.facts:
        found += _type_and_default(before, after, differ - {"default"} if made else differ)
        found += _identity(before, after, differ)
    elif "default" in differ:
        found.append(_default(after))
    found += _not_null(before, after, differ)
    storage = _default_storage(after, whole)
    if "storage" in differ and "storage" not in after.facts and not storage:
        return None
    found += _altered_storage(before, after, storage)
    if _LOGGED in differ and "identity sequence" in after.facts:
        usual = whole[after.of].facts.get("persistence", "LOGGED")
        found.append(f"ALTER SEQUENCE {after.facts['identity sequence']} SET {after.facts.get(_LOGGED, usual)}")
    return [*found, *common.finished(before, after, whole)]


def _heir(before: Object, after: Object, whole: Snapshot) -> bool:
    """Whether a column becomes its parent's, or ceases to be, because its table does."""
    if ("inherited" in before.facts) == ("inherited" in after.facts):
        return True
    table = whole[after.of].facts
    return "partition of" in table if "inherited" in after.facts else not {"partition of", "inherits"} & table.keys()


def _in_table(item: Object) -> bool:
    return item.of.startswith(("table ", "foreign table "))


def _table(item: Object) -> str:
    return f"ALTER {'FOREIGN TABLE' if item.of.startswith('foreign table ') else 'TABLE'} {common.relation(item)}"


def _head(item: Object) -> str:
    if item.of.startswith("view "):
        return f"ALTER VIEW {common.relation(item)} ALTER COLUMN {common.local(item)}"
    if item.of.startswith("materialized view "):
        return f"ALTER MATERIALIZED VIEW {common.relation(item)} ALTER COLUMN {common.local(item)}"
    kind = "FOREIGN TABLE" if item.of.startswith("foreign table ") else "TABLE"
    return f"ALTER {kind} ONLY {common.relation(item)} ALTER COLUMN {common.local(item)}"


def _comment(item: Object) -> Iterator[str]:
    if "comment" in item.facts:
        yield f"COMMENT ON COLUMN {item.name} IS {common.literal(item.facts['comment'])}"


def _overridden(item: Object, table: Object, whole: Snapshot) -> Iterator[str]:
    """Yield what an inherited column has otherwise than its parent's, and a NOT NULL that is not valid."""
    facts = item.facts
    if "inherited" in facts and "partition of" not in table.facts and "type of" not in table.facts:
        parents = [whole.get(f"column {parent}.{common.local(item)}") for parent in table.facts["inherits"].split(", ")]
        theirs = [parent.facts for parent in parents if parent is not None]
        if (
            "generated" not in facts
            and "identity" not in facts
            and any(parent.get("default") != facts.get("default") for parent in theirs)
        ):
            yield _default(item)
        if facts.get("not null") == "true" and "not null not valid" not in facts:
            yield _required(item)
    yield from _validity(item)


def _validity(item: Object) -> Iterator[str]:
    facts = item.facts
    if "not null not valid" in facts:
        name = columns.not_null_name(item)
        yield f"{_table(item)} ADD CONSTRAINT {name} NOT NULL {common.local(item)} NOT VALID"
    if "not null comment" in facts:
        on = f"{columns.not_null_name(item)} ON {common.relation(item)}"
        yield f"COMMENT ON CONSTRAINT {on} IS {common.literal(facts['not null comment'])}"


def _default(item: Object) -> str:
    return f"{_head(item)} " + (f"SET DEFAULT {item.facts['default']}" if "default" in item.facts else "DROP DEFAULT")


def _required(item: Object) -> str:
    facts = item.facts
    if "not null name" in facts or "not null no inherit" in facts:
        no_inherit = " NO INHERIT" if "not null no inherit" in facts else ""
        name = columns.not_null_name(item)
        return f"{_table(item)} ADD CONSTRAINT {name} NOT NULL {common.local(item)}{no_inherit}"
    return f"{_table(item)} ALTER COLUMN {common.local(item)} SET NOT NULL"


def _stored(item: Object) -> Iterator[str]:
    yield from _altered_storage(Object(item.kind, item.name, item.of), item)


def _default_storage(item: Object, whole: Snapshot) -> str:
    """Return how to say that a column is stored as its type wants it; "" where that is not known."""
    if whole.version >= _STORAGE_DEFAULT:
        return "DEFAULT"
    plain = item.facts["type"].partition("(")[0]
    return "EXTENDED" if plain.endswith("[]") or plain in _EXTENDED else _MAIN.get(plain, "")


def _altered_storage(before: Object, after: Object, storage: str = "DEFAULT") -> Iterator[str]:
    was, becomes, head = before.facts, after.facts, _head(after)
    for name, unset in zip(_STORED, (storage, "default", "-1"), strict=True):
        if was.get(name) != becomes.get(name):
            yield f"{head} SET {name.upper()} {becomes.get(name, unset)}"
    yield from common.changed_options(head, was, becomes)
    if was:
        yield from common.changed_fdw_options(head, was, becomes)


def _owned(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield which sequence belongs to a column: it was made before it."""
    for part in whole.parts.get(item.key, ()):
        if part.kind == "sequence" and "owned by" in part.facts:
            yield f"ALTER SEQUENCE {part.name} OWNED BY {part.facts['owned by']}"
    if _LOGGED in item.facts:
        yield f"ALTER SEQUENCE {item.facts['identity sequence']} SET {item.facts[_LOGGED]}"


def _attribute(before: Object, after: Object, differ: set[str]) -> list[str] | None:
    if common.others(before, after, ("position", "type", "collation")):
        return None
    found = []
    if differ & {"type", "collation"}:
        collation = f" COLLATE {after.facts['collation']}" if "collation" in after.facts else ""
        change = f"ALTER ATTRIBUTE {common.local(after)} TYPE {after.facts['type']}{collation}"
        found.append(f"ALTER TYPE {common.relation(after)} {change}")
    if "comment" in differ:
        text = common.literal(after.facts["comment"]) if "comment" in after.facts else "NULL"
        found.append(f"COMMENT ON COLUMN {after.name} IS {text}")
    return found


def _view_default(after: Object, differ: set[str]) -> Iterator[str]:
    if "default" in differ:
        yield _default(after)


def _expression(before: Object, after: Object, whole: Snapshot) -> list[str] | None:
    """Return what changes how a column is generated; None for a plain column that is to be, or where it cannot."""
    if "generated" not in after.facts and before.facts["generated"] == "STORED":
        return [f"{_head(after)} DROP EXPRESSION", *([_default(after)] if "default" in after.facts else [])]
    setting = (17,)  # the first version with SET EXPRESSION
    if before.facts.get("generated") != after.facts.get("generated") or whole.version < setting:
        return None
    return [f"{_head(after)} SET EXPRESSION AS ({after.facts['default']})"]


def _type_and_default(before: Object, after: Object, differ: set[str]) -> Iterator[str]:
    """Yield a new type and a new default; the old default goes first where it may not fit the new type."""
    typed = bool(differ & {"type", "collation"})
    plain = "generated" not in before.facts and _bare(before) != _bare(after)
    if typed and plain and "default" in before.facts:
        yield f"{_head(after)} DROP DEFAULT"
    if typed:
        collation = f" COLLATE {after.facts['collation']}" if "collation" in after.facts else ""
        head = f"{_table(after)} ALTER COLUMN {common.local(after)}"
        yield f"{head} TYPE {after.facts['type']}{collation}"
    if "default" in differ or (typed and plain and "default" in before.facts and "default" in after.facts):
        yield _default(after)


def _bare(item: Object) -> str:
    return item.facts["type"].partition("(")[0]


def _identity(before: Object, after: Object, differ: set[str]) -> Iterator[str]:
    if not differ & {"identity", "identity options", "identity sequence"}:
        return
    if "identity" not in after.facts:
        yield f"{_head(after)} DROP IDENTITY"
    elif "identity" not in before.facts:
        yield f"{_head(after)} ADD {columns.identity(after)}"
    elif differ & {"identity options", "identity sequence"}:
        yield f"{_head(after)} DROP IDENTITY"
        yield f"{_head(after)} ADD {columns.identity(after)}"
    else:
        yield f"{_head(after)} SET GENERATED {after.facts['identity']}"


def _not_null(before: Object, after: Object, differ: set[str]) -> Iterator[str]:
    if not differ & {"not null", "not null name", "not null no inherit", "not null not valid", "not null comment"}:
        return
    was, becomes = before.facts.get("not null", ""), after.facts.get("not null", "")
    if differ - {"not null comment"} and "inherited" not in {was, becomes}:
        if "not null name" in before.facts or (was and becomes):
            yield f"{_table(after)} DROP CONSTRAINT {columns.not_null_name(before)}"
        elif was:
            yield f"{_table(after)} ALTER COLUMN {common.local(after)} DROP NOT NULL"
        if becomes and "not null not valid" not in after.facts:
            yield _required(after)
    yield from _validity(after)
    if "not null comment" in before.facts and becomes and "not null comment" not in after.facts:
        yield f"COMMENT ON CONSTRAINT {columns.not_null_name(after)} ON {common.relation(after)} IS NULL"
