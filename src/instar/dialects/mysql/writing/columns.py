"""Columns: their definitions, and when one can become another without a loss."""

from collections.abc import Iterator, Mapping

from instar.dialects.mysql.analysis import types
from instar.dialects.mysql.writing.text import alter, last, literal
from instar.snapshot import Object, Snapshot

_INTEGERS = ("tinyint", "smallint", "mediumint", "int", "bigint")
_TEXTS = ("tinytext", "text", "mediumtext", "longtext")
_BLOBS = ("tinyblob", "blob", "mediumblob", "longblob")
_TIMES = frozenset({"time", "datetime", "timestamp"})
_CHARACTERS = frozenset({"char", "varchar", *_TEXTS})
_BYTES = frozenset({"binary", "varbinary", *_BLOBS})
_DIGITS = {"tinyint": 3, "smallint": 5, "mediumint": 8, "int": 10, "bigint": 20}
_FLAGS = {
    "auto_increment": "AUTO_INCREMENT",
    "invisible": "INVISIBLE",
    "system versioning": "WITHOUT SYSTEM VERSIONING",
}
_UTF8 = frozenset({("utf8mb3", "utf8mb4"), ("ascii", "utf8mb3"), ("ascii", "utf8mb4"), ("latin1", "utf8mb4")})


def definition(item: Object) -> str:
    """Return a column as it stands in CREATE TABLE, its name first."""
    return f"{last(item)} {' '.join(_attributes(item.facts))}"


def _attributes(facts: Mapping[str, str]) -> Iterator[str]:
    yield facts["type"]
    if "collation" in facts:
        yield f"COLLATE {facts['collation']}"
    yield from _values(facts)
    yield from (word for name, word in _FLAGS.items() if name in facts)
    if "comment" in facts:
        yield f"COMMENT {literal(facts['comment'])}"
    if "check" in facts:
        yield f"CHECK ({facts['check']})"
    if "other" in facts:
        yield facts["other"]


def _values(facts: Mapping[str, str]) -> Iterator[str]:
    """Yield where a column's values come from."""
    generated = facts.get("generated", "")
    if generated:
        yield f"GENERATED ALWAYS AS {generated if generated.startswith('ROW') else _computed(facts)}"
    if "not null" in facts:
        yield "NOT NULL"
    elif not generated:
        yield "NULL"
    if "default" in facts:
        yield f"DEFAULT {facts['default']}"
    if "on update" in facts:
        yield f"ON UPDATE {facts['on update']}"


def _computed(facts: Mapping[str, str]) -> str:
    return f"({facts['expression']}) {facts['generated']}"


def bare(item: Object, whole: Snapshot) -> tuple[str, ...]:
    """Return what takes away the default that a column gets which may be NULL."""
    if "no default" not in item.facts:
        return ()
    return (alter(item.of, whole, f"ALTER COLUMN {last(item)} DROP DEFAULT"),)


def place_of(item: Object, whole: Snapshot) -> str:
    """Return where a column stands; "" for the last one."""
    position = int(item.facts["position"])
    own = {part.facts["position"]: part for part in whole.parts.get(item.of, ()) if part.kind == "column"}
    if str(position + 1) not in own:
        return ""
    before = own.get(str(position - 1))
    return f" AFTER {last(before)}" if before is not None else " FIRST"


def altering(before: Object, after: Object, whole: Snapshot) -> tuple[str, ...] | None:
    """Return ALTER TABLE ... MODIFY; None where values could be lost or rounded without an error."""
    if not kept(before.facts, after.facts):
        return None
    moved = before.facts["position"] != after.facts["position"]
    place = (place_of(after, whole) or _behind(after, whole)) if moved else ""
    return (alter(after.of, whole, f"MODIFY COLUMN {definition(after)}{place}"), *bare(after, whole))


def _behind(item: Object, whole: Snapshot) -> str:
    """Return where the last column stands."""
    position = str(int(item.facts["position"]) - 1)
    own = [
        part for part in whole.parts.get(item.of, ()) if part.kind == "column" and part.facts["position"] == position
    ]
    return f" AFTER {last(own[0])}" if own else ""


def kept(old: Mapping[str, str], new: Mapping[str, str]) -> bool:
    """Whether every value of a column can be stored after the change just as it is."""
    one, other = old.get("generated", ""), new.get("generated", "")
    if one or other:
        # What is stored of an expression may become plain; nothing else changes its nature, and nothing is lost.
        return (one == other and not one.startswith("ROW")) or (one == "STORED" and not other)
    if old.get("system versioning") != new.get("system versioning"):
        return False
    before, after = types.charset(old.get("collation", "")), types.charset(new.get("collation", ""))
    if before and after and before != after and (before, after) not in _UTF8:
        return False
    return old["type"] == new["type"] or _holds(types.kind(old["type"]), types.kind(new["type"]))


def _holds(old: types.Kind, new: types.Kind) -> bool:  # noqa: PLR0911 - one answer per family of types
    """Whether a type holds all values of another one."""
    if old.base in _INTEGERS:
        return _holds_integer(old, new)
    if old.base in {"enum", "set"}:
        return old.base == new.base and types.appended(old.values, new.values)
    if old.base == "decimal":
        return new.base == "decimal" and _digits(old, new)
    if old.base == "float":
        return new.base == "double" and not new.inside
    if old.base in _TIMES:
        return old.base == new.base and (old.size or 0) <= (new.size or 0)
    if old.base in _CHARACTERS:
        return new.base in _CHARACTERS and _length(old, _TEXTS) <= _length(new, _TEXTS)
    if old.base in _BYTES:
        return old.base != "binary" and new.base in _BYTES - {"binary"} and _length(old, _BLOBS) <= _length(new, _BLOBS)
    return old.base == new.base and old.inside == new.inside and old.unsigned == new.unsigned


def _holds_integer(old: types.Kind, new: types.Kind) -> bool:
    if new.base in _CHARACTERS:
        return _length(new, _TEXTS) > _DIGITS[old.base]
    if new.base == "decimal":
        whole, _, fraction = new.inside.partition(",")
        return int(whole or 10) - int(fraction or 0) >= _DIGITS[old.base] and (old.unsigned or not new.unsigned)
    if new.base not in _INTEGERS:
        return False
    wider = _INTEGERS.index(new.base) - _INTEGERS.index(old.base)
    if old.unsigned == new.unsigned:
        return wider >= 0
    return wider > 0 and old.unsigned


def _digits(old: types.Kind, new: types.Kind) -> bool:
    one, _, fraction = old.inside.partition(",")
    two, _, other = new.inside.partition(",")
    before, after = int(fraction or 0), int(other or 0)
    return before <= after and int(one) - before <= int(two) - after and (old.unsigned or not new.unsigned)


def _length(found: types.Kind, unlimited: tuple[str, ...]) -> int:
    """Return a rank of how much a type holds, in characters or bytes."""
    if found.base in unlimited:
        return (63, 16_000, 4_000_000, 1_000_000_000)[unlimited.index(found.base)]
    return found.size or 1
