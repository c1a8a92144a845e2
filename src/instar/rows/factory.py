"""A row for a test: what the test names is as it says, and the rest is made."""

from collections.abc import Mapping, Sequence
from random import Random

from instar.dialects import Dialect, Session
from instar.errors import UsageError
from instar.rows.compose import Composer
from instar.rows.filling import Filler, transaction
from instar.rows.order import optional
from instar.rows.tables import bare, tables
from instar.shapes import Reference, Shape


def make(session: Session, dialect: Dialect, table: str, count: int = 1, **columns: object) -> list[dict[str, object]]:
    """Insert `count` rows into `table` and return them as they are in the database, with numbers and defaults.

    `table` is its name, with its schema where that is needed. `columns` are values for some of its columns; everything
    else is made so that it obeys the constraints. Rows that it must refer to are taken, or made where there are none.
    Raises UsageError for a table or a column that is not there, DatabaseError when the server refuses the row.
    """
    shapes = tables(session, dialect, None, ())
    shape = _called(shapes, table)
    unknown = [name for name in columns if shape.field(name) is None]
    if unknown:
        raise UsageError(f"{shape.key} has no column {unknown[0]}")
    with transaction(session, dialect):
        return _Factory(session, dialect, shapes).make(shape, count, columns)


def _called(shapes: Sequence[Shape], table: str) -> Shape:
    found = [shape for shape in shapes if table in {shape.key, bare(shape)}]
    exact = [shape for shape in found if shape.key in {table, f"public.{table}"}]
    if not found:
        raise UsageError(f"there is no table {table}")
    if len(exact or found) > 1:
        raise UsageError(f"more than one table is called {table}", hint=f"write {found[0].key}")
    return (exact or found)[0]


class _Factory:
    """Makes rows, and the rows that they refer to."""

    def __init__(self, session: Session, dialect: Dialect, shapes: Sequence[Shape]) -> None:
        self.session = session
        self.dialect = dialect
        self.shapes = {shape.key: shape for shape in shapes}
        self.filler = Filler(session, dialect, shapes, 1000, 0)

    def make(
        self, shape: Shape, count: int, given: Mapping[str, object], making: tuple[str, ...] = ()
    ) -> list[dict[str, object]]:
        """Insert rows with the given values."""
        parents = {item: self.parents(shape, item, given, making) for item in shape.references}
        own = {
            item
            for item in shape.references
            if item.table == shape.key and not optional(shape, item) and not parents[item]
        }
        explicit = frozenset(name for item in own for name in item.referenced)
        there = self.existing(shape)
        random = Random(f"{shape.key} {len(there)}")  # noqa: S311 - values, no secrets
        known = {item: rows for item, rows in parents.items() if item not in own}
        composer = Composer(shape, random, known, given=given, explicit=explicit)
        for row in there:
            composer.take(row)
        return [self.insert(shape, composer, given, len(there) + number) for number in range(count)]

    def insert(self, shape: Shape, composer: Composer, given: Mapping[str, object], number: int) -> dict[str, object]:
        """Insert one row."""
        row = composer.row(number, 1)
        if row is None:
            # Every row that can be made is there already: let the server say which key stands against it.
            row = {item.name: None for item in composer.written()} | dict(given)
        fields = [item for item in shape.fields if item.name in row]
        literals = [[self.dialect.rows.literal(row[item.name], item.kind) for item in fields]]
        text = self.dialect.rows.inserting(shape, [item.name for item in fields], literals, returned=True)
        return self.dialect.rows.inserted(self.session, text)[0]

    def parents(
        self, shape: Shape, item: Reference, given: Mapping[str, object], making: tuple[str, ...]
    ) -> list[tuple[object, ...]]:
        """Return the rows that a reference may name; make one where there must be one and none is."""
        other = self.shapes.get(item.table)
        if other is None or all(name in given for name in item.columns):
            return []
        found = self.filler.read(other, item.referenced)
        if found or optional(shape, item) or item.table in {shape.key, *making}:
            return found
        self.make(other, 1, {}, (*making, shape.key))
        return self.filler.read(other, item.referenced)

    def existing(self, shape: Shape) -> list[dict[str, object]]:
        """Read the keys of the rows that are there."""
        found: list[dict[str, object]] = []
        for key in shape.keys:
            found += [dict(zip(key, row, strict=True)) for row in self.filler.read(shape, key)]
        return found
