"""SQLite's scripts: where statements end, how each stands to transactions, what it is about."""

import re
import sqlite3
from collections.abc import Sequence

from instar.dialects import CutError, _touched
from instar.dialects._tokens import Token, fingerprint, tokens, unquoted
from instar.model import Kind, Piece

PATTERN = re.compile(
    r"""
    (?P<space>[\s\ufeff]+)
  | (?P<comment>--[^\n]* | /\*(?s:.*?)(?:\*/|\Z))
  | (?P<string>'(?:[^']|'')*+')
  | (?P<name>"(?:[^"]|"")*+" | `(?:[^`]|``)*+` | \[[^\]]*\])
  | (?P<word>[\w$]+)
  | (?P<open>['"`\[])
  | (?P<symbol>(?s:.))
    """,
    re.VERBOSE,
)

_OPENINGS = {"begin": Kind.BEGIN, "commit": Kind.COMMIT, "end": Kind.COMMIT, "vacuum": Kind.OUTSIDE}
# A replayed ATTACH is right (the file is attached to a connection that died), a replayed VACUUM is wasted work.
_ATTACHING = frozenset({"attach", "detach"})
_OUTSIDE_PRAGMAS = frozenset({"wal_checkpoint"})
_PRAGMAS_BEFORE_BEGIN = frozenset({
    "foreign_keys", "journal_mode", "synchronous", "temp_store", "locking_mode", "page_size", "auto_vacuum",
    "encoding", "wal_autocheckpoint", "cache_spill", "mmap_size",
})  # fmt: skip
_STORED_PRAGMAS = frozenset({"user_version", "application_id", "schema_version"})
_ACTING_PRAGMAS = frozenset({
    "optimize", "incremental_vacuum", "foreign_key_check", "integrity_check", "quick_check", "shrink_memory",
    "table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo", "foreign_key_list",
})  # fmt: skip


def lex(text: str) -> list[Token]:
    """Return the tokens of a statement."""
    return list(tokens(PATTERN, text))


def cut(text: str) -> list[Piece]:
    """Cut a script into statements; SQLite itself says whether a semicolon ends one."""
    pieces: list[Piece] = []
    pending: list[Token] = []
    for token in tokens(PATTERN, text):
        if token.text == ";":
            if not pending or sqlite3.complete_statement(text[pending[0].start : token.end]):
                pieces += _piece(pending)
                pending = []
                continue
        else:
            _check(token, first=not pending)
        pending.append(token)
    return pieces + _piece(pending)


def _check(token: Token, *, first: bool) -> None:
    if token.kind == "open":
        what = "string" if token.text == "'" else "quoted name"
        raise CutError(f"a {what} is opened here and never closed", token.start)
    if token.text == "\0":
        raise CutError("a NUL character stands here, where SQLite stops reading", token.start)
    if first and token.text == ".":
        raise CutError(
            "a dot-command of the sqlite3 shell is not SQL",
            token.start,
            "leave it out: a migration holds SQL statements only",
        )


def _piece(pending: Sequence[Token]) -> list[Piece]:
    significant = _without_semicolons(pending)
    if not significant:
        return []
    return [Piece(significant[0].start, significant[-1].end, kind(significant))]


def _without_semicolons(pending: Sequence[Token]) -> Sequence[Token]:
    last = len(pending)
    while last and pending[last - 1].text == ";":
        last -= 1
    return pending[:last]


def kind(stream: Sequence[Token]) -> Kind:
    """Say how a statement stands to transactions."""
    first = stream[0].word
    if first == "rollback":
        return Kind.PLAIN if any(token.word == "to" for token in stream[1:3]) else Kind.ROLLBACK
    if first in _ATTACHING:
        return Kind.SETTING_OUTSIDE
    if first == "pragma":
        return _pragma_kind(*pragma(stream))
    return _OPENINGS.get(first, Kind.PLAIN)


def pragma(stream: Sequence[Token]) -> tuple[str, bool]:
    """Return the name of the pragma that a statement runs ("" for another statement) and whether it has a value."""
    if not stream or stream[0].word != "pragma":
        return "", False
    at = 3 if len(stream) > 3 and stream[2].text == "." else 1  # noqa: PLR2004 - PRAGMA schema.name
    name = unquoted(stream[at]).lower() if len(stream) > at and stream[at].kind in {"word", "name"} else ""
    return name, len(stream) > at + 1


def _pragma_kind(name: str, has_value: bool) -> Kind:  # noqa: FBT001 - the pair that `pragma` returns
    if name in _OUTSIDE_PRAGMAS:
        return Kind.OUTSIDE
    if not has_value or name in _STORED_PRAGMAS or name in _ACTING_PRAGMAS:
        return Kind.PLAIN
    return Kind.SETTING_OUTSIDE if name in _PRAGMAS_BEFORE_BEGIN else Kind.SETTING


def repeatable(stream: Sequence[Token]) -> bool:
    """Whether a statement outside a transaction may run twice without harm. VACUUM INTO may not: its file exists."""
    words = [token.word for token in stream]
    return words[0] == "pragma" or (words[0] == "vacuum" and "into" not in words)


def fingerprint_of(text: str) -> str:
    """Return a hash of `text` that layout and comments do not change."""
    return fingerprint(tokens(PATTERN, text))


def touched(text: str) -> frozenset[str] | None:
    """Return the lower-case names of the tables that a statement is about."""
    return _touched.touched(lex(text))
