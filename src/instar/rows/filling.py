"""Rows for every empty table, in one transaction."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from random import Random

from msgspec import Struct

from instar.dialects import Command, Dialect, Names, Session
from instar.errors import DatabaseError
from instar.rows import values
from instar.rows.compose import Composer, Parents
from instar.rows.order import Turn, Waiting, optional, order, weak
from instar.rows.tables import tables
from instar.shapes import Reference, Shape

_MARK = "instar_fill"
_HOPELESS = 12
"""After so many refused rows, and none taken, a table is given up."""


class Part(Struct, frozen=True):
    """What became of a table. `reason` says why it has fewer rows than were asked for ("" = it has them all)."""

    table: str
    rows: int
    reason: str = ""


class Filled(Struct, frozen=True):
    """What was filled, and what was not: tables by key, in the order of their turns."""

    parts: tuple[Part, ...]

    @property
    def filled(self) -> tuple[Part, ...]:
        """The tables that have new rows."""
        return tuple(item for item in self.parts if item.rows)

    @property
    def left(self) -> tuple[Part, ...]:
        """The tables that have none, each with the reason."""
        return tuple(item for item in self.parts if not item.rows)


def fill(
    session: Session,
    dialect: Dialect,
    *,
    rows: int = 20,
    seed: int = 0,
    names: Names | None = None,
    skip: Collection[str] = (),
) -> Filled:
    """Put `rows` rows into every empty table: the same rows for the same schema, seed and server.

    They obey types, keys, references and constraints; the users' triggers run as always. A table whose rows the server
    refuses stays empty, and its part says what the server said. Tables that hold rows, our own tables (`names`), those
    of other migration tools and those in `skip` are left alone. All is done in one transaction, or in the open one: on
    an error nothing is left. Raises DatabaseError when the connection breaks.
    """
    shapes = tables(session, dialect, names, skip)
    empty = dialect.rows.empty(session, shapes)
    wanted = [shape for shape in shapes if shape.key in empty and not shape.part]
    filler = Filler(session, dialect, shapes, rows, seed)
    try:
        return filler.fill_all(wanted)
    except DatabaseError as error:
        if error.connection_lost or not dialect.rows.deferring:
            raise
    # What waited for the end was refused there: now each table hears of it when its rows come.
    return Filler(session, dialect, shapes, rows, seed, Waiting.NONE).fill_all(wanted)


@contextmanager
def transaction(session: Session, dialect: Dialect, *, waiting: bool = True) -> Iterator[None]:
    """Do all or nothing: in a transaction of its own, or at a savepoint of the open one.

    `waiting`: foreign keys wait for its end where they can; else all are looked at at once.
    """
    inside = session.in_transaction()
    mark = f"{_MARK}_all"
    session.run([Command(f"SAVEPOINT {mark}" if inside else dialect.begin)])
    try:
        session.run([Command(text) for text in (dialect.rows.deferring if waiting else dialect.rows.settling)])
        yield
        session.run([Command(text) for text in dialect.rows.settling])
        session.run([Command(f"RELEASE SAVEPOINT {mark}" if inside else "COMMIT")])
    except BaseException as error:
        if not (isinstance(error, DatabaseError) and error.connection_lost):
            session.run([Command(f"ROLLBACK TO SAVEPOINT {mark}" if inside else "ROLLBACK")])
        raise


class Filler:
    """Fills one table after the other."""

    def __init__(
        self,
        session: Session,
        dialect: Dialect,
        shapes: Sequence[Shape],
        rows: int,
        seed: int,
        waiting: Waiting | None = None,
    ) -> None:
        self.session = session
        self.dialect = dialect
        self.shapes = {shape.key: shape for shape in shapes}
        self.rows = rows
        self.seed = seed
        self.watched = any(shape.triggers for shape in shapes)
        # SQLite lets every foreign key wait, and looks at them when it commits; elsewhere the deferrable ones do.
        every = bool(dialect.rows.deferring) and not dialect.rows.settling
        self.waiting = waiting or (Waiting.ALL if every else Waiting.DEFERRABLE)
        self._there: dict[tuple[str, tuple[str, ...]], list[tuple[object, ...]]] = {}

    def fill_all(self, wanted: Sequence[Shape]) -> Filled:
        """Put rows into tables, all in one transaction."""
        self._there.clear()
        with transaction(self.session, self.dialect, waiting=self.waiting is not Waiting.NONE):
            turns = order(wanted, self.waiting)
            parts = [self.fill(turn) for turn in turns]
            self.finish(turns, parts)
        return Filled(tuple(parts))

    def fill(self, turn: Turn) -> Part:
        """Put rows into one table."""
        shape = turn.shape
        reason = shape.refused or self._unknown(shape)
        if reason:
            return Part(shape.key, 0, reason)
        if self.watched and shape.key not in self.dialect.rows.empty(self.session, [shape]):
            count = self.session.query(f"SELECT COUNT(*) FROM {shape.source}")[0][0]
            return Part(shape.key, int(str(count)))  # a trigger has put rows into it
        parents, reason = self._parents(turn)
        if reason:
            return Part(shape.key, 0, reason)
        composer = self._composer(turn, parents)
        made = list(self._compose(composer))
        if not made:
            return Part(shape.key, 0, "no row is found that differs from the others as its keys ask")
        reason = self._insert_all(shape, composer, made)
        if not reason:
            short = "its keys allow no more rows" if len(made) < self.rows else ""
            return Part(shape.key, len(made), short)
        return self._insert_without(turn, parents, reason) or self._insert_singly(turn, parents, reason)

    def _unknown(self, shape: Shape) -> str:
        """Say which column needs a value of a type that is not known."""
        for item in shape.fields:
            if not (item.nullable or item.default or item.generated or values.known(item.kind)):
                return f"no value is known for its column {item.name} of type {item.kind.spelled}"
        return ""

    def _compose(self, composer: Composer) -> Iterator[dict[str, object]]:
        for number in range(self.rows):
            row = composer.row(number)
            if row is None:
                return
            yield row

    def _parents(self, turn: Turn) -> tuple[Parents, str]:
        """Return the rows that references may name, or why there is one that finds none."""
        found: dict[Reference, Sequence[tuple[object, ...]]] = {}
        for item in turn.shape.references:
            if item in turn.later:
                if not weak(turn.shape, item, self.waiting) and item.table != turn.shape.key:
                    return {}, f"{item.name or 'a reference'} to {item.table} is part of a circle, and cannot be NULL"
                continue
            rows = self._keys(item)
            if not rows and not optional(turn.shape, item):
                return {}, f"it refers to {item.table}, which has no row"
            found[item] = rows
        return found, ""

    def _keys(self, item: Reference) -> list[tuple[object, ...]]:
        """Return the values that a reference may have, read once."""
        place = (item.table, item.referenced)
        if place not in self._there:
            shape = self.shapes.get(item.table)
            self._there[place] = [] if shape is None else self.read(shape, item.referenced)
        return self._there[place]

    def read(self, shape: Shape, columns: Sequence[str]) -> list[tuple[object, ...]]:
        """Read the values of columns that are not NULL."""
        kinds = [field.kind for name in columns if (field := shape.field(name))]
        text = self.dialect.rows.selecting(shape, columns, max(self.rows, 100))
        return [
            tuple(values.typed(found, kind) for found, kind in zip(row, kinds, strict=True))
            for row in self.session.query(text)
        ]

    def _insert_all(self, shape: Shape, composer: Composer, made: list[dict[str, object]]) -> str:
        """Insert all rows at once, one half with defaults; return what the server said when it refused them."""
        without = composer.defaulted()
        halves = [made[::2], made[1::2]] if without else [made]
        texts = [
            self.statement(shape, half, without if number else frozenset())
            for number, half in enumerate(halves) if half
        ]  # fmt: skip
        columns = [name for name in made[0] if shape.field(name)]
        if not columns:
            texts = [self.dialect.rows.inserting(shape, (), (), returned=False)] * len(made)
        return self.attempt(texts)

    def statement(self, shape: Shape, rows: Sequence[Mapping[str, object]], without: frozenset[str]) -> str:
        """Write an INSERT of rows, without the columns that are left to their defaults."""
        fields = [item for item in shape.fields if item.name in rows[0] and item.name not in without]
        literals = [[self.dialect.rows.literal(row[item.name], item.kind) for item in fields] for row in rows]
        return self.dialect.rows.inserting(shape, [item.name for item in fields], literals, returned=False)

    def attempt(self, texts: Sequence[str], *, keep: bool = True) -> str:
        """Run statements at a savepoint; return what the server said when it refused one, else ""."""
        back = () if keep else (f"ROLLBACK TO SAVEPOINT {_MARK}",)
        whole = (f"SAVEPOINT {_MARK}", *texts, *back, f"RELEASE SAVEPOINT {_MARK}")
        try:
            self.session.run([Command(text) for text in whole])
        except DatabaseError as error:
            if error.connection_lost:
                raise
            self.session.run([Command(f"ROLLBACK TO SAVEPOINT {_MARK}"), Command(f"RELEASE SAVEPOINT {_MARK}")])
            return error.message
        return ""

    def _insert_without(self, turn: Turn, parents: Parents, reason: str) -> Part | None:
        """Find the one column that the server refuses a row for, and leave it NULL in all; None when it is not one."""
        shape = turn.shape
        composer = self._composer(turn, parents)
        row = composer.row(0, 1)
        if row is None or not self._is_refused(shape, row):
            return None
        for item in shape.fields:
            if not item.nullable or row.get(item.name) is None or self._is_refused(shape, {**row, item.name: None}):
                continue
            again = self._composer(turn, parents, {item.name: None})
            made = list(self._compose(again))
            if made and not self._insert_all(shape, again, made):
                return Part(shape.key, len(made), f"its column {item.name} is NULL in all: {reason}")
        return None

    def _composer(
        self,
        turn: Turn,
        parents: Parents,
        given: Mapping[str, object] | None = None,
    ) -> Composer:
        random = Random(f"{self.seed} {turn.shape.key}")  # noqa: S311 - rows, no secrets
        return Composer(turn.shape, random, parents, given=given, explicit=_explicit(turn))

    def _is_refused(self, shape: Shape, row: Mapping[str, object]) -> bool:
        """Whether the server does not take a row; it is not kept."""
        text = self.statement(shape, [row], frozenset())
        return bool(self.attempt([text], keep=False))

    def _insert_singly(self, turn: Turn, parents: Parents, reason: str) -> Part:
        """Try row by row, each time another sort of row; give up when the server takes none."""
        shape = turn.shape
        composer = self._composer(turn, parents)
        taken = 0
        for tried in range(self.rows * 5):
            if taken == self.rows or (not taken and tried >= _HOPELESS):
                break
            row = composer.row(tried, tried % 4)
            if row is None:
                break
            without = composer.defaulted() if tried % 8 >= 4 else frozenset[str]()  # noqa: PLR2004 - every other four
            said = self.attempt([self.statement(shape, [row], without)])
            taken += not said
            reason = said or reason
        return Part(shape.key, taken, reason if taken < self.rows else "")

    def finish(self, turns: Sequence[Turn], parts: Sequence[Part]) -> None:
        """Let the references that waited name rows that are there now."""
        for turn, part in zip(turns, parts, strict=True):
            for item in turn.later:
                if part.rows and turn.shape.primary:
                    self._refer(turn.shape, item)

    def _refer(self, shape: Shape, item: Reference) -> None:
        """Update every other row, or all where none may stay as it is."""
        self._there.pop((item.table, item.referenced), None)
        rows = self.read(shape, shape.primary)
        targets = self._keys(item)
        free = optional(shape, item)
        if not targets or (not free and item.table == shape.key):
            return
        texts = []
        for number, row in enumerate(rows):
            if free and number % 2 == 0:
                continue
            texts.append(self._update(shape, item.columns, targets[(number // 2) % len(targets)], row))
        if texts and self.attempt(texts):
            for text in texts:
                self.attempt([text])

    def _update(self, shape: Shape, columns: Sequence[str], found: Sequence[object], key: Sequence[object]) -> str:
        assigned = ", ".join(self._equal(shape, columns, found))
        return f"UPDATE {shape.source} SET {assigned} WHERE {' AND '.join(self._equal(shape, shape.primary, key))}"

    def _equal(self, shape: Shape, columns: Sequence[str], found: Sequence[object]) -> list[str]:
        fields = [field for name in columns if (field := shape.field(name))]
        return [
            f"{self.dialect.quote(field.name)} = {self.dialect.rows.literal(value, field.kind)}"
            for field, value in zip(fields, found, strict=True)
        ]


def _explicit(turn: Turn) -> frozenset[str]:
    """Return the numbered columns that a row must know before it is there: it refers to itself."""
    return frozenset(
        name for item in turn.later
        if item.table == turn.shape.key and not optional(turn.shape, item)
        for name in item.referenced
    )  # fmt: skip
