"""Opening a MySQL or MariaDB session, or making one of the caller's connection."""

import pymysql
from pymysql.connections import Connection
from pymysql.cursors import Cursor

from instar.dialects import Settings
from instar.dialects.mysql import failure, url
from instar.dialects.mysql.session import MysqlSession
from instar.dialects.mysql.sibling import in_transaction
from instar.errors import ConnectError, UsageError

_PATIENCE = 10

_CREDENTIALS = "check the user and the password; percent-encode special characters: %40 for @, %2F for /, %23 for #"
_HINTS = {
    1044: "grant the user access to this database",
    1045: _CREDENTIALS,
    1698: _CREDENTIALS,
    1049: "create it first: CREATE DATABASE `{database}` CHARACTER SET utf8mb4",
    1040: "the server has no connection left: raise max_connections, or close some",
    2002: "is the server running, and is this its socket?",
    2003: "is the server running, and does it listen on this host and port?",
}


def connect(text: str, settings: Settings) -> MysqlSession:
    """Open a session on the database that the URL `text` names. Raises ConnectError, without a password in it."""
    address, password = url.parse(text)
    try:
        connection = _open(address, password, settings)
        session = MysqlSession(connection, owned=True)
    except (pymysql.MySQLError, OSError) as error:
        number = failure.code(error)
        reason = failure.translate(error, "", 0).message
        hint = _HINTS.get(number, "").format(database=address.database)
        raise ConnectError(f"cannot connect to {address.shown}: {reason}", hint=hint) from error
    session.configure(settings)
    return session


def _open(address: url.Address, password: str, settings: Settings) -> "Connection[Cursor]":
    return pymysql.connect(
        host=address.host,
        port=address.port,
        user=address.user or None,
        password=password,
        database=address.database,
        unix_socket=address.options.get("unix_socket"),
        ssl=url.ssl_of(address.options),
        charset="utf8mb4",
        autocommit=True,
        connect_timeout=int(address.options.get("connect_timeout", _PATIENCE)),
        program_name=settings.application,
    )


def wrap(connection: object) -> MysqlSession | None:
    """Make a session of the caller's PyMySQL connection, which must not be inside a transaction."""
    if not isinstance(connection, Connection):
        return None
    try:
        connection.ping(reconnect=False)  # only an answer without rows says whether a transaction is open
    except (pymysql.MySQLError, OSError) as error:
        raise ConnectError(f"the connection is not usable: {failure.translate(error, '', 0).message}") from error
    if in_transaction(connection):
        raise UsageError(
            "the connection is inside a transaction, and migrations commit their own",
            hint="commit or roll back first",
        )
    return MysqlSession(connection, owned=False)
