"""Tell whether a transaction pooler stands between us and the server: it would scatter one session over many.

A pooler hands out a backend key of its own, so the process id that libpq was told differs from the server's. A
session pooler does that too; only a transaction pooler lends the backend of our idle session to somebody else.
"""

from typing import TYPE_CHECKING

import psycopg

from instar.errors import ConnectError

if TYPE_CHECKING:
    from instar.dialects.postgresql.connect import PostgreSQLSession

_PID = "SELECT pg_catalog.pg_backend_pid()"


def refuse(session: "PostgreSQLSession") -> bool:
    """Raise ConnectError when the session goes through a transaction pooler; return whether through another one."""
    pid = session.query(_PID)[0][0]
    if pid == session.driver.info.backend_pid:
        return False
    if not _shared(session, pid):
        return True
    raise ConnectError(
        "a transaction pooler (like PgBouncer with pool_mode = transaction) stands in front of this database",
        hint="connect to the server itself or to a session pool: locks and settings of a session do not survive "
        "a transaction pooler",
    )


def _shared(session: "PostgreSQLSession", pid: object) -> bool:
    """Whether another client, inside a transaction, is given the backend that has just served us."""
    info = session.driver.info
    with psycopg.connect(info.dsn, password=info.password, autocommit=True) as other:
        try:
            other.execute("BEGIN")
        except psycopg.errors.ProtocolViolation:  # a pooler of single statements has no transactions
            return True
        row = other.execute(_PID).fetchone()
        moved = session.query(_PID)[0][0] != pid
        other.execute("ROLLBACK")
    return moved or (row is not None and row[0] == pid)
