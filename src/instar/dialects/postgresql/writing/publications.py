"""Publications and subscriptions."""

from collections.abc import Iterator

from instar.dialects.postgresql.writing import _common as common
from instar.snapshot import Object, Snapshot

KINDS = ("publication", "subscription")
_SETTINGS = ("publish", "publish_via_partition_root", "publish_generated_columns")
_OWN = frozenset({"owner", "comment", "connection", "publications", "enabled"})


def creating(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield CREATE PUBLICATION; a subscription is made without connecting to anything."""
    yield _publication(item) if item.kind == "publication" else _subscription(item)
    yield from common.finishing(item, whole)


def dropping(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield DROP; a subscription lets go of its slot first, which may be on a server that is not there."""
    del whole
    if item.kind == "subscription":
        yield f"ALTER SUBSCRIPTION {item.name} DISABLE"
        yield f"ALTER SUBSCRIPTION {item.name} SET (slot_name = NONE)"
    yield f"DROP {common.word(item.kind)} {item.name}"


def altering(before: Object, after: Object, whole: Snapshot) -> list[str] | None:
    """Return what changes owner and comment; anything else is made anew."""
    return None if common.others(before, after) else list(common.finished(before, after, whole))


def _publication(item: Object) -> str:
    facts = item.facts
    tables = [
        f"TABLE {name.removeprefix('table ')}{_rows(facts[name])}"
        for name in sorted(facts)
        if name.startswith("table ")
    ]
    schemas = [
        f"TABLES IN SCHEMA {name.removeprefix('schema ')}" for name in sorted(facts) if name.startswith("schema ")
    ]
    everything = [f"ALL {word.upper()}" for word in ("tables", "sequences") if f"all {word}" in facts]
    what = ", ".join(everything or [*tables, *schemas])
    settings = ", ".join(f"{name} = {_value(facts[name])}" for name in _SETTINGS if name in facts)
    return f"CREATE PUBLICATION {item.name}{f' FOR {what}' if what else ''}{f' WITH ({settings})' if settings else ''}"


def _rows(rest: str) -> str:
    return f" {rest}" if rest else ""


def _value(text: str) -> str:
    return common.literal(text)


def _subscription(item: Object) -> str:
    facts = item.facts
    settings = [f"{name} = {value}" for name, value in sorted(facts.items()) if name not in _OWN]
    inside = ", ".join(["connect = false", *settings])
    head = f"CREATE SUBSCRIPTION {item.name} CONNECTION {facts['connection']} PUBLICATION {facts['publications']}"
    return f"{head} WITH ({inside})"
