"""Sequences. One that belongs to a column is made before it, and given to it when the column is there."""

from collections.abc import Iterator, Mapping

from instar.dialects.postgresql.writing import _common as common
from instar.snapshot import Object, Snapshot

KINDS = ("sequence",)
_CLAUSES = (
    ("increment", "INCREMENT BY"),
    ("minimum", "MINVALUE"),
    ("maximum", "MAXVALUE"),
    ("start", "START WITH"),
    ("cache", "CACHE"),
)
_BITS = {"smallint": 16, "integer": 32, "bigint": 64}
_ALTERED = ("type", "cycle", "owned by", "persistence", *(name for name, _ in _CLAUSES))


def creating(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield CREATE SEQUENCE; that of an identity column comes with the column."""
    if "identity" not in item.facts:
        unlogged = "UNLOGGED " if "persistence" in item.facts else ""
        typed = f" AS {item.facts['type']}" if "type" in item.facts else ""
        cycle = " CYCLE" if "cycle" in item.facts else ""
        yield f"CREATE {unlogged}SEQUENCE {item.name}{typed}{_clauses(item.facts)}{cycle}"
    yield from common.finishing(item, whole)


def adding(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield CREATE SEQUENCE, and give it to its column, which is there."""
    yield from creating(item, whole)
    if "owned by" in item.facts:
        yield f"ALTER SEQUENCE {item.name} OWNED BY {item.facts['owned by']}"


def dropping(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield DROP SEQUENCE."""
    if "identity" not in item.facts:
        yield f"DROP SEQUENCE {item.name}"
    else:
        yield from common.finished(item, Object(item.kind, item.name, item.of), whole)


def altering(before: Object, after: Object, whole: Snapshot) -> list[str] | None:
    """Return ALTER SEQUENCE with what differs."""
    if common.others(before, after, _ALTERED) or _rising(before) != _rising(after):
        return None  # the value that it has now would be out of its bounds
    was, becomes = before.facts, after.facts
    differ = set(common.differing(was, becomes))
    found = []
    if "persistence" in differ:
        found.append(f"ALTER SEQUENCE {after.name} SET {becomes.get('persistence', 'LOGGED')}")
    old, new = {**_usual(was), **was}, {**_usual(becomes), **becomes}
    changed = {name: new[name] for name, _ in _CLAUSES if old[name] != new[name]}
    typed = f" AS {becomes.get('type', 'bigint')}" if "type" in differ else ""
    cycle = (" CYCLE" if "cycle" in becomes else " NO CYCLE") if "cycle" in differ else ""
    if typed or changed or cycle:
        found.append(f"ALTER SEQUENCE {after.name}{typed}{_clauses(changed)}{cycle}")
    if "owned by" in differ:
        found.append(f"ALTER SEQUENCE {after.name} OWNED BY {becomes.get('owned by', 'NONE')}")
    return [*found, *common.finished(before, after, whole)]


def _rising(item: Object) -> bool:
    return not item.facts.get("increment", "1").startswith("-")


def _usual(facts: Mapping[str, str]) -> dict[str, str]:
    """Return what CREATE SEQUENCE without options would give, for what is not said."""
    rising = not facts.get("increment", "1").startswith("-")
    most = 2 ** (_BITS[facts.get("type", "bigint")] - 1)
    minimum = facts.get("minimum", "1" if rising else str(-most))
    maximum = facts.get("maximum", str(most - 1) if rising else "-1")
    start = minimum if rising else maximum
    return {"increment": "1", "minimum": minimum, "maximum": maximum, "start": start, "cache": "1"}


def _clauses(facts: Mapping[str, str]) -> str:
    return "".join(f" {word} {facts[name]}" for name, word in _CLAUSES if name in facts)
