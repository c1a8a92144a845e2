"""One row after another for a table: types, keys, references and checks are met as far as they are understood."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from instar.rows import values
from instar.rows.evaluate import UNKNOWN, evaluate, refuses
from instar.rows.expression import Node, read
from instar.rows.values import Asked
from instar.rows.wants import Relation, Wants, gather, hints
from instar.shapes import Field, Reference, Shape

_TRIES = 80
_LEAST_TRIES = 10
_STEPS = {"<": -1, "<=": 0, "=": 0, ">=": 0, ">": 1, "<>": 1}
_TIMES = frozenset({"date", "timestamp", "timestamptz"})

Parents = Mapping[Reference, Sequence[tuple[object, ...]]]
"""The values that a reference may have: those of the rows that are there."""


class Composer:
    """Makes rows for one table. `parents` are the rows that references may name; one that is not in it stays NULL.

    `given` are columns whose values are set by whoever asks. `explicit` are columns that would have a serial number,
    and get one from here.
    """

    def __init__(
        self,
        shape: Shape,
        random: Random,
        parents: Parents,
        *,
        given: Mapping[str, object] | None = None,
        explicit: frozenset[str] = frozenset(),
    ) -> None:
        self.shape = shape
        self.random = random
        self.parents = parents
        self.given = dict(given or {})
        self.explicit = explicit
        self.checks = [*(read(text) for text in shape.checks), *_of_domains(shape)]
        self.alternatives = [read(text) for text in shape.alternatives]
        self._hints = hints([*self.checks, *self.alternatives])
        self._patience = _TRIES
        self._taken: dict[tuple[str, ...], set[tuple[object, ...]]] = {key: set() for key in shape.keys}
        self._unique = frozenset(name for key in shape.keys for name in key)
        self._referring = frozenset(name for item in shape.references for name in item.columns)

    def written(self) -> list[Field]:
        """Return the columns that rows have a value for."""
        return [item for item in self.shape.fields if self._is_written(item)]

    def _is_written(self, item: Field) -> bool:
        if item.generated:
            return False
        return item.default != "serial" or item.name in self.explicit or item.name in self.given

    def defaulted(self) -> frozenset[str]:
        """Return the columns that may be left to a constant default: nothing else depends on their values."""
        used = self._unique | self._referring | set(self.given)
        checked = frozenset().union(*(check.columns() for check in (*self.checks, *self.alternatives)))
        return frozenset(
            item.name for item in self.written()
            if item.default == "constant" and item.name not in used | checked
        )  # fmt: skip

    def row(self, number: int, spice: int = 0) -> dict[str, object] | None:
        """Return the row with that number; None when its keys have no values left.

        `spice` asks for another sort of row: 1 without NULLs, 2 with NULLs where they may be, 3 with the constants that
        conditions mention.
        """
        last: dict[str, object] | None = None
        for attempt in range(self._patience):
            made = self._attempt(number, attempt, spice)
            if self._is_taken(made):
                continue
            last = made
            if not self._is_refused(made):
                break
        else:
            self._patience = max(_LEAST_TRIES, self._patience // 2)
        if last is not None:
            self._take(last)
        return last

    def _attempt(self, number: int, attempt: int, spice: int) -> dict[str, object]:
        conditions = list(self.checks)
        if self.alternatives:
            conditions.append(self.random.choice(self.alternatives))
        wants = gather(conditions, self.random)
        made = dict(self.given)
        self._refer(made, wants, number, attempt)
        rate = (0.15, 0.0, 1.0, 0.3)[spice] if attempt < _TRIES // 4 else self.random.random()
        for item in self.written():
            if item.name not in made:
                made[item.name] = self._value(item, wants, number, attempt, rate, spice)
        self._relate(made, wants)
        self._equate(made, wants)
        self._refer_to_itself(made)
        return made

    def _refer(self, made: dict[str, object], wants: Wants, number: int, attempt: int) -> None:
        """Choose a parent row for every reference, so that columns which two share agree."""
        for place, item in enumerate(self.shape.references):
            rows = [row for row in self.parents.get(item, ()) if _agrees(made, item.columns, row)]
            null = self._nullable(item) and any(wants.of(name).null is True for name in item.columns)
            if not rows or null or (self._nullable(item) and attempt % 3 == 2 and self.random.random() < 0.3):  # noqa: PLR2004
                self._leave_null(made, item)
                continue
            index = number + place * (number // len(rows)) if attempt == 0 else self.random.randrange(len(rows))
            made.update(zip(item.columns, rows[index % len(rows)], strict=True))

    def _nullable(self, item: Reference) -> bool:
        return any(field.nullable for field in self._fields(item.columns))

    def _leave_null(self, made: dict[str, object], item: Reference) -> None:
        for field in self._fields(item.columns):
            if field.nullable and field.name not in made:
                made[field.name] = None

    def _fields(self, columns: Sequence[str]) -> list[Field]:
        return [item for item in self.shape.fields if item.name in columns]

    def _value(self, item: Field, wants: Wants, number: int, attempt: int, rate: float, spice: int) -> object:
        want = wants.of(item.name)
        want.hints = self._hints.get(item.name, [])
        if item.nullable and (want.null or (want.null is None and self.random.random() < rate)):
            return None
        if want.hints and (spice == 3 or attempt > _TRIES // 2) and self.random.random() < 0.5:  # noqa: PLR2004
            found = values.hinted(want.hints, item.kind, self.random)
            if found is not None:
                return found
        spread = self.shape.spread
        apart = spread.index(item.name) if item.name in spread else -1
        distinct = attempt == 0 and item.name in self._unique
        return values.value(Asked(item.kind, item.name, number, want, apart, distinct), self.random)

    def _relate(self, made: dict[str, object], wants: Wants) -> None:
        """Change one side of a comparison of two columns that does not hold."""
        for _ in range(2):
            for item in wants.relations:
                if item.left in made and item.right in made and not _holds(item, made):
                    self._mend(item, made)

    def _equate(self, made: dict[str, object], wants: Wants) -> None:
        """Compute the columns that must be equal to an expression."""
        for column, expression in wants.equations:
            field = self.shape.field(column)
            if field is None or column not in made or column in self._referring | set(self.given):
                continue
            found = evaluate(expression, made)
            if found is not UNKNOWN and (found is not None or field.nullable):
                made[column] = values.typed(found, field.kind)

    def _mend(self, item: Relation, made: dict[str, object]) -> None:
        fixed = self._referring | set(self.given)
        if item.left in fixed and item.right in fixed:
            return
        if item.operator not in {"=", "<>"} and item.left not in fixed and item.right not in fixed:
            made[item.left], made[item.right] = made[item.right], made[item.left]
            if _holds(item, made):
                return
        changed, other, sign = (item.left, item.right, 1) if item.left not in fixed else (item.right, item.left, -1)
        made[changed] = _moved(made[other], sign * _STEPS[item.operator])

    def _refer_to_itself(self, made: dict[str, object]) -> None:
        """Let a reference to the same table, which must not be NULL and has no row to name, name its own row."""
        for item in self.shape.references:
            if item.table != self.shape.key or item in self.parents or self._nullable(item):
                continue
            for column, key in zip(item.columns, item.referenced, strict=True):
                made[column] = made.get(key)

    def _is_refused(self, made: Mapping[str, object]) -> bool:
        if any(refuses(check, made) for check in self.checks):
            return True
        if any(made[item.name] is None and not item.nullable for item in self.written()):
            return True
        return bool(self.alternatives) and all(refuses(check, made) for check in self.alternatives)

    def _is_taken(self, made: Mapping[str, object]) -> bool:
        return any(_key(key, made) in taken for key, taken in self._taken.items())

    def _take(self, made: Mapping[str, object]) -> None:
        for key, taken in self._taken.items():
            found = _key(key, made)
            if None not in found and all(name in made for name in key):
                taken.add(found)

    def take(self, row: Mapping[str, object]) -> None:
        """Note a row that is there already."""
        self._take(row)


def _of_domains(shape: Shape) -> list[Node]:
    """Return the checks of domains as checks of the columns that have them."""
    return [
        _renamed(read(text), item.name)
        for item in shape.fields if not item.generated
        for text in item.kind.checks
    ]  # fmt: skip


def _renamed(node: Node, column: str) -> Node:
    if node.word == "column" and str(node.value).lower() == "value":
        return Node("column", column)
    return Node(node.word, node.value, tuple(_renamed(item, column) for item in node.args))


def _agrees(made: Mapping[str, object], columns: Sequence[str], row: tuple[object, ...]) -> bool:
    return all(name not in made or made[name] == found for name, found in zip(columns, row, strict=True))


def _key(key: tuple[str, ...], made: Mapping[str, object]) -> tuple[object, ...]:
    return tuple(_folded(made.get(name)) for name in key)


def _folded(found: object) -> object:
    """Return what two values that an engine may take for the same have in common."""
    if isinstance(found, str):
        return found.strip().lower()
    return str(found) if isinstance(found, list) else found


def _holds(item: Relation, made: Mapping[str, object]) -> bool:
    met = evaluate(Node(item.operator, None, (Node("column", item.left), Node("column", item.right))), made)
    return met is None or met is UNKNOWN or bool(met)


def _moved(found: object, steps: int) -> object:
    """Return the next greater or smaller value."""
    if isinstance(found, bool) or steps == 0:
        return (not found) if isinstance(found, bool) and steps else found
    if isinstance(found, int | float | Decimal):
        return found + steps
    if isinstance(found, date):
        return found + timedelta(days=steps)
    if isinstance(found, str):
        return found + "x" if steps > 0 else found[:-1]
    return found
