"""How fast this database works: rates learned from the statements in its own execution log."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from instar import cuts
from instar.catalog import Schema
from instar.dialects import Dialect
from instar.effects import ROWS, Change, Effect, Work, WorkKind
from instar.lint import duration
from instar.model import Action, Attempt, Migration, Statement

_SLOW = 0.2
"""Seconds: what takes less says more about the round trip than about the rows."""
_NEWEST = 200
_ORDER = (WorkKind.REWRITE, WorkKind.BUILD, WorkKind.REBUILD, WorkKind.DML, WorkKind.SCAN)
"""What a statement's time is put down to, where it does several things."""
_MARGIN = 1.5


def learn(catalog: Schema, attempts: Sequence[Attempt], migrations: Iterable[Migration], dialect: Dialect) -> None:
    """Put the rates that a log shows into `catalog`: rows a second, slow and fast, by operation.

    Rows that were changed are counted by the log. Of other work it knows the time, and the table's rows are those of
    the catalog: of a table that has grown since, the rate comes out too fast.
    """
    known = {item.version: item for item in migrations if item.code is None}
    samples: dict[str, list[float]] = {}
    for attempt in attempts[-_NEWEST:]:
        item = known.get(attempt.version)
        if item is None or (attempt.action, attempt.status) != (Action.APPLY.value, "completed"):
            continue
        for statement, record in _slow(item, attempt, dialect):
            for word, rate in _measured(dialect.analyse(statement.text, catalog), record, catalog):
                samples.setdefault(word, []).append(rate)
    catalog.rates.update({word: spread(rates) for word, rates in samples.items()})


def spread(rates: Sequence[float]) -> tuple[float, float]:
    """Return the range of measured rates without the outer fifths; that of a single one is a guess around it."""
    ordered, outer = sorted(rates), len(rates) // 5
    if len(ordered) == 1:
        return ordered[0] / _MARGIN, ordered[0] * _MARGIN
    return ordered[outer], ordered[-1 - outer]


def _slow(item: Migration, attempt: Attempt, dialect: Dialect) -> Iterator[tuple[Statement, Mapping[str, object]]]:
    """Yield the statements of an attempt that took their time, with what the log says of each.

    One that no longer stands on its line was edited: what the log says is about another.
    """
    records = attempt.context.get("statements")
    found = [each for each in records if _seconds(each) >= _SLOW] if isinstance(records, list) else []
    if not found:
        return
    parts = cuts.cut(item, Action.APPLY, dialect)
    statements = {part.first + place: each for part in parts for place, each in enumerate(part.statements)}
    for record in found:
        statement = statements.get(record.get("index", -1))
        if statement is not None and statement.line == record.get("line"):
            yield statement, record


def _measured(effect: Effect, record: Mapping[str, object], catalog: Schema) -> Iterator[tuple[str, float]]:
    """Yield the operation that a statement's time went into, with its rate; nothing where that is not clear."""
    works = [(work, change) for change in effect.changes for work in change.work if not work.unknown]
    main = min(works, key=lambda each: _rank(each[0]), default=None)
    if main is None or main[0].kind not in {*ROWS, WorkKind.DML} or effect.inner:
        return
    word, rows = duration.operation(main[0], main[1], catalog.known(main[0].relation)), _rows(main, record, catalog)
    if word and rows:
        yield word, rows / _seconds(record)


def _rows(main: tuple[Work, Change], record: Mapping[str, object], catalog: Schema) -> float:
    rows = record.get("rows") if main[0].kind is WorkKind.DML else catalog.known(main[0].relation).rows
    return float(rows) if isinstance(rows, int | float) else 0.0


def _rank(work: Work) -> int:
    return _ORDER.index(work.kind) if work.kind in _ORDER else len(_ORDER)


def _seconds(record: object) -> float:
    value = record.get("ms") if isinstance(record, dict) else None
    return float(value) / 1000 if isinstance(value, int | float) else 0.0
