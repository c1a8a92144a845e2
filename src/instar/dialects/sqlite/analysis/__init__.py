"""What a SQLite statement changes, locks and works on, read off its words and what is known of the schema.

A transaction that writes locks the whole file: other writers wait for its end, and readers do not (in WAL mode) or only
while it commits. A lock is told for the table that the statement is about.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing

from msgspec.structs import replace

from instar.catalog import Schema
from instar.dialects import _names, _rows, _touched
from instar.dialects._reader import Reader
from instar.dialects._tokens import Token
from instar.dialects.sqlite import parse
from instar.dialects.sqlite.analysis import alter, learn, objects
from instar.effects import Change, Effect, Lock, LockMode, Work, WorkKind

_SESSION = {
    "begin": "begin", "commit": "commit", "end": "commit", "rollback": "rollback", "savepoint": "savepoint",
    "release": "savepoint", "attach": "set", "detach": "set", "analyze": "analyze", "explain": "select",
}  # fmt: skip


def analyse(text: str, schema: Schema) -> Effect:
    """Say what one statement does; see instar.dialects.Dialect."""
    stream = parse.lex(text)
    made = _analysed(text, stream, schema)
    wrong = "" if made.error or made.verb == "EXPLAIN" else _syntax_error(text)
    if wrong:
        return Effect(text, error=wrong)
    return replace(made, touched=_touched.touched(stream))


def _syntax_error(text: str) -> str:
    """Ask SQLite itself, on an empty database in memory, whether it can read a statement; "" when it can."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        try:
            connection.execute(f"EXPLAIN {text}")
        except sqlite3.Error as error:  # what is missing in an empty database is no mistake
            return str(error) if str(error).endswith("syntax error") else ""
    return ""


def _analysed(text: str, stream: Sequence[Token], schema: Schema) -> Effect:  # noqa: PLR0911 - one answer per word
    reader = Reader(stream)
    verb = reader.word()
    if reader.accept("alter", "table"):
        return alter.alter(text, reader, schema)
    if reader.accept("create"):
        return objects.create(text, reader, schema)
    if reader.accept("drop"):
        return objects.drop(text, reader, schema)
    if verb in _rows.VERBS:
        change = _rows.change(text, stream, lambda place, name: _names.relation(schema, _main(place), name))
        return objects.effect(text, change.kind.upper(), change)
    if verb == "pragma":
        return objects.effect(text, "PRAGMA", _pragma(text, stream))
    if verb in {"vacuum", "reindex"}:
        return objects.effect(text, verb.upper(), _whole(text, reader, verb, schema))
    return objects.effect(text, verb.upper(), Change(_SESSION.get(verb, "other"), end=len(text)))


def _main(place: str) -> str:
    return "" if place.lower() == "main" else place


def _pragma(text: str, stream: Sequence[Token]) -> Change:
    """`PRAGMA [schema.]name = value` and `PRAGMA name(value)`."""
    name, given = parse.pragma(stream)
    value = [token.text.strip("'\"").lower() for token in stream[2:] if token.text not in {"=", "(", ")", "."}]
    return Change("pragma", "", name, text=value[-1] if given and value else "", end=len(text))


def _whole(text: str, reader: Reader, verb: str, schema: Schema) -> Change:
    """VACUUM writes the whole file anew, REINDEX the indexes of a table, or one of them."""
    reader.skip()
    if verb == "vacuum":
        return Change("vacuum full", end=len(text))
    name = reader.qualified()[1]
    owner = schema.owner(name)
    table = owner or _names.relation(schema, "", name)
    work = (Work(WorkKind.SCAN, table), Work(WorkKind.REBUILD, table, name if owner else ""))
    return Change("reindex", table, name, locks=(Lock(table, LockMode.SHARE),), work=work, end=len(text))


def learnt(effect: Effect, schema: Schema, version: str) -> None:
    """Change `schema` as the statement would."""
    learn.learn(effect, schema, version)
