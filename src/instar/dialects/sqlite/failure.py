"""SQLite's errors as ours."""

import re
import sqlite3
from collections.abc import Sequence

from instar.dialects._tokens import nearest
from instar.dialects.sqlite.parse import lex
from instar.errors import DatabaseError

_NEAR = re.compile(r'near "(?P<near>.+)": syntax error')
_MISSING = re.compile(r"no such (?:column|table|function|view|index|trigger|collation sequence): (?P<near>.+)")
_HINTS = {
    "SQLITE_READONLY": "the file, its folder or the connection may only be read",
    "SQLITE_FULL": "make room on the disk that holds the database, then run the same command again",
    "SQLITE_CORRUPT": "the file is damaged: restore a backup, or look at `PRAGMA integrity_check`",
    "SQLITE_NOTADB": "the file is not a SQLite database, or it is encrypted",
}
_SHOWN = 5


def translate(error: sqlite3.Error | sqlite3.Warning, text: str, index: int, interrupted: str = "") -> DatabaseError:
    """Make a DatabaseError of what the driver raised for `text`; `interrupted` says why we stopped it, if we did."""
    name = getattr(error, "sqlite_errorname", "")
    message = interrupted if interrupted and name == "SQLITE_INTERRUPT" else str(error)
    return DatabaseError(
        message,
        index=index,
        sqlstate=name,
        hint=next((hint for begin, hint in _HINTS.items() if name.startswith(begin)), ""),
        position=_position(message, text),
        lock_timeout=name.startswith("SQLITE_BUSY") or name == "SQLITE_LOCKED_SHAREDCACHE",
        connection_lost="closed database" in message,
    )


def _position(message: str, text: str) -> int | None:
    match = _NEAR.search(message) or _MISSING.search(message)
    return nearest(lex(text), match["near"].rpartition(".")[2] or match["near"]) if match else None


def violation(name: str, rows: Sequence[tuple[object, ...]], index: int) -> DatabaseError:
    """Say what a checking pragma found."""
    shown = [_line(name, row) for row in rows[:_SHOWN]]
    more = [f"and {len(rows) - _SHOWN} more"] if len(rows) > _SHOWN else []
    return DatabaseError(
        f"PRAGMA {name} found {len(rows)} violation{'s' * (len(rows) > 1)}",
        index=index,
        sqlstate="SQLITE_CONSTRAINT_FOREIGNKEY" if name == "foreign_key_check" else "SQLITE_CORRUPT",
        detail="\n".join([*shown, *more]),
        hint="correct or delete these rows before the migration" if name == "foreign_key_check" else "",
    )


def _line(name: str, row: tuple[object, ...]) -> str:
    if name != "foreign_key_check":
        return str(row[0])
    table, rowid, parent, key = row
    return f"{table} row {rowid} refers to a missing row of {parent} (foreign key {key})"
