"""What the demo stands on: the example's files, and a server that is taken down again whatever happens."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from instar.errors import UsageError

if TYPE_CHECKING:
    from instar.dialects.postgresql.embedded import Embedded

_DATABASE = "shop"
_COMPLETE = """
SELECT (SELECT count(*) FROM users
        WHERE id > %(users)s AND email_normalized = email AND full_name IS NOT NULL AND profile_id IS NOT NULL),
       (SELECT count(*) FROM orders
        WHERE id > %(orders)s AND amount_new = amount::numeric(10,2)
          AND total_amount = subtotal + coalesce(tax_amount, 0) + coalesce(shipping_amount, 0))
"""


def example() -> Path:
    """Return the folder of the example shop: in the installed package, else in the checkout."""
    package = Path(__file__).parents[1]
    for folder in (package / "examples" / "shop", package.parents[1] / "examples" / "shop"):
        if (folder / "instar.toml").is_file():
            return folder
    raise UsageError("the example shop is not installed with instar", hint="install instar again")


def require(version: int | None) -> None:
    """Raise UsageError, with the command that installs what is missing, unless PostgreSQL can be started and used."""
    from instar.dialects.postgresql import binaries

    binaries.choose(version)
    try:
        import psycopg  # noqa: F401 - without libpq it cannot be imported
    except ImportError as error:
        raise UsageError("psycopg does not find libpq, PostgreSQL's library", hint=binaries.INSTALL) from error


@contextmanager
def server(version: int | None, users: int) -> Iterator["Embedded"]:
    """Start a temporary server with an empty database for `users` users; stop and remove it at the end."""
    from instar.dialects.postgresql import embedded

    started = None
    try:
        with _undisturbed():
            started = embedded.start(version=version)
            _prepare(started, users)
        yield started
    finally:
        with _undisturbed():
            if started is not None:
                started.stop()


def complete_rows(url: str, users: int, orders: int) -> tuple[int, int]:
    """Count the users and orders beyond the seeded ones that have every column that the migrations have added."""
    import psycopg

    with psycopg.connect(url) as connection:
        row = connection.execute(_COMPLETE, {"users": users, "orders": orders}).fetchone()
    assert row is not None
    return row[0], row[1]


def _prepare(started: "Embedded", users: int) -> None:
    import psycopg
    from psycopg import sql

    started.ensure(_DATABASE)
    started.database = _DATABASE
    with psycopg.connect(started.url(), autocommit=True) as connection:
        setting = sql.SQL("ALTER DATABASE {} SET shop.users = {}")
        connection.execute(setting.format(sql.Identifier(_DATABASE), sql.Literal(str(users))))


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let Ctrl-C and other requests to stop wait until the server is wholly up, or wholly gone."""
    asked: list[int] = []

    def remember(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    before = {number: signal.signal(number, remember) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if asked:
            raise KeyboardInterrupt
