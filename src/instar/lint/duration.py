"""How long work over rows takes: a range with its basis, from learned rates or, at first, from calibration."""

from collections.abc import Iterator, Mapping, Sequence

from instar.catalog import Index, Schema, Table
from instar.effects import Change, Effect, Work, WorkKind
from instar.judgement import Estimate
from instar.lint.conditions import one_row
from instar.spans import seconds

CALIBRATION: Mapping[str, tuple[float, float]] = {
    "scan": (3e6, 16e6),
    "foreign key check": (1e6, 9e6),
    "index": (0.8e6, 5e6),
    "text index": (0.15e6, 1e6),
    "rewrite": (0.5e6, 4e6),
    "change of rows": (0.07e6, 0.6e6),
    "copy": (0.25e6, 2.5e6),
}
"""Rows a second, slow and fast, by operation: PostgreSQL 17, all cached, two busy cores, rows of 85 bytes.

The slow end is a quarter of what was measured: a loaded machine was slower by up to that much. What a database's own
log says goes before these; see instar.rates.
"""
_BYTES: Mapping[str, tuple[float, float]] = {
    "scan": (0.25e9, 1.3e9),
    "foreign key check": (0.25e9, 1.3e9),
    "rewrite": (0.06e9, 0.35e9),
}
_CALIBRATED = ", slow machines included"
_TEXT = ("text", "varchar", "character", "char", "bpchar", "citext", "longtext", "mediumtext", "json", "jsonb")
_COPIES = frozenset({"create table as", "create materialized view", "insert"})
"""Changes whose work is by the rows that they read: so many are written, whatever the target holds."""


def of_effect(effect: Effect, tables: Mapping[str, Table], schema: Schema) -> tuple[list[Estimate], list[str]]:
    """Estimate a statement's work, and that of the statements in it; also name the relations whose size decides."""
    found: list[Estimate] = []
    unknown: dict[str, None] = {}
    for work, change in _works(effect):
        table = tables.get(work.relation)
        if table is None or work.kind in {WorkKind.WAIT, WorkKind.SWAP} or _into(work, change):
            continue
        if table.rows is None:
            unknown[work.relation] = None
        else:
            found += _of_work(work, change, table, schema)
    return found, list(unknown)


def total(parts: Sequence[Estimate]) -> Estimate:
    """Add estimates up."""
    said = list(dict.fromkeys(item.basis for item in parts if item.basis))
    calibrated = [item for item in said if item.endswith(_CALIBRATED)]
    said = [item if item in calibrated[-1:] else item.removesuffix(_CALIBRATED) for item in said]
    basis = "; ".join(said)
    return Estimate(sum(item.low for item in parts), sum(item.high for item in parts), basis)


def operation(work: Work, change: Change | None, table: Table) -> str:
    """Return the word under which the rate of this work is known; "" where none is."""
    if _into(work, change) or (work.kind is WorkKind.SCAN and change is not None and change.kind in _COPIES):
        return "copy"
    if work.kind is WorkKind.SCAN:
        checks = change is not None and change.constraint is not None and bool(change.constraint.references)
        return "foreign key check" if checks else "scan"
    if work.kind in {WorkKind.BUILD, WorkKind.REBUILD}:
        return _index_word(_index(work, change, table), table)
    return {WorkKind.REWRITE: "rewrite", WorkKind.DML: "change of rows"}.get(work.kind, "")


def _into(work: Work, change: Change | None) -> bool:
    """Whether work is that on the table into which an INSERT puts rows."""
    return work.kind is WorkKind.DML and change is not None and change.kind == "insert"


def _works(effect: Effect) -> Iterator[tuple[Work, Change | None]]:
    """Yield each piece of work once, with the change that it belongs to."""
    seen: set[Work] = set()
    for part in walk(effect):
        for change in part.changes:
            for work in change.work:
                if work not in seen and not work.unknown:
                    seen.add(work)
                    yield work, change


def walk(effect: Effect) -> Iterator[Effect]:
    """Yield a statement and all statements in it."""
    yield effect
    for inner in effect.inner:
        yield from walk(inner)


def _of_work(work: Work, change: Change | None, table: Table, schema: Schema) -> Iterator[Estimate]:
    word = operation(work, change, table)
    if work.kind is WorkKind.DML and change is not None and one_row(change.text, table):
        yield Estimate(0.0, 1 / CALIBRATION["change of rows"][0], "one row, found by a unique key")
    elif word:
        partly = work.kind is WorkKind.DML and change is not None and "where" in change.flags
        yield _estimate(word, table, schema.rates, partly=partly)
    if work.kind is WorkKind.REWRITE:
        for index in table.indexes:
            yield _estimate(_index_word(index, table), table, schema.rates)


def _estimate(word: str, table: Table, rates: Mapping[str, tuple[float, float]], *, partly: bool = False) -> Estimate:
    rows = table.rows or 0.0
    slow, fast = rates.get(word) or CALIBRATION[word]
    low, high = rows / fast, rows / slow
    basis = f"{_rows(rows)} rows x {_million(slow, fast)} Mrow/s {word}"
    if table.size and word in _BYTES and word not in rates:
        slow_bytes, fast_bytes = _BYTES[word]
        if table.size / slow_bytes > high:
            low, high = table.size / fast_bytes, table.size / slow_bytes
            basis = f"{table.size / 1e9:.2g} GB x {slow_bytes / 1e9:g}-{fast_bytes / 1e9:g} GB/s {word}"
    if partly:
        low, basis = 0.0, f"at most {basis}"
    learned = ", learned from this database" if word in rates else _CALIBRATED
    return Estimate(low, high, f"{basis} = {seconds(low, high)}{learned}")


def _index(work: Work, change: Change | None, table: Table) -> Index | None:
    made = change.index if change is not None else None
    return made or table.index(work.object)


def _index_word(index: Index | None, table: Table) -> str:
    columns = [table.column(name) for name in index.columns] if index else []
    wordy = any(column is None or column.type.split("(")[0].lower() in _TEXT for column in columns)
    return "text index" if wordy else "index"


def _rows(rows: float) -> str:
    for size, letter in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if rows >= size:
            return f"{rows / size:.3g}{letter}"
    return f"{rows:.0f}"


def _million(slow: float, fast: float) -> str:
    return f"{slow / 1e6:.2g}-{fast / 1e6:.2g}"


__all__ = ["CALIBRATION", "of_effect", "operation", "total", "walk"]
