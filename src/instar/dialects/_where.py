"""Which database a URL means, whatever way it is written: aliases of schemes, default ports, relative paths."""

import getpass
import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from msgspec import Struct

from instar import dialects
from instar.errors import InstarError

_HERE = frozenset({"", "localhost", "localhost.localdomain", "::1", "/tmp", "/run/postgresql", "/var/run/postgresql"})  # noqa: S108
_PORTS = {"postgresql": "5432", "mysql": "3306"}


class Target(Struct, frozen=True):
    """A database. `places` are hosts with their ports, or files; none for what ends with its process."""

    family: str
    places: frozenset[tuple[str, str]]
    database: str = ""


def same(first: str, second: str, root: Path) -> bool:
    """Whether two URLs mean the same database; relative paths start at `root`. Who connects does not count."""
    one, other = target(first, root), target(second, root)
    if not one.family or (one.family, one.database) != (other.family, other.database):
        return False
    return not one.places.isdisjoint(other.places)


def target(url: str, root: Path) -> Target:
    """Return which database a URL means. Nobody is asked: two names of one host are two hosts."""
    scheme = url.partition(":")[0].partition("+")[0].lower()
    family = dialects.known(scheme)
    if scheme == "embedded":
        return _embedded(url, root)
    if family == "sqlite":
        return _sqlite(url, root)
    try:
        parts = urlsplit(url)
    except ValueError:
        return Target(family, frozenset())
    options = dict(parse_qsl(parts.query))
    family = "mysql" if family == "mariadb" else family
    return Target(family, _hosts(parts.netloc, options, family), _database(parts.netloc, parts.path, options, family))


def _embedded(url: str, root: Path) -> Target:
    from instar.dialects.postgresql import _embedded_place as embedded

    parts = urlsplit(url)
    try:
        bare = not parts.netloc + parts.path and not (root / ".instar").exists()
        place = embedded.parse(url.replace(":", ":.instar", 1) if bare else url, root)
    except InstarError:
        return Target("embedded", frozenset())
    places = frozenset({(str(place.data.resolve()), "")}) if place.data else frozenset()
    return Target("embedded", places, place.database)


def _sqlite(url: str, root: Path) -> Target:
    from instar.dialects.sqlite.url import MEMORY, database_of

    try:
        path = database_of(url)
    except InstarError:
        return Target("sqlite", frozenset())
    return Target("sqlite", frozenset() if path == MEMORY else frozenset({(str((root / path).resolve()), "")}))


def _hosts(netloc: str, options: Mapping[str, str], family: str) -> frozenset[tuple[str, str]]:
    written = [_split(item) for item in netloc.rpartition("@")[2].split(",")]
    default = os.environ.get("PGPORT", "") if family == "postgresql" else ""
    ports = options.get("port", "").split(",")
    hosts = [host for host, _ in written]
    named = options.get("host") or options.get("hostaddr") or options.get("unix_socket")
    if named:
        hosts = named.split(",")
    elif family == "postgresql" and not any(hosts):
        hosts = os.environ.get("PGHOST", "").split(",")
    found = []
    for index, host in enumerate(hosts):
        own = written[index][1] if index < len(written) else ""
        port = (ports[index] if index < len(ports) else ports[0]) or own or default or _PORTS.get(family, "")
        found.append((_host(host), port))
    return frozenset(found)


def _split(item: str) -> tuple[str, str]:
    """Return host and port of `host:port`; an IPv6 address stands in brackets."""
    if item.startswith("["):
        host, _, port = item[1:].partition("]")
        return host, port.removeprefix(":")
    host, _, port = item.partition(":")
    return host, port


def _host(text: str) -> str:
    host = unquote(text).strip().lower().rstrip("/.") if not text.startswith("/") else text.rstrip("/")
    return "localhost" if host in _HERE or host.startswith("127.") else host


def _database(netloc: str, path: str, options: Mapping[str, str], family: str) -> str:
    named = options.get("dbname") or unquote(path.removeprefix("/"))
    if named or family != "postgresql":
        return named
    user = options.get("user") or unquote(netloc.rpartition("@")[0].partition(":")[0])
    return os.environ.get("PGDATABASE") or user or os.environ.get("PGUSER") or getpass.getuser()
