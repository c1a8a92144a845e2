"""A real PostgreSQL, started and stopped by instar: `embedded:` URLs, throw-away servers, crash tests.

Nothing is installed and no port is opened: the server is reached through a Unix socket in a folder that only its own
account can enter. As root it runs as `postgres`, or as `nobody` where that user does not exist.
"""

import atexit
import os
import shutil
import socket
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from instar.dialects.postgresql import _embedded_nest as nests
from instar.dialects.postgresql import _embedded_place as places
from instar.dialects.postgresql import _embedded_postmaster as postmaster
from instar.dialects.postgresql import binaries
from instar.dialects.postgresql._embedded_account import Account, account_for, run
from instar.dialects.postgresql.binaries import available
from instar.errors import ConnectError, UsageError

_TEMPORARY = {
    "fsync": "off",  # it survives kill -9, not a power cut
    "full_page_writes": "off",
    "dynamic_shared_memory_type": "mmap",  # in the data folder: a killed server leaves nothing in /dev/shm
}
_INITDB = ("--no-sync", "-U", "postgres", "-A", "trust", "--encoding=UTF8")
_PORT = 5432
_BUILTIN_LOCALE = 17  # the first version whose C.UTF-8 does not depend on the system


class Embedded:
    """A running server: `data` is its folder, `bin` that of its programs, `version` its major version.

    Every user of the same data in any process shares one server; the last one to stop ends it. One that was not
    started by instar is used and never stopped. `database` is the one that `url()` names by itself.
    """

    def __init__(
        self,
        data: Path,
        version: int,
        *,
        account: Account,
        nest: nests.Nest,
        settings: Mapping[str, str],
        tcp: bool = False,
        database: str = "postgres",
    ) -> None:
        self.data = data
        self.version = version
        self.bin = binaries.folder_for(version, account)
        self.database = database
        self.port = _free_port() if tcp else _PORT
        self._account = account
        self._nest = nest
        self._sockets = str(nest.sockets)
        self._settings = self._defaults(tcp=tcp) | dict(settings)
        self._reaper: threading.Thread | None = None
        self._membership: int | None = None
        self._owner = os.getpid()

    @property
    def temporary(self) -> bool:
        """Whether the data goes away with the server."""
        return self.data == self._nest.data

    @property
    def log(self) -> Path:
        """The server's log, begun anew at every start."""
        return self._nest.folder / "log" if self.temporary else self.data.with_name(f"{self.data.name}.log")

    def url(self, database: str | None = None) -> str:
        """Return a libpq URL through the Unix socket."""
        name = quote(database or self.database, safe="")
        return f"postgresql://postgres@/{name}?host={quote(self._sockets, safe='')}&port={self.port}"

    def tcp_url(self, database: str | None = None) -> str:
        """Return a libpq URL through 127.0.0.1, for a server started with `tcp`."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{quote(database or self.database, safe='')}"

    def ensure(self, database: str) -> None:
        """Create `database` unless it exists."""
        import psycopg
        from psycopg import errors, sql

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if connection.execute("SELECT FROM pg_database WHERE datname = %s", (database,)).fetchone() is None:
                try:
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
                except (errors.DuplicateDatabase, errors.UniqueViolation):
                    return  # another process was quicker

    def stop(self, mode: str = "fast") -> None:
        """Leave the server; the last one out stops it (`fast`, `smart` or `immediate`) and clears up."""
        if self._membership is None:
            return
        transition = self._nest.transition()
        try:
            os.close(self._membership)
            self._membership = None
            if self._nest.deserted():
                self._end(mode)
        finally:
            os.close(transition)
            atexit.unregister(self._at_exit)

    def restart(self) -> None:
        """Start the server again with its settings, whether it runs, was killed or crashed."""
        postmaster.stop(self.data, "fast")
        self._reap()
        self._launch()

    def kill(self) -> None:
        """Kill the server and all its processes, as a power cut would. `restart` brings it back."""
        postmaster.kill(self.data, forever=self.temporary)
        self._reap()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _defaults(self, *, tcp: bool) -> dict[str, str]:
        own = {
            "unix_socket_directories": str(self._nest.sockets),
            "unix_socket_permissions": "0700",
            "listen_addresses": "127.0.0.1" if tcp else "",
            "port": str(self.port),
        }
        return own | (_TEMPORARY if self.temporary else {})

    def _begin(self, *, reuse: bool) -> None:
        """Start the server or join the running one, and become one of its users."""
        transition = self._nest.transition()
        try:
            found = postmaster.ready(self.data)
            if found is None:
                self._create()
                self._launch()
            else:
                self._share(found, allowed=reuse)
            self._membership = self._nest.join()
            atexit.register(self._at_exit)
        except BaseException:
            self._abandon()
            raise
        finally:
            os.close(transition)

    def _share(self, found: postmaster.Postmaster, *, allowed: bool) -> None:
        if not allowed:
            raise ConnectError(f"a server for {self.data} is running already", hint="stop it, or share it")
        self.port, self._sockets = found.port, found.sockets

    def _create(self) -> None:
        self._nest.prepare(self._account)
        if places.holds(self.data):
            return
        making = self.data.with_name(f"{self.data.name}.new")  # what an interrupted initdb leaves is not taken for data
        if making.exists():
            shutil.rmtree(making)
        self._account.own(making)
        run(self._account, [self.bin / "initdb", *_INITDB, *_locale(self.version), "-D", making])
        try:
            making.rename(self.data)
        except OSError as error:
            shutil.rmtree(making)
            raise UsageError(
                f"{self.data} holds something else than PostgreSQL's data", hint="name a new folder"
            ) from error

    def _launch(self) -> None:
        self._reaper = postmaster.launch(self.bin, self.data, self.log, self._settings, self._account)

    def _end(self, mode: str) -> None:
        if self._sockets == str(self._nest.sockets):
            postmaster.stop(self.data, mode)
            self._reap()
        self._nest.remove()

    def _abandon(self) -> None:
        """Clear up after a start that failed. A server that was there before is left alone."""
        if self._reaper is not None:
            self.kill()
        if self._nest.deserted() and postmaster.running(self.data) is None:
            self._nest.remove()

    def _reap(self) -> None:
        if self._reaper is not None:
            self._reaper.join()
            self._reaper = None

    def _at_exit(self) -> None:
        if os.getpid() == self._owner:  # not in a forked child
            self.stop()


def start(
    data: Path | None = None,
    *,
    version: int | None = None,
    settings: Mapping[str, str] | None = None,
    tcp: bool = False,
    reuse: bool = True,
) -> Embedded:
    """Start a PostgreSQL server, or join the one that already serves `data`.

    `data` is created when missing; None means a temporary server that leaves nothing behind (and does not wait for
    the disk). `version` is a major version, by default that of `data`, else the newest. `settings` go to the server
    as `-c name=value`. With `tcp` it also listens on a free port of 127.0.0.1, where every local user may connect.

    When root asks for a folder that the server's account cannot reach, the data lies in
    /var/lib/instar/data/<hash of the path>, the same at every start: folders that are not ours keep their
    permissions.

    Raises UsageError when PostgreSQL is not installed, ConnectError when it does not start.
    """
    if data is None:
        account, major = account_for(None), binaries.choose(version)
        nest = nests.temporary(account)
    else:
        data = places.reachable(data.absolute(), account_for(data))
        account, major = account_for(data), places.version_of(data, version)
        nest = nests.lasting(data, account)
    server = Embedded(data or nest.data, major, account=account, nest=nest, settings=settings or {}, tcp=tcp)
    server._begin(reuse=reuse)  # noqa: SLF001
    return server


def for_url(url: str, root: Path) -> Embedded:
    """Start the server that an `embedded:` URL names; `root` is the project's folder.

    `embedded:` keeps its data in `.instar/postgresql-<version>` of the project, `embedded:temporary` nowhere,
    `embedded:PATH` there. `?version=16` chooses the major version, `?database=shop` the database (created when
    missing); every other parameter is a setting of the server.
    """
    place = places.parse(url, root)
    server = start(place.data, version=place.version, settings=place.settings)
    server.database = place.database
    try:
        server.ensure(place.database)
    except BaseException:
        server.stop()
        raise
    return server


def _locale(version: int) -> tuple[str, ...]:
    if version >= _BUILTIN_LOCALE:
        return ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    return ("--locale=C.UTF-8" if sys.platform == "linux" else "--locale=C",)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


__all__ = ["Embedded", "available", "for_url", "start"]
