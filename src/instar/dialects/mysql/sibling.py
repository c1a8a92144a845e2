"""What PyMySQL's connections know of themselves, and a second one with which the first is watched and interrupted."""

import pymysql
from pymysql.connections import Connection
from pymysql.cursors import Cursor

_PATIENCE = 2
_IN_TRANSACTION = 1


def in_transaction(connection: "Connection[Cursor]") -> bool:
    """Whether the server's last answer said that a transaction is open."""
    return bool(vars(connection)["server_status"] & _IN_TRANSACTION)


def beside(connection: "Connection[Cursor]") -> "Connection[Cursor]":
    """Open another connection with the same credentials."""
    known = vars(connection)
    checked = known.get("_ssl_required", known.get("ssl"))
    return pymysql.connect(
        host=known["host"],
        port=known["port"],
        user=known["user"],
        password=known["password"],
        unix_socket=known["unix_socket"],
        ssl=known.get("ctx") if checked else None,
        charset="utf8mb4",
        autocommit=True,
        connect_timeout=_PATIENCE,
        read_timeout=_PATIENCE,
        program_name="instar",
    )
