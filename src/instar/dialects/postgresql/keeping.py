"""Rows kept and put back on PostgreSQL."""

from instar.dialects import Names, Session
from instar.dialects._keeping import Field, Keeping, Shape, label, parts

_TABLE = """
SELECT c.oid, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = pg_catalog.to_regclass(%s::text) AND c.relkind IN ('r', 'p')
"""
# A domain's checks and NOT NULL would refuse what a backup must hold: its copy has the type below it.
_COLUMNS = """
SELECT a.attname,
    pg_catalog.format_type(base.oid, -1)
        || CASE WHEN a.attcollation <> 0 AND a.attcollation <> base.typcollation
            THEN ' COLLATE ' || pg_catalog.quote_ident(cn.nspname) || '.' || pg_catalog.quote_ident(co.collname)
            ELSE '' END,
    coalesce(pg_catalog.array_position(i.indkey::int2[], a.attnum) + 1, 0),
    a.attgenerated <> '', a.attidentity = 'a'
FROM pg_catalog.pg_attribute a
CROSS JOIN LATERAL (
    WITH RECURSIVE below AS (
        SELECT t.* FROM pg_catalog.pg_type t WHERE t.oid = a.atttypid
        UNION ALL
        SELECT t.* FROM below b JOIN pg_catalog.pg_type t ON t.oid = b.typbasetype WHERE b.typtype = 'd'
    )
    SELECT oid, typcollation FROM below WHERE typtype <> 'd'
) AS base
LEFT JOIN pg_catalog.pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation
LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
WHERE a.attrelid = %s::oid AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
"""
_REFERRED = """
SELECT DISTINCT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)
FROM pg_catalog.pg_constraint f
JOIN pg_catalog.pg_class c ON c.oid = f.confrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE f.contype = 'f' AND f.conrelid = pg_catalog.to_regclass(%s::text)
"""


class PostgreSQLKeeping(Keeping):
    """Writers of the table wait while its rows are kept and changed; readers do not."""

    overriding = "OVERRIDING SYSTEM VALUE "

    def shape(self, session: Session, table: str) -> Shape | None:
        """Look the table up as the search_path finds it."""
        found = session.query(_TABLE, (table,)) if parts(table, '"')[1] else []
        if not found:
            return None
        ((oid, name),) = found
        rows = session.query(_COLUMNS, (oid,))
        return Shape(str(name), tuple(_field(row) for row in rows))

    def referred(self, session: Session, table: str) -> frozenset[str]:
        """Ask pg_constraint."""
        return frozenset(str(name) for (name,) in session.query(_REFERRED, (table,)))

    def store(self, names: Names, version: str, number: int) -> str:
        """Return a table of our own schema, which the histories of several schemas share."""
        history = names.history if names.schema in {"", "public"} else f"{names.schema}.{names.history}"
        return f"{self.ours(names.internal)}.{self.ours(label(version, number, history))}"

    def locking(self, table: str) -> list[str]:
        """Keep writers away: what they changed between the backup and the statement would not be in it."""
        return [f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE"]

    def differs(self, one: str, other: str) -> str:
        """Compare as text: json and xml have no equality, and some types call different values equal."""
        return f'{one}::text COLLATE "C" IS DISTINCT FROM {other}::text COLLATE "C"'


def _field(row: tuple[object, ...]) -> Field:
    name, type_, key, generated, always = row
    return Field(str(name), str(type_), int(str(key)), bool(generated), bool(always))
