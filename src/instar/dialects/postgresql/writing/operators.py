"""Operators with their families and classes, casts, transforms, collations, conversions."""

from collections.abc import Iterator

from instar.dialects.postgresql.writing import _common as common
from instar.snapshot import Object, Snapshot

KINDS = ("operator", "operator family", "operator class", "cast", "transform", "collation", "conversion")


def creating(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield the statement that makes it."""
    if item.kind == "operator family":
        yield f"CREATE OPERATOR FAMILY {item.name}"
        yield from _members(Object(item.kind, item.name), item)
    else:
        yield item.facts["definition"]
    yield from common.finishing(item, whole)


def dropping(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield DROP."""
    del whole
    yield f"DROP {common.word(item.kind)} {item.name}"


def altering(before: Object, after: Object, whole: Snapshot) -> list[str] | None:
    """Return what changes a family's members; anything else is made anew."""
    if common.others(before, after, ("member ",)):
        return None
    return [*_members(before, after), *common.finished(before, after, whole)]


def _members(before: Object, after: Object) -> Iterator[str]:
    names = common.differing(before.facts, after.facts, "member ")
    new = [name.removeprefix("member ") for name in names if name in after.facts]
    gone = [name.removeprefix("member ") for name in names if name not in after.facts]
    if gone:
        yield f"ALTER OPERATOR FAMILY {after.name} DROP {', '.join(map(_place, gone))}"
    if new:
        yield f"ALTER OPERATOR FAMILY {after.name} ADD {', '.join(new)}"


def _place(member: str) -> str:
    """Return a member as DROP calls it: by number and types only."""
    word, number, rest = member.split(" ", 2)
    return f"{word} {number} {rest[rest.index('(') : rest.index(')') + 1]}"
