"""MySQL's and MariaDB's errors as ours."""

import re
from collections.abc import Sequence

from instar.dialects._tokens import Token
from instar.dialects.mysql.parse import lex
from instar.errors import DatabaseError

_NEAR = re.compile(r"near '(?P<near>.*)' at line (?P<line>\d+)$", re.DOTALL)
_QUOTED = re.compile(r"['`](?:[^'`\s]*\.)?(?P<name>[^'`.\s]+)['`]")

# Lock wait time-out; deadlock; a row that changed under a snapshot (MariaDB 11.6); NOWAIT. Each undid only what can be
# done again.
_LOCK = frozenset({1205, 1213, 1020, 3572})
_LOST = frozenset({0, 1053, 1152, 1153, 1158, 1159, 1160, 1161, 1927, 2006, 2013, 2055, 3169, 4031})
INTERRUPTED = 1317
EMPTY = 1065
# The errors whose first quoted name stands in the statement: an unknown table, column, key.
_NAMING = frozenset({1051, 1054, 1072, 1091, 1146, 1305, 1360, 1539})

_HINTS = {
    1142: "grant the user what the migration needs",
    1227: "the user of migrations lacks this privilege",
    1290: "the server is read-only, or restricts files: is this a replica?",
    1419: "with binary logging, creating functions and triggers needs SUPER or log_bin_trust_function_creators=1",
    1694: "set sql_log_bin in a statement before the others, outside of BEGIN and COMMIT",
    1836: "the server is read-only: is this a replica?",
}


def code(error: Exception) -> int:
    """Return the server's or the client's error number, -1 for an error without one."""
    first = error.args[0] if error.args else -1
    return first if isinstance(first, int) else -1


def translate(error: Exception, text: str, index: int, overdue: str = "") -> DatabaseError:
    """Make a DatabaseError of what the driver raised for `text`.

    `overdue` says for whom the watch interrupted the statement, if it did: that is a lock time-out.
    """
    number = code(error)
    message = str(error.args[1]) if len(error.args) > 1 and error.args[1] else str(error)
    interrupted = bool(overdue) and number == INTERRUPTED
    return DatabaseError(
        overdue if interrupted else message or "the connection is closed",
        index=index,
        sqlstate=str(number) if number >= 0 else "",
        hint=_HINTS.get(number, ""),
        position=_position(number, message, text),
        lock_timeout=number in _LOCK or interrupted,
        connection_lost=number in _LOST,
    )


def _position(number: int, message: str, text: str) -> int | None:
    near = _NEAR.search(message)
    if near:
        return _near(near["near"], int(near["line"]), text)
    quoted = _QUOTED.search(message) if number in _NAMING else None
    return _named(quoted["name"], lex(text)) if quoted else None


def _near(near: str, line: int, text: str) -> int | None:
    """Find the rest of the statement that the server quotes (80 characters of it) on the line that it names."""
    if not near:
        return len(text)
    found = [match.start() for match in re.finditer(re.escape(near), text)]
    found = [start for start in found if text.count("\n", 0, start) + 1 == line] or found
    return found[0] if len(found) == 1 else None


def _named(name: str, stream: Sequence[Token]) -> int | None:
    found = [token.start for token in stream if token.text.strip("`").lower() == name.lower()]
    return found[0] if len(found) == 1 else None
