"""SQLite's ALTER TABLE: four forms, each with its refusals. The others are syntax errors, and need a new table."""

from msgspec import Struct
from msgspec.structs import replace

from instar.catalog import Schema, Table
from instar.dialects import _names
from instar.dialects import _settings as settings
from instar.dialects._reader import Reader
from instar.dialects.sqlite.analysis import elements, refusal
from instar.effects import Change, Effect, Lock, LockMode, Work, WorkKind

REFUSED_WITH_ROWS = "refused with rows"
"""The flag of a change that SQLite makes only while the table is empty; `text` says why."""
_OFF = frozenset({"off", "0", "false", "no"})


class Statement(Struct, frozen=True):
    """What is needed to read one ALTER TABLE."""

    text: str
    schema: Schema
    table: Table
    key: str


def alter(text: str, reader: Reader, schema: Schema) -> Effect:
    """Analyse what stands behind `ALTER TABLE`."""
    key = _names.relation(schema, *reader.qualified())
    statement = Statement(text, schema, schema.known(key), key)
    at = reader.start
    if reader.accept("rename"):
        return _rename(statement, reader)
    if reader.accept("add"):
        return _add(statement, reader, at)
    if reader.accept("drop"):
        return _drop(statement, reader, at)
    return _syntax(statement, at, reader.word())


def _syntax(statement: Statement, at: int, word: str) -> Effect:
    change = Change("other", statement.key, start=at, end=len(statement.text), text=statement.text[at:])
    error = f'near "{word}": syntax error'
    return Effect(statement.text, "ALTER TABLE", (change,), error=error, at=at)


def _effect(statement: Statement, change: Change, error: str = "", work: tuple[Work, ...] = ()) -> Effect:
    locks = (Lock(statement.key, LockMode.SHARE if work else LockMode.ROW_EXCLUSIVE),)
    made = replace(change, locks=locks, work=work, end=len(statement.text))
    return Effect(statement.text, "ALTER TABLE", (made,), locks, work, error=error, at=change.start if error else 0)


def _rename(statement: Statement, reader: Reader) -> Effect:
    if reader.accept("to"):
        new = statement.schema.key("", reader.name())
        return _effect(statement, Change("rename table", statement.key, statement.key, new))
    start = reader.start
    reader.accept("column")
    old = _names.column(statement.table, reader.name())
    reader.accept("to")
    new = reader.name()
    if reader:
        return _syntax(statement, reader.start, reader.word())
    change = Change("rename column", statement.key, old, new, old=statement.table.column(old), start=start)
    return _effect(statement, change)


def _add(statement: Statement, reader: Reader, at: int) -> Effect:
    token = reader.token
    if elements.is_constraint(reader) and token is not None:
        return _syntax(statement, at, reader.word())
    reader.accept("column")
    if reader.word() == "if":
        return _syntax(statement, at, "exists")
    if any(word == "," for word in _outside(reader)):
        return _syntax(statement, at, ",")
    start = reader.start
    found = elements.column(reader, statement.text)
    setting = settings.value(statement.schema, "foreign_keys", "off")
    error = refusal.add_always(found)
    conditional = refusal.add_with_rows(found, foreign_keys=setting not in _OFF)
    empty, filled = statement.table.rows == 0, bool(statement.table.rows)
    flags = {REFUSED_WITH_ROWS} if conditional and not empty and not error else set()
    checked = any(item.expression for item in found.constraints) or (
        found.column.generated and not found.column.nullable
    )
    work = (Work(WorkKind.SCAN, statement.key, reason="every row is checked"),) if checked else ()
    references = next((item for item in found.constraints if item.references), None)
    change = Change(
        "add column", statement.key, found.column.name, column=found.column, constraint=references,
        flags=frozenset(flags), text=error or conditional, start=start,
    )  # fmt: skip
    return _effect(statement, change, error or (conditional if filled else ""), work)


def _outside(reader: Reader) -> list[str]:
    """Return the words outside of parentheses."""
    found, depth = [], 0
    for word in reader.words():
        depth += {"(": 1, ")": -1}.get(word, 0)
        if not depth:
            found.append(word)
    return found


def _drop(statement: Statement, reader: Reader, at: int) -> Effect:
    if reader.word() in {"constraint", "primary", "foreign", "index"} and reader.word(1):
        return _syntax(statement, at, reader.word())
    start = reader.start
    reader.accept("column")
    if reader.word() == "if" and reader.word(1) == "exists":
        return _syntax(statement, at, "exists")
    name = _names.column(statement.table, reader.name())
    if reader:
        return _syntax(statement, reader.start, reader.word())
    error = refusal.drop(statement.schema, statement.table, name)
    old = statement.table.column(name)
    virtual = old is not None and old.generated == "virtual"
    work = () if virtual else (Work(WorkKind.REWRITE, statement.key, reason="every row is written without the column"),)
    return _effect(statement, Change("drop column", statement.key, name, old=old, text=error, start=start), error, work)
