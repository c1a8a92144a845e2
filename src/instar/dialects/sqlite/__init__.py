"""SQLite, through the standard library."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from instar.catalog import Schema
from instar.dialects import Names, Rows, Session, Settings
from instar.effects import Effect
from instar.errors import DatabaseError
from instar.model import Piece
from instar.snapshot import Object, Snapshot

if TYPE_CHECKING:
    from instar.dialects._keeping import Keeping
    from instar.dialects.sqlite.throwaway import Throwaway


@dataclass(frozen=True, slots=True)
class Sqlite:
    """SQLite 3.35 or newer: DDL is transactional, one writer at a time."""

    name: str = "sqlite"
    schemes: tuple[str, ...] = ("sqlite", "sqlite3")
    transactional_ddl: bool = True
    begin: str = "BEGIN IMMEDIATE"

    def connect(self, url: str, settings: Settings) -> Session:
        """Open the database file that `url` names. Raises ConnectError."""
        from instar.dialects.sqlite.connect import connect

        return connect(url, settings)

    def wrap(self, connection: object) -> Session | None:
        """Make a session of a sqlite3 connection; None for anything else."""
        from instar.dialects.sqlite.connect import wrap

        return wrap(connection)

    def sql(self, names: Names) -> Mapping[str, str]:
        """Return our own statements by name."""
        from instar.dialects._named import filled, literal

        schema = names.schema or "main"
        return filled(
            __name__,
            {
                "history": self._table(schema, names.history),
                "log": self._table(schema, names.log),
                "checkpoint": self._table(schema, f"{names.internal}_checkpoint"),
                "meta": self._table(schema, f"{names.internal}_meta"),
                "backups": self._table(schema, f"{names.internal}_backups"),
                "backups_name": literal(f"{names.internal}_backups"),
                "schema": self.quote(schema),
                "schema_name": literal(schema),
                "history_name": literal(names.history),
                "log_name": literal(names.log),
            },
        )

    def _table(self, schema: str, name: str) -> str:
        return f"{self.quote(schema)}.{self.quote(name)}"

    def keeping(self) -> "Keeping":
        """Return how rows are kept and put back."""
        from instar.dialects.sqlite.keeping import SqliteKeeping

        return SqliteKeeping(self.quote)

    def cut(self, text: str) -> list[Piece]:
        """Cut a script into statements. Raises CutError."""
        from instar.dialects.sqlite.parse import cut

        return cut(text)

    def fingerprint(self, text: str) -> str:
        """Return a hash of `text` that layout and comments do not change."""
        from instar.dialects.sqlite.parse import fingerprint_of

        return fingerprint_of(text)

    def touched(self, text: str) -> frozenset[str] | None:
        """Return the lower-case names of the tables that a statement is about."""
        from instar.dialects.sqlite.parse import touched

        return touched(text)

    def schema(self) -> Schema:
        """Return an empty shelf for the main file."""
        return Schema(default="main")

    def analyse(self, text: str, schema: Schema) -> Effect:
        """Say what a statement changes, locks and works on."""
        from instar.dialects.sqlite import analysis

        return analysis.analyse(text, schema)

    def learn(self, effect: Effect, schema: Schema, version: str = "") -> None:
        """Change `schema` as the statement of `effect` would."""
        from instar.dialects.sqlite import analysis

        analysis.learnt(effect, schema, version)

    def creating(self, item: Object, whole: Snapshot) -> tuple[str, ...]:
        """Return the statements that make an object of the snapshot."""
        from instar.dialects.sqlite import writing

        return writing.creating(item, whole)

    def adding(self, item: Object, whole: Snapshot) -> tuple[str, ...]:
        """Return the statements that make an object whose owner is there already."""
        from instar.dialects.sqlite import writing

        return writing.adding(item, whole)

    def dropping(self, item: Object, whole: Snapshot) -> tuple[str, ...]:
        """Return the statements that take an object away."""
        from instar.dialects.sqlite import writing

        return writing.dropping(item, whole)

    def altering(self, before: Object, after: Object, whole: Snapshot) -> tuple[str, ...] | None:
        """Return the statements that turn `before` into `after`; None where none does so safely."""
        from instar.dialects.sqlite import writing

        return writing.altering(before, after, whole)

    @property
    def rows(self) -> Rows:
        """Return what describes and writes rows."""
        from instar.dialects.sqlite import rows

        return rows.Rows()

    def rebuilding(self, before: Snapshot, after: Snapshot, key: str) -> tuple[str, ...] | None:
        """Return what makes a table anew, where ALTER TABLE cannot say the change."""
        from instar.dialects.sqlite import writing

        return writing.rebuilding(before, after, key)

    def preparing(self, whole: Snapshot) -> tuple[str, ...]:
        """Return nothing: tables may be named before they are there."""
        del whole
        return ()

    def terminated(self, statement: str) -> str:
        """Put a semicolon behind it."""
        return f"{statement};"

    def throwaway(self, version: int = 0, server: str = "") -> "Throwaway":
        """Make a file in a folder of its own."""
        del version, server
        from instar.dialects.sqlite.throwaway import Throwaway

        return Throwaway()

    def spell(self, key: str) -> str:
        """Return a key as it is written in SQL."""
        from instar.dialects.sqlite.identifiers import spell

        return spell(key)

    def scratch(self, version: int = 0) -> None:
        """There is no server to throw away."""

    def refuses_transaction(self, error: DatabaseError) -> bool:
        """Whether SQLite refused a statement because a transaction is open: it has no code for that, only words."""
        words = ("within a transaction", "within transaction", "inside a transaction")
        return any(word in error.message for word in words) and "start a transaction" not in error.message

    def quote(self, name: str) -> str:
        """Quote an identifier."""
        return '"' + name.replace('"', '""') + '"'


dialect = Sqlite()
