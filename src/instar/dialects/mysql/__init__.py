"""MySQL, through PyMySQL. MariaDB's dialect is the same but for its name: the server says what it is."""

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
    from instar.dialects.mysql.throwaway import Throwaway

_MARK = "$$"


@dataclass(frozen=True, slots=True)
class Mysql:
    """MySQL 8 and MariaDB 10.6 or newer: DDL is atomic, and commits before and after itself."""

    name: str = "mysql"
    schemes: tuple[str, ...] = ("mysql",)
    transactional_ddl: bool = False
    begin: str = "START TRANSACTION"

    def connect(self, url: str, settings: Settings) -> Session:
        """Open a session. Raises ConnectError."""
        from instar.dialects.mysql.connect import connect

        return connect(url, settings)

    def wrap(self, connection: object) -> Session | None:
        """Make a session of a PyMySQL connection; None for anything else, and for the other dialect's server."""
        from instar.dialects.mysql.connect import wrap

        return wrap(connection)

    def sql(self, names: Names) -> Mapping[str, str]:
        """Return our own statements by name."""
        from instar.dialects._named import filled, literal

        schema = f"{self.quote(names.schema)}." if names.schema else ""
        tables = {
            "history": names.history,
            "log": names.log,
            "checkpoint": f"{names.internal}_checkpoint",
            "meta": f"{names.internal}_meta",
            "backups": f"{names.internal}_backups",
        }
        fields = {field: schema + self.quote(name) for field, name in tables.items()}
        fields["schema_name"] = literal(names.schema) if names.schema else "DATABASE()"
        fields["backups_name"] = literal(f"{names.internal}_backups")
        fields |= {"history_name": literal(names.history), "log_name": literal(names.log)}
        return filled("instar.dialects.mysql", fields)

    def keeping(self) -> "Keeping":
        """Return how rows are kept and put back."""
        from instar.dialects.mysql.keeping import MysqlKeeping

        return MysqlKeeping(self.quote)

    def cut(self, text: str) -> list[Piece]:
        """Cut a script into statements. Raises CutError."""
        from instar.dialects.mysql.parse import cut

        return cut(text)

    def fingerprint(self, text: str) -> str:
        """Return a hash of `text` that layout and comments do not change."""
        from instar.dialects.mysql.parse import fingerprint_of

        return fingerprint_of(text)

    def touched(self, text: str) -> frozenset[str] | None:
        """Return the lower-case names of the tables that a statement is about; None when that is not known."""
        from instar.dialects.mysql.parse import touched

        return touched(text)

    def schema(self) -> Schema:
        """Return an empty shelf; what is unqualified is in the database of the connection, which has no name here."""
        return Schema(default="")

    def analyse(self, text: str, schema: Schema) -> Effect:
        """Say what a statement changes, locks and works on."""
        from instar.dialects.mysql import analysis

        return analysis.analyse(text, schema, mariadb=self.name == "mariadb")

    def learn(self, effect: Effect, schema: Schema, version: str = "") -> None:
        """Change `schema` as the statement of `effect` would."""
        from instar.dialects.mysql import analysis

        analysis.learnt(effect, schema, version, mariadb=self.name == "mariadb")

    def creating(self, item: Object, whole: Snapshot) -> tuple[str, ...]:
        """Return the statements that make an object of the snapshot."""
        from instar.dialects.mysql import writing

        return writing.creating(item, whole)

    def adding(self, item: Object, whole: Snapshot) -> tuple[str, ...]:
        """Return the statements that make an object whose owner is there already."""
        from instar.dialects.mysql import writing

        return writing.adding(item, whole)

    def dropping(self, item: Object, whole: Snapshot) -> tuple[str, ...]:
        """Return the statements that take an object away."""
        from instar.dialects.mysql import writing

        return writing.dropping(item, whole)

    def altering(self, before: Object, after: Object, whole: Snapshot) -> tuple[str, ...] | None:
        """Return the statements that turn `before` into `after`; None where none does so safely."""
        from instar.dialects.mysql import writing

        return writing.altering(before, after, whole)

    @property
    def rows(self) -> Rows:
        """Return what describes and writes rows."""
        from instar.dialects.mysql import rows

        return rows.Rows()

    def rebuilding(self, before: Snapshot, after: Snapshot, key: str) -> None:
        """Write every part by itself."""

    def preparing(self, whole: Snapshot) -> tuple[str, ...]:
        """Return nothing: what is needed is made first."""
        del whole
        return ()

    def terminated(self, statement: str) -> str:
        """Put a semicolon behind it; a body with semicolons has a delimiter of its own, as the mysql program asks."""
        if ";" not in statement:
            return f"{statement};"
        return f"DELIMITER {_MARK}\n{statement}\n{_MARK}\nDELIMITER ;"

    def throwaway(self, version: int = 0, server: str = "") -> "Throwaway":
        """Make a database on the server at the URL."""
        del version
        from instar.dialects.mysql import throwaway

        return throwaway.make(server)

    def spell(self, key: str) -> str:
        """Return a key as it is written in SQL."""
        from instar.dialects.mysql.identifiers import spell

        return spell(key)

    def scratch(self, version: int = 0) -> None:
        """There is no server to throw away."""

    def refuses_transaction(self, error: DatabaseError) -> bool:
        """Whether a variable or a statement was refused because a transaction is open."""
        return error.sqlstate in {"1179", "1400", "1568", "1679", "1694", "1766"}

    def quote(self, name: str) -> str:
        """Quote an identifier."""
        return "`" + name.replace("`", "``") + "`"


dialect = Mysql()
