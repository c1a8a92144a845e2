"""The parse tree of PostgreSQL's own parser, as the C library writes it: plain dicts, one key for the kind of node.

A tree is a few microseconds of C and one JSON decoding; protobuf, and with it the import of postgast, is not needed.
Node and field names are those of PostgreSQL's source (nodes/parsenodes.h); fields with their zero value are absent.
"""

import ctypes
from functools import cache
from typing import Any, NamedTuple

import msgspec

from instar.dialects.postgresql import _libpg_query
from instar.dialects.postgresql._libpg_query import ParserError

Node = dict[str, Any]


class Parsed(NamedTuple):
    """A statement: its kind ("AlterTableStmt"), its fields, and its first character's and end's byte offset."""

    kind: str
    node: Node
    start: int
    end: int


class _Tree(ctypes.Structure):
    _fields_ = (
        ("tree", ctypes.c_char_p),
        ("stderr", ctypes.c_char_p),
        ("error", ctypes.POINTER(_libpg_query.Error)),
    )


class _Functions(ctypes.Structure):
    _fields_ = (("functions", ctypes.c_char_p), ("error", ctypes.POINTER(_libpg_query.Error)))


def parse(text: str) -> list[Parsed]:
    """Parse SQL. Raises ParserError (position in bytes) where it is not valid for PostgreSQL 18."""
    raw = text.encode()
    library = _library()
    result = library.pg_query_parse(raw)
    try:
        _raise(result.error)
        tree = msgspec.json.decode(result.tree)
    finally:
        library.pg_query_free_parse_result(result)
    return [_parsed(item, len(raw)) for item in tree.get("stmts", ())]


def plpgsql(text: str) -> list[Node]:
    """Parse the body of a DO or CREATE FUNCTION statement in PL/pgSQL: `text` is the whole statement."""
    library = _library()
    result = library.pg_query_parse_plpgsql(text.encode())
    try:
        _raise(result.error)
        # The library closes the variables of a trigger (TG_OP, ...) once too often: `,{}}` for `,{}`.
        mended = result.functions.replace(b",{}}", b",{}").replace(b"[{}}", b"[{}")
        return msgspec.json.decode(mended)  # type: ignore[no-any-return]
    finally:
        library.pg_query_free_plpgsql_parse_result(result)


def _mended(functions: bytes) -> bytes:
    """Take out the brace too many that libpg_query writes behind each of a trigger function's own variables (TG_OP)."""
    datums, action, rest = functions.partition(b'],"action":')
    return datums.replace(b",{}}", b",{}") + action + rest


def _parsed(item: Node, total: int) -> Parsed:
    start = item.get("stmt_location", 0)
    length = item.get("stmt_len", 0)
    kind, node = next(iter(item["stmt"].items()))
    return Parsed(kind, node, start, start + length if length else total)


def _raise(error: Any) -> None:
    if error:
        found = error.contents
        raise ParserError(found.message.decode(errors="replace"), max(found.cursorpos - 1, 0))


@cache
def _library() -> ctypes.CDLL:
    library = _libpg_query.library()
    library.pg_query_parse.argtypes = [ctypes.c_char_p]
    library.pg_query_parse.restype = _Tree
    library.pg_query_free_parse_result.argtypes = [_Tree]
    library.pg_query_free_parse_result.restype = None
    library.pg_query_parse_plpgsql.argtypes = [ctypes.c_char_p]
    library.pg_query_parse_plpgsql.restype = _Functions
    library.pg_query_free_plpgsql_parse_result.argtypes = [_Functions]
    library.pg_query_free_plpgsql_parse_result.restype = None
    return library
