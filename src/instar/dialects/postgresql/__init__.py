"""PostgreSQL 12 and later."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from instar.catalog import Schema
from instar.dialects import Names, Rows, Session, Settings, _named
from instar.effects import Effect
from instar.errors import DatabaseError
from instar.model import Piece
from instar.snapshot import Object, Snapshot

if TYPE_CHECKING:
    from instar.dialects._keeping import Keeping
    from instar.dialects.postgresql.connect import PostgreSQLSession
    from instar.dialects.postgresql.scratch import Scratch
    from instar.dialects.postgresql.throwaway import Throwaway


class PostgreSQL:
    """The dialect; see instar.dialects.Dialect for what its methods promise."""

    name = "postgresql"
    schemes = ("postgresql", "postgres", "embedded")
    transactional_ddl = True
    begin = "BEGIN"

    def connect(self, url: str, settings: Settings) -> Session:
        """Open a session on `url`."""
        from instar.dialects.postgresql.connect import connect

        return connect(url, settings)

    def wrap(self, connection: object) -> "PostgreSQLSession | None":
        """Make a session of a psycopg 3 connection."""
        if not type(connection).__module__.startswith("psycopg"):
            return None
        from instar.dialects.postgresql.connect import wrap

        return wrap(connection)

    def sql(self, names: Names) -> Mapping[str, str]:
        """Return the statements of history.sql with our tables' names in them."""
        history, log = self._table(names.schema, names.history), self._table(names.schema, names.log)
        fields = {
            "history": history,
            "log": log,
            "history_text": _named.literal(history),
            "log_text": _named.literal(log),
            "internal": self.quote(names.internal),
            "checkpoint": self._table(names.internal, "checkpoint"),
            "meta": self._table(names.internal, "meta"),
            "backups": self._table(names.internal, "backups"),
            "backups_text": _named.literal(self._table(names.internal, "backups")),
        }
        return _named.filled(__name__, fields)

    def _table(self, schema: str, table: str) -> str:
        return f"{self.quote(schema)}.{self.quote(table)}" if schema else self.quote(table)

    def cut(self, text: str) -> list[Piece]:
        """Cut a script into statements."""
        from instar.dialects.postgresql import parse

        return parse.cut(text)

    def fingerprint(self, text: str) -> str:
        """Return a text that ignores layout, comments and the case of words."""
        from instar.dialects.postgresql import parse

        return parse.fingerprint(text)

    def touched(self, text: str) -> frozenset[str] | None:
        """Return the names of the relations, types and functions that a statement names."""
        from instar.dialects.postgresql import touched

        return touched.touched(text)

    def schema(self) -> Schema:
        """Return an empty shelf whose default schema is public."""
        return Schema(default="public")

    def analyse(self, text: str, schema: Schema) -> Effect:
        """Say what a statement changes, locks and works on."""
        from instar.dialects.postgresql import analysis

        return analysis.analyse(text, schema)

    def learn(self, effect: Effect, schema: Schema, version: str = "") -> None:
        """Change `schema` as the statement would."""
        from instar.dialects.postgresql import analysis

        analysis.learn(effect, schema, version)

    def creating(self, item: Object, whole: Snapshot) -> tuple[str, ...]:
        """Return the statements that make an object."""
        from instar.dialects.postgresql import writing

        return writing.creating(item, whole)

    def adding(self, item: Object, whole: Snapshot) -> tuple[str, ...]:
        """Return the statements that make an object where its owner is there already."""
        from instar.dialects.postgresql import writing

        return writing.adding(item, whole)

    def dropping(self, item: Object, whole: Snapshot) -> tuple[str, ...]:
        """Return the statements that take an object away."""
        from instar.dialects.postgresql import writing

        return writing.dropping(item, whole)

    def altering(self, before: Object, after: Object, whole: Snapshot) -> tuple[str, ...] | None:
        """Return the statements that turn an object into what it is to be."""
        from instar.dialects.postgresql import writing

        return writing.altering(before, after, whole)

    def rebuilding(self, before: Snapshot, after: Snapshot, key: str) -> None:
        """Write every part by itself."""

    def preparing(self, whole: Snapshot) -> tuple[str, ...]:
        """Leave function bodies alone, and take the schema public away where it is not wanted."""
        from instar.dialects.postgresql import writing

        return writing.preparing(whole)

    def terminated(self, statement: str) -> str:
        """Put a semicolon behind it."""
        return f"{statement};"

    def keeping(self) -> "Keeping":
        """Return how rows are kept and put back."""
        from instar.dialects.postgresql.keeping import PostgreSQLKeeping

        return PostgreSQLKeeping(self.quote)

    def throwaway(self, version: int = 0, server: str = "") -> "Throwaway":
        """Make a database on the server at the URL, else start an embedded server."""
        from instar.dialects.postgresql import throwaway

        return throwaway.make(version, server)

    @property
    def rows(self) -> Rows:
        """Return what describes and writes rows."""
        from instar.dialects.postgresql import rows

        return rows.Rows()

    def spell(self, key: str) -> str:
        """Quote the parts of a key that are not plain lower-case identifiers, or are reserved."""
        from instar.dialects.postgresql.identifiers import written

        return written(key)

    def scratch(self, version: int = 0) -> "Scratch | None":
        """Start an embedded server, where one is installed."""
        from instar.dialects.postgresql import scratch

        return scratch.start(version)

    def refuses_transaction(self, error: DatabaseError) -> bool:
        """Recognise active_sql_transaction, and a procedure that commits (invalid_transaction_termination)."""
        return error.sqlstate in {"25001", "2D000"}

    def quote(self, name: str) -> str:
        """Quote an identifier."""
        return '"' + name.replace('"', '""') + '"'


dialect = PostgreSQL()
