"""PostgreSQL's own parser, from the library that postgast ships, without importing postgast.

Importing postgast costs 60 ms, most of it protobuf; cutting a script needs only offsets, which the C library gives
without either. What needs the tree imports postgast (see parse.py).
"""

import ctypes
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path


class ParserError(Exception):
    """The parser does not understand the text; `position` counts bytes from 0."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


class Error(ctypes.Structure):
    """PgQueryError of pg_query.h; `cursorpos` counts from 1."""

    _fields_ = (
        ("message", ctypes.c_char_p),
        ("funcname", ctypes.c_char_p),
        ("filename", ctypes.c_char_p),
        ("lineno", ctypes.c_int),
        ("cursorpos", ctypes.c_int),
        ("context", ctypes.c_char_p),
    )


class _SplitStatement(ctypes.Structure):
    _fields_ = (("location", ctypes.c_int), ("length", ctypes.c_int))


class _SplitResult(ctypes.Structure):
    _fields_ = (
        ("statements", ctypes.POINTER(ctypes.POINTER(_SplitStatement))),
        ("count", ctypes.c_int),
        ("stderr", ctypes.c_char_p),
        ("error", ctypes.POINTER(Error)),
    )


@cache
def library() -> ctypes.CDLL:
    """Load the library, once. Raises ImportError without postgast."""
    spec = find_spec("postgast")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("postgast is not installed")
    name = {"darwin": "libpg_query.dylib", "win32": "pg_query.dll"}.get(sys.platform, "libpg_query.so")
    loaded = ctypes.CDLL(str(Path(spec.submodule_search_locations[0]) / name))
    loaded.pg_query_split_with_parser.argtypes = [ctypes.c_char_p]
    loaded.pg_query_split_with_parser.restype = _SplitResult
    loaded.pg_query_free_split_result.argtypes = [_SplitResult]
    loaded.pg_query_free_split_result.restype = None
    return loaded


def split(text: bytes) -> list[tuple[int, int]]:
    """Cut `text` into statements: (start, end) in bytes, without the semicolons.

    Raises ParserError where the text is not valid for PostgreSQL 18.
    """
    lib = library()
    result = lib.pg_query_split_with_parser(text)
    try:
        if result.error:
            error = result.error.contents
            raise ParserError(error.message.decode(errors="replace"), max(error.cursorpos - 1, 0))
        found = (result.statements[index].contents for index in range(result.count))
        return [(item.location, item.location + item.length) for item in found]
    finally:
        lib.pg_query_free_split_result(result)
