"""A proxy in front of a database server that breaks connections at the moment a test asks for."""

import select
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlencode, urlsplit

from instar.errors import UsageError
from instar.testing._link import Link, Moment, Rule, close

_PORTS = {"postgresql": 5432, "postgres": 5432, "mysql": 3306, "mariadb": 3306}
_ADDRESSING = ("host", "port", "unix_socket", "sslmode", "gssencmode")
_PLAIN = {"sslmode": "disable", "gssencmode": "disable"}  # a proxy cannot look into what is encrypted


class Proxy:
    """Stands between a client and the server at `url` (PostgreSQL, MariaDB or MySQL; TCP or Unix socket).

    `url` is the same database through the proxy, `port` the port on 127.0.0.1 where it listens.
    """

    def __init__(self, url: str) -> None:
        self._target = _target(url)
        self._gate = threading.Event()
        self._gate.set()
        self._refusing = False
        self._rules: list[Rule] = []
        self._links: list[Link] = []
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._wake, self._woken = socket.socketpair()
        self.port: int = self._listener.getsockname()[1]
        self.url = _through(url, self.port)
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def cut(self) -> int:
        """Reset every connection (RST to the client) and return how many there were. New ones are let in."""
        with self._lock:
            links, self._links = self._links, []
        alive = [link for link in links if link.alive]
        for link in alive:
            link.cut()
        return len(alive)

    def cut_before(self, what: bytes | Callable[[bytes], bool], *, skip: int = 0) -> threading.Event:
        """Cut when a client sends `what`, before the server sees it.

        `what` is bytes, or a function of the bytes of one read; what was sent before the bytes reaches the server.
        `skip` matches are let through first. The rule cuts once, then sets the event that is returned.
        """
        return self._add(Rule(Moment.BEFORE, what, skip))

    def cut_during(self, what: bytes | Callable[[bytes], bool], *, skip: int = 0) -> threading.Event:
        """Cut as soon as `what` was handed to the server: whether it took effect is anybody's guess."""
        return self._add(Rule(Moment.DURING, what, skip))

    def cut_after(self, what: bytes | Callable[[bytes], bool], *, skip: int = 0, quiet: float = 0.2) -> threading.Event:
        """Cut when the server has answered `what`, and withhold the answer.

        The answer is taken as complete when the server has been silent for `quiet` seconds.
        """
        return self._add(Rule(Moment.AFTER, what, skip, quiet))

    def refuse(self) -> None:
        """Reset new connections at once; those that stand are left alone."""
        self._refusing = True

    def accept(self) -> None:
        """Let new connections in again."""
        self._refusing = False

    def freeze(self) -> None:
        """Carry nothing any more, in either direction, without closing: the network has gone silent."""
        self._gate.clear()

    def thaw(self) -> None:
        """Carry on, with what was held back first."""
        self._gate.set()

    def close(self) -> None:
        """Reset all connections and stop listening."""
        self._wake.send(b"!")
        self._thread.join()
        self.cut()
        for each in (self._listener, self._wake, self._woken):
            each.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _add(self, rule: Rule) -> threading.Event:
        with self._lock:
            self._rules.append(rule)
        return rule.fired

    def _match(self, earlier: bytes, chunk: bytes) -> tuple[Rule, int] | None:
        with self._lock:
            for rule in self._rules:
                position = rule.find(earlier, chunk)
                if position is not None:
                    self._rules.remove(rule)
                    return rule, position
        return None

    def _listen(self) -> None:
        while True:
            readable, _, _ = select.select([self._listener, self._woken], [], [])
            if self._woken in readable:
                return
            self._admit(self._listener.accept()[0])

    def _admit(self, client: socket.socket) -> None:
        server = None if self._refusing else _dial(self._target)
        if server is None:
            close(client, abrupt=True)
            return
        with self._lock:
            self._links = [link for link in self._links if link.alive]
            self._links.append(Link(client, server, self._gate, self._match))


def _dial(target: str | tuple[str, int]) -> socket.socket | None:
    family = socket.AF_UNIX if isinstance(target, str) else socket.AF_INET
    connection = socket.socket(family)
    try:
        connection.connect(target)
    except OSError:
        connection.close()
        return None
    return connection


def _target(url: str) -> str | tuple[str, int]:
    """Return the path of the Unix socket, or the host and port, that `url` leads to."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS:
        raise UsageError(f"{parts.scheme!r} is not spoken over a network", hint="give a PostgreSQL or MariaDB URL")
    options = dict(parse_qsl(parts.query))
    port = int(options.get("port") or parts.port or _PORTS[parts.scheme])
    host = options.get("host") or parts.hostname or "localhost"
    if "unix_socket" in options:
        return options["unix_socket"]
    return f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, port)


def _through(url: str, port: int) -> str:
    parts = urlsplit(url)
    options = {name: value for name, value in parse_qsl(parts.query) if name not in _ADDRESSING}
    if parts.scheme.startswith("postgres"):
        options |= _PLAIN
    user = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
    query = f"?{urlencode(options)}" if options else ""
    return f"{parts.scheme}://{user}127.0.0.1:{port}{parts.path}{query}"
