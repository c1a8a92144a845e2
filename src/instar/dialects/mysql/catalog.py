"""What the server's catalog holds of an object, in a form that can be stored and compared."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from instar.dialects.mysql.server import Flavour
from instar.dialects.mysql.subject import Name
from instar.errors import DatabaseError

_ABSENT = frozenset({"1049", "1146", "1109", "1305", "1360", "1539", "1133", "1141", "1396", "1269", "4091"})
_SIMPLE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


class Object(NamedTuple):
    """A hash of an object's definition, and for a table InnoDB's numbers of it ("" when we may not see them)."""

    definition: str
    identity: str = ""


@dataclass(frozen=True, slots=True)
class Catalog:
    """The catalog of one server; `database` is the one in use."""

    query: Callable[..., list[tuple[object, ...]]]
    flavour: Flavour
    database: str

    def holds(self, name: Name) -> Object | None:
        """Describe an object; None when it does not exist.

        Raises DatabaseError when it cannot be seen.
        """
        try:
            with self._neutral():
                rows = self.query(_show(name, self.database))
        except DatabaseError as error:
            if error.sqlstate in _ABSENT:
                return None
            raise
        text = "\n".join("|".join(str(value) for value in row) for row in rows)
        identity = self._identity(name) if name.kind == "table" else ""
        return Object(sha256(_comparable(text, name).encode()).hexdigest()[:16], identity)

    def filled(self, name: Name) -> bool:
        """Whether a table has a row."""
        return bool(self.query(f"SELECT EXISTS (SELECT 1 FROM {_quoted(name, self.database)})")[0][0])

    @contextmanager
    def _neutral(self) -> Iterator[None]:
        """Show definitions the same way whatever a script has set: ANSI_QUOTES and others change their text."""
        mode, quoting = self.query("SELECT @@SESSION.sql_mode, @@SESSION.sql_quote_show_create")[0]
        self.query("SET @@SESSION.sql_mode = '', @@SESSION.sql_quote_show_create = 1")
        try:
            yield
        finally:
            self.query("SET @@SESSION.sql_mode = %s, @@SESSION.sql_quote_show_create = %s", (mode, quoting))

    def _identity(self, name: Name) -> str:
        """Return InnoDB's numbers of a table and its partitions, "" for other engines and without PROCESS.

        InnoDB writes other characters than these in an encoding of its own; nothing is said of such tables.
        """
        path = f"{name.schema or self.database}/{name.name}"
        if not set(path) <= _SIMPLE | {"/"}:
            return ""
        text = (
            f"SELECT name, table_id FROM {self.flavour.identity_table} WHERE LOWER(name) = LOWER(%s) "
            "OR LOWER(LEFT(name, CHAR_LENGTH(%s) + 3)) = CONCAT(LOWER(%s), '#p#') ORDER BY name"
        )
        try:
            rows = self.query(text, (path, path, path))
        except DatabaseError as error:
            if error.connection_lost:
                raise
            return ""
        return " ".join(f"{found}={number}" for found, number in rows)


def _show(name: Name, database: str) -> str:
    if name.kind == "grants":
        return f"SHOW GRANTS FOR {name.name}"
    if name.kind == "user":
        return f"SHOW CREATE USER {name.name}"
    if name.kind == "database":
        return f"SHOW CREATE DATABASE {_quote(name.name)}"
    return f"SHOW CREATE {name.kind.upper()} {_quoted(name, database)}"


def _quoted(name: Name, database: str) -> str:
    return f"{_quote(name.schema or database)}.{_quote(name.name)}"


def _quote(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _comparable(text: str, name: Name) -> str:
    """Drop the counter of a table, which rows move, and its own name, which a rename changes."""
    if name.kind != "table":
        return text
    body = text.partition("|")[2].replace(_quote(name.name), "", 1)
    before, found, after = body.partition(" AUTO_INCREMENT=")
    return before + after.lstrip("0123456789") if found and ") ENGINE=" in before else body
