"""A run of migrations that dies at a chosen moment. Started by the crash tests as a process of its own.

Every batch of commands that changes something counts as one call. The process breaks at the call with number `at`:
`before` it, or `during` it: when the server has the commands and nobody waits for the answer. What breaks is this
process (SIGKILL), or the PostgreSQL server whose data lies in `server`: all its processes are killed, or it is
stopped in the mode `immediate`; or, for MariaDB, the connection, by KILL on another one.
"""

import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from instar import Migrator
from instar.errors import InstarError

READING = ("SELECT", "SHOW", "EXPLAIN", "PRAGMA", "ROLLBACK")


class Fuse:
    """Counts calls, and blows at one of them."""

    def __init__(self, at: int, moment: str, blow: Callable[[], None]) -> None:
        self.calls: list[str] = []
        self._at = at
        self._moment = moment
        self._blow = blow
        self.armed = False

    def call(self, texts: Iterable[str]) -> None:
        changes = [text for text in texts if not text.lstrip().upper().startswith(READING)]
        if not changes:
            return
        self.calls.append(changes[0])
        if len(self.calls) - 1 == self._at:
            self.armed = True
            if self._moment == "before":
                self._blow()

    def sent(self) -> None:
        if self.armed and self._moment == "during":
            self.armed = False
            self._blow()


def on_postgresql(fuse: Fuse) -> None:
    from instar.dialects.postgresql.wire import Wire

    run, following = Wire.run, Wire._next  # noqa: SLF001

    def counted(self: Wire, commands: Any, *others: Any) -> Any:
        fuse.call(command.text for command in commands)
        return run(self, commands, *others)

    def awaited(self: Wire, raw: Any) -> Any:
        raw.flush()
        fuse.sent()
        return following(self, raw)

    Wire.run = counted  # type: ignore[method-assign, assignment]
    Wire._next = awaited  # type: ignore[method-assign]  # noqa: SLF001


def on_mariadb(fuse: Fuse) -> None:
    from pymysql.connections import Connection

    from instar.dialects.mysql.session import MysqlSession

    execute, read = MysqlSession._execute, Connection._read_query_result  # type: ignore[attr-defined]  # noqa: SLF001

    def counted(self: Any, command: Any, tell: Any) -> Any:
        fuse.call([command.text])
        return execute(self, command, tell)

    def awaited(self: Any, unbuffered: bool = False) -> Any:  # noqa: FBT001, FBT002
        fuse.sent()
        return read(self, unbuffered)

    MysqlSession._execute = counted  # type: ignore[method-assign]  # noqa: SLF001
    Connection._read_query_result = awaited  # type: ignore[attr-defined]  # noqa: SLF001


def on_sqlite(fuse: Fuse) -> None:
    from instar.dialects.sqlite.connect import SqliteSession

    execute = SqliteSession._execute  # noqa: SLF001

    def burning() -> int:
        fuse.sent()
        return 0

    def counted(self: Any, command: Any) -> Any:
        fuse.call([command.text])
        self.driver.set_progress_handler(burning, 3)
        done = execute(self, command)
        fuse.sent()  # it was too short for the handler
        return done

    SqliteSession._execute = counted  # type: ignore[method-assign]  # noqa: SLF001


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def server_dies(data: Path, how: str) -> Callable[[], None]:
    """Return what stops the server and waits until it is gone. This process lives on, and finds out."""
    from instar.dialects.postgresql import _embedded_postmaster as postmaster

    return lambda: postmaster.kill(data) if how == "kill" else postmaster.stop(data, how)


@contextlib.contextmanager
def recorded(fuse: Fuse, path: str | None) -> Iterator[None]:
    yield
    if path:
        Path(path).write_text(json.dumps(fuse.calls))


def connection_dies(url: str) -> None:
    """Kill every connection to this MariaDB database but the one that does it."""
    from contextlib import closing

    sys.path.insert(0, str(Path(__file__).parents[1]))
    from conftest import connect

    others = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
    with closing(connect(url)) as connection, closing(connection.cursor()) as cursor:
        cursor.execute(others)
        for (identifier,) in cursor.fetchall():
            cursor.execute(f"KILL CONNECTION {identifier}")


def blowing(order: dict[str, Any]) -> Callable[[], None]:
    if order["how"] == "connection":
        return partial(connection_dies, order["url"])
    return server_dies(Path(order["server"]), order["how"]) if order["server"] else die


def main() -> None:
    order = json.loads(sys.argv[1])
    blow = blowing(order)
    fuse = Fuse(order["at"], order["moment"], blow)
    {"postgresql": on_postgresql, "mariadb": on_mariadb, "sqlite": on_sqlite}[order["engine"]](fuse)
    try:
        with recorded(fuse, order.get("record")), Migrator(order["url"], directory=order["directory"]) as migrator:
            migrator.up() if order["action"] == "up" else migrator.down(to="0")
    except InstarError as error:
        sys.stderr.write(f"{type(error).__name__}: {error.message}\n")
        raise SystemExit(error.exit_code) from None


if __name__ == "__main__":
    main()
