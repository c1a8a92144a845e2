"""Rows kept and put back on SQLite. One writer at a time: nothing needs to be locked."""

from instar.dialects import Names, Session
from instar.dialects._keeping import Field, Keeping, Shape, label, parts
from instar.dialects.sqlite.identifiers import part

_TABLE = "SELECT name FROM {schema}.sqlite_master WHERE type = 'table' AND name = %s COLLATE NOCASE"
_COLUMNS = "SELECT name, type, pk, hidden FROM pragma_table_xinfo(%s, %s) WHERE hidden <> 1 ORDER BY cid"
_REFERRED = """
SELECT DISTINCT m.name FROM pragma_foreign_key_list(%s, %s) AS f
JOIN {schema}.sqlite_master AS m ON m.type = 'table' AND m.name = f."table" COLLATE NOCASE
"""
_GENERATED = frozenset({"2", "3"})


class SqliteKeeping(Keeping):
    """What SQLite does differently."""

    def shape(self, session: Session, table: str) -> Shape | None:
        """Look the table up: in its schema, else in main."""
        schema, name = parts(table, '"`')
        schema = schema or "main"
        rows = session.query(_TABLE.format(schema=self.quote(schema)), (name,))
        if not rows:
            return None
        real = str(rows[0][0])
        columns = session.query(_COLUMNS, (real, schema))
        return Shape(f"{part(schema)}.{part(real)}", tuple(_field(row) for row in columns))

    def referred(self, session: Session, table: str) -> frozenset[str]:
        """Ask the pragma of the table's schema, which its foreign keys cannot leave."""
        schema, name = parts(table, '"`')
        schema = schema or "main"
        rows = session.query(_REFERRED.format(schema=self.quote(schema)), (name, schema))
        return frozenset(f"{part(schema)}.{part(str(real))}" for (real,) in rows)

    def store(self, names: Names, version: str, number: int) -> str:
        """Return a table with our prefix."""
        table = f"{names.internal}_{label(version, number, names.history)}"
        return f"{part(names.schema or 'main')}.{self.ours(table)}"

    def declared(self, item: Field) -> str:
        """Leave the type out: a column without one takes every value as it is."""
        return self.quote(item.name)

    def differs(self, one: str, other: str) -> str:
        """Compare byte for byte, whatever the column's collation is."""
        return f"{one} COLLATE BINARY IS NOT {other}"


def _field(row: tuple[object, ...]) -> Field:
    name, type_, key, hidden = row
    return Field(str(name), str(type_), int(str(key)), str(hidden) in _GENERATED)
