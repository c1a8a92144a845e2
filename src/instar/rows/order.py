"""The order in which tables are filled: parents first. Where they form a circle, references wait."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from instar.shapes import Reference, Shape


class Waiting(StrEnum):
    """Which references may wait for the transaction's end."""

    ALL = "all"
    DEFERRABLE = "deferrable"
    NONE = "none"


class Turn(Struct, frozen=True):
    """A table's turn, with the references that are filled in afterwards: their other table comes later."""

    shape: Shape
    later: tuple[Reference, ...] = ()


def order(shapes: Sequence[Shape], waiting_for: Waiting) -> list[Turn]:
    """Put parents first. `waiting_for` says which references may wait for the transaction's end.

    A circle is opened at the table with the fewest references that must be there at once.
    """
    waiting = {shape.key: shape for shape in shapes}
    found: list[Turn] = []
    while waiting:
        ready = [shape for shape in waiting.values() if not _ahead(shape, waiting)]
        for shape in ready or [_weakest(waiting, waiting_for)]:
            del waiting[shape.key]
            later = tuple(item for item in shape.references if item.table in waiting or item.table == shape.key)
            found.append(Turn(shape, later))
    return found


def _ahead(shape: Shape, waiting: Mapping[str, Shape]) -> list[Reference]:
    return [item for item in shape.references if item.table in waiting and item.table != shape.key]


def optional(shape: Shape, item: Reference) -> bool:
    """Whether a row need not refer to any."""
    return any((field := shape.field(name)) is not None and field.nullable for name in item.columns)


def weak(shape: Shape, item: Reference, waiting: Waiting) -> bool:
    """Whether a row may come before the row that it refers to."""
    waits = waiting is Waiting.ALL or (waiting is Waiting.DEFERRABLE and item.deferrable)
    return waits or optional(shape, item)


def _weakest(waiting: Mapping[str, Shape], waiting_for: Waiting) -> Shape:
    """Return the table where a circle is opened."""

    def hard(shape: Shape) -> tuple[bool, int, int]:
        ahead = _ahead(shape, waiting)
        return not _circular(shape, waiting), sum(not weak(shape, item, waiting_for) for item in ahead), len(ahead)

    return min(waiting.values(), key=hard)


def _circular(shape: Shape, waiting: Mapping[str, Shape]) -> bool:
    """Whether a table's references lead back to it."""
    seen: set[str] = set()
    ahead = [item.table for item in _ahead(shape, waiting)]
    while ahead:
        key = ahead.pop()
        if key == shape.key:
            return True
        if key not in seen:
            seen.add(key)
            ahead += [item.table for item in _ahead(waiting[key], waiting)]
    return False
