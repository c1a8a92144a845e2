"""The content of all tables as sums, computed in the server, and what differs between two of them."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from msgspec import Struct

from instar.dialects import Dialect, Names, Session
from instar.rows.tables import tables
from instar.shapes import Digest


class Fingerprints(Struct, frozen=True):
    """The content of every table, by its key ("public.users")."""

    tables: Mapping[str, Digest]


class Difference(Struct, frozen=True):
    """Content that is not the same.

    `column` is "" where the number of rows differs, or only which values go together.
    """

    table: str
    column: str
    message: str

    def __str__(self) -> str:
        return self.message


def fingerprints(
    session: Session, dialect: Dialect, *, names: Names | None = None, skip: Collection[str] = ()
) -> Fingerprints:
    """Sum up the content of every table, without our own, those of other migration tools and those in `skip`.

    The sums do not depend on the order of rows or columns, nor on settings of the session. Numbers that are plainly the
    same are the same (1, 1.0, 1.00 as numbers), so are times (a day and its midnight; with a zone and, in UTC, without)
    and JSON in another layout. A partitioned table is one table.
    """
    shapes = [shape for shape in tables(session, dialect, names, skip) if not shape.part]
    return Fingerprints(dialect.rows.digests(session, shapes))


def compare(before: Fingerprints, after: Fingerprints) -> list[Difference]:
    """Return what differs in the tables and columns that are in both. What is in one only is the schema's business."""
    return [
        difference
        for table, digest in sorted(before.tables.items()) if table in after.tables
        for difference in _compared(table, digest, after.tables[table])
    ]  # fmt: skip


def _compared(table: str, before: Digest, after: Digest) -> Iterator[Difference]:
    if before.rows != after.rows:
        yield Difference(table, "", f"{table}: {_rows(before.rows)} before, {after.rows} after")
        return
    same_names = before.primary == after.primary and all(
        before.plain.get(name) == after.plain.get(name) for name in before.primary
    )
    found = False
    for column in sorted(before.plain.keys() & after.plain.keys()):
        plain = before.plain[column] == after.plain[column]
        if plain and (not same_names or before.keyed[column] == after.keyed[column]):
            continue
        found = True
        yield Difference(table, column, f"{table}.{column}: {_said(before, after, column, same_names=same_names)}")
    if not found and before.plain.keys() == after.plain.keys() and before.whole != after.whole:
        yield Difference(table, "", f"{table}: the same values stand in other rows")


def _rows(number: int) -> str:
    return f"{number} row" if number == 1 else f"{number} rows"


def _said(before: Digest, after: Digest, column: str, *, same_names: bool) -> str:
    """Say how many rows differ, where that is known."""
    if before.lines is None or after.lines is None:
        return f"the content of its {_rows(before.rows)} differs"
    place, other = _place(before, column), _place(after, column)
    if same_names:
        now = {line[0]: line[other] for line in after.lines}
        number = sum(now.get(line[0]) != line[place] for line in before.lines)
    else:
        gone = Counter(line[place] for line in before.lines) - Counter(line[other] for line in after.lines)
        number = gone.total()
    return f"{number} of {_rows(before.rows)} {'differs' if number == 1 else 'differ'}"


def _place(digest: Digest, column: str) -> int:
    return 1 + list(digest.plain).index(column)
