"""Rows kept and put back on MariaDB and MySQL."""

from collections.abc import Mapping

from instar.dialects import Names, Session
from instar.dialects._keeping import Field, Keeping, Shape, label, parts
from instar.dialects.mysql.identifiers import part

_TABLE = """
SELECT table_schema, table_name, table_schema = DATABASE() FROM information_schema.tables
WHERE table_schema = COALESCE(%s, DATABASE()) AND table_name = %s AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')
"""
_COLUMNS = """
SELECT c.column_name, c.column_type, c.character_set_name, c.collation_name, COALESCE(k.seq_in_index, 0), c.extra
FROM information_schema.columns AS c
LEFT JOIN information_schema.statistics AS k
    ON k.table_schema = c.table_schema AND k.table_name = c.table_name AND k.column_name = c.column_name
    AND k.index_name = 'PRIMARY'
WHERE c.table_schema = %s AND c.table_name = %s ORDER BY c.ordinal_position
"""
_REFERRED = """
SELECT DISTINCT referenced_table_schema, referenced_table_name, referenced_table_schema = DATABASE()
FROM information_schema.key_column_usage
WHERE table_schema = COALESCE(%s, DATABASE()) AND table_name = %s AND referenced_table_name IS NOT NULL
"""


class MysqlKeeping(Keeping):
    """What MariaDB and MySQL do differently."""

    def shape(self, session: Session, table: str) -> Shape | None:
        """Look the table up: in its database, else in the one that we are in."""
        schema, name = parts(table, "`")
        rows = session.query(_TABLE, (schema or None, name))
        if not rows:
            return None
        ((database, real, here),) = rows
        columns = session.query(_COLUMNS, (database, real))
        return Shape(_spelled(database, real, here), tuple(_field(row) for row in columns))

    def referred(self, session: Session, table: str) -> frozenset[str]:
        """Ask the information schema."""
        schema, name = parts(table, "`")
        rows = session.query(_REFERRED, (schema or None, name))
        return frozenset(_spelled(*row) for row in rows)

    def store(self, names: Names, version: str, number: int) -> str:
        """Return a table with our prefix, beside the history."""
        schema = f"{self.quote(names.schema)}." if names.schema else ""
        return schema + self.ours(f"{names.internal}_{label(version, number, names.history)}")

    def locked(self) -> str:
        """Lock the rows that are read, and what lies between them."""
        return " FOR UPDATE"

    def declared(self, item: Field) -> str:
        """Say NULL: a TIMESTAMP without it would get a default of its own."""
        return f"{self.quote(item.name)} {item.type}{'' if item.key else ' NULL'}"

    def updating(self, target: str, source: str, values: Mapping[str, str], where: str) -> str:
        """Join the tables in the UPDATE."""
        changes = ", ".join(f"o.{self.quote(name)} = {value}" for name, value in values.items())
        return f"UPDATE {target} AS o JOIN {source} AS s ON {where} SET {changes}"

    def differs(self, one: str, other: str) -> str:
        """Compare byte for byte, whatever the column's collation is."""
        return f"NOT (CAST({one} AS BINARY) <=> CAST({other} AS BINARY))"


def _spelled(database: object, table: object, here: object) -> str:
    return part(str(table)) if here else f"{part(str(database))}.{part(str(table))}"


def _field(row: tuple[object, ...]) -> Field:
    name, type_, charset, collation, key, extra = row
    words = str(extra).upper()
    text = f" CHARACTER SET {charset} COLLATE {collation}" if charset and collation else ""
    generated = "GENERATED" in words.replace("DEFAULT_GENERATED", "") or "VIRTUAL" in words or "PERSISTENT" in words
    return Field(str(name), f"{type_}{text}", int(str(key)), generated)
