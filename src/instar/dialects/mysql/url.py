"""MySQL's and MariaDB's database URLs, as PyMySQL's arguments."""

from collections.abc import Mapping
from dataclasses import dataclass
from ssl import create_default_context
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from instar.errors import ConnectError

_SSL = {"ssl_ca": "ca", "ssl_cert": "cert", "ssl_key": "key"}
_KNOWN = ("unix_socket", *_SSL, "ssl", "ssl_verify_identity", "connect_timeout")
_DEFAULT_PORT = 3306


@dataclass(frozen=True, slots=True)
class Address:
    """Where a database is. `repr` does not show the password."""

    host: str
    port: int
    user: str
    database: str
    options: Mapping[str, str]

    @property
    def shown(self) -> str:
        """The place for people: user, host or socket, and database, never the password."""
        place = self.options.get("unix_socket") or f"{self.host}:{self.port}"
        return f"{self.user + '@' if self.user else ''}{place}/{self.database}"


def parse(url: str) -> tuple[Address, str]:
    """Read a database URL; return the address and the password. Raises ConnectError."""
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    _require_known(options)
    try:
        port = parts.port or _DEFAULT_PORT
    except ValueError:
        raise ConnectError(
            "the port in the database URL is not a number",
            hint="percent-encode special characters of the password: %40 for @, %2F for /, %3A for :, %23 for #",
        ) from None
    database = unquote(parts.path.removeprefix("/"))
    if not database:
        raise ConnectError(
            "the database URL names no database", hint=f"write {parts.scheme}://user@host/DATABASE: history lives in it"
        )
    address = Address(unquote(parts.hostname or "localhost"), port, unquote(parts.username or ""), database, options)
    return address, unquote(parts.password or "")


def _require_known(options: Mapping[str, str]) -> None:
    for name in options:
        if name not in _KNOWN:
            raise ConnectError(
                f"the database URL has a parameter {name!r} that is not known", hint=f"known are: {', '.join(_KNOWN)}"
            )


def ssl_of(options: Mapping[str, str]) -> Any:
    """Return PyMySQL's `ssl` argument: with a CA, or with ssl_verify_identity, the server's certificate is checked.

    None is PyMySQL's own way: TLS where the server has it, without a check.
    """
    verify = _truth(options.get("ssl_verify_identity", "no"))
    chosen: dict[str, object] = {theirs: options[name] for name, theirs in _SSL.items() if name in options}
    if verify and "ca" not in chosen:
        return create_default_context()
    if chosen:
        return chosen | {"check_hostname": verify}
    return {"verify_mode": "none"} if _truth(options.get("ssl", "no")) else None


def _truth(value: str) -> bool:
    return value.lower() not in {"0", "false", "no", "off", "disabled"}
