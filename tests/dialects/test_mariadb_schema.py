"""What migrations teach the linter about a MariaDB schema is what its catalog says after they have run."""

from typing import Any

import pytest

from conftest import query
from instar.catalog import ConstraintKind, Schema, Table
from instar.dialects import Settings, load

SCRIPT = """
CREATE TABLE customers (
    id BIGINT NOT NULL AUTO_INCREMENT,
    Email VARCHAR(255) NOT NULL, name VARCHAR(100) NOT NULL DEFAULT 'nobody',
    vip BOOLEAN NOT NULL DEFAULT FALSE, credit DECIMAL(10,2) DEFAULT 0.00, notes TEXT,
    code CHAR(3) CHARACTER SET latin1,
    kind ENUM('a','b') NOT NULL DEFAULT 'a', seen_at DATETIME(6) DEFAULT NOW(6), updated_at TIMESTAMP NOT NULL DEFAULT
    CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, doubled DECIMAL(12,2) AS (credit * 2) STORED, PRIMARY KEY (id),
    CONSTRAINT uk_customers_email UNIQUE (Email)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE tickets (
    id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, customer_id BIGINT NOT NULL,
    parent_id INT UNSIGNED REFERENCES tickets (id),
    subject VARCHAR(200) UNIQUE, weight DOUBLE PRECISION CHECK (weight > 0), status VARCHAR(20), n INTEGER(5) ZEROFILL,
    FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE, KEY (status, id), FULLTEXT KEY ft (subject),
    CHECK (status <> '')
);
CREATE INDEX idx_tickets_customer ON tickets (customer_id, status);
ALTER TABLE customers ADD COLUMN phone VARCHAR(20) AFTER email, ADD COLUMN rank_ INT NOT NULL DEFAULT 3 FIRST,
    DROP COLUMN notes, ADD INDEX idx_phone (phone);
ALTER TABLE customers CHANGE name full_name VARCHAR(150) NOT NULL, MODIFY code CHAR(5) NOT NULL DEFAULT 'x';
ALTER TABLE customers RENAME COLUMN vip TO important, RENAME INDEX idx_phone TO idx_customers_phone;
ALTER TABLE customers ALTER COLUMN important SET DEFAULT 1, ALTER full_name DROP DEFAULT;
ALTER TABLE customers DROP INDEX uk_customers_email, ADD UNIQUE KEY uk_email (email, phone);
ALTER TABLE customers MODIFY kind ENUM('a','b','c') NOT NULL AFTER id, ADD CHECK (rank_ > 0);
CREATE TABLE archive LIKE customers;
CREATE TABLE scratch (a INT);
CREATE OR REPLACE TABLE scratch (b INT, c INT, UNIQUE (c));
RENAME TABLE scratch TO scraps, archive TO customers_archive;
ALTER TABLE scraps DROP PRIMARY KEY, ADD COLUMN IF NOT EXISTS b INT, DROP COLUMN IF EXISTS zz;
ALTER TABLE scraps ADD COLUMN (d INT, e JSON), ADD PRIMARY KEY (b);
ALTER TABLE scraps RENAME TO leftovers, DROP COLUMN c;
ALTER TABLE tickets DROP FOREIGN KEY tickets_ibfk_2, DROP CONSTRAINT CONSTRAINT_1;
ALTER TABLE tickets ADD CONSTRAINT fk_parent FOREIGN KEY (parent_id) REFERENCES tickets (id) ON DELETE SET NULL;
ALTER TABLE leftovers CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE gone (a INT);
DROP TABLE IF EXISTS gone, never;
CREATE VIEW open_tickets AS SELECT t.id, c.email FROM tickets t JOIN customers c ON c.id = t.customer_id;
CREATE TRIGGER trg_tickets BEFORE INSERT ON tickets FOR EACH ROW SET NEW.status = 'open';
"""


def shown(table: Table) -> dict[str, Any]:
    constraints = {
        (item.name, item.kind.value, item.kind is not ConstraintKind.CHECK and item.columns, item.references,
         item.referenced, item.on_delete)
        for item in table.constraints
    }  # fmt: skip
    return {
        "kind": table.kind,
        "columns": [(c.name, c.type, c.nullable, c.default, c.identity, c.generated) for c in table.columns],
        "indexes": {(i.name, i.columns, i.unique, i.primary, i.method) for i in table.indexes},
        "constraints": constraints,
        "triggers": table.triggers,
    }


def told(table: Table, other: Table) -> list[tuple[str, str]]:
    """Return the collations of `table` as far as `other` knows them."""
    known = {column.name: column.collation for column in other.columns if "_" in column.collation}
    return [(column.name, column.collation) for column in table.columns if column.name in known]


def learned(name: str, script: str) -> Schema:
    dialect = load(name)
    schema = dialect.schema()
    for piece in dialect.cut(script):
        effect = dialect.analyse(script[piece.start : piece.end], schema)
        assert not effect.error, effect
        dialect.learn(effect, schema)
    return schema


def live(url: str) -> Schema:
    session = load("mariadb").connect(url, Settings())
    try:
        return session.catalog()
    finally:
        session.close()


@pytest.mark.mariadb
def test_the_model_is_what_the_catalog_says_after_the_script(mariadb: str) -> None:
    script = SCRIPT.replace("ALTER TABLE scraps DROP PRIMARY KEY, ADD", "ALTER TABLE scraps ADD")
    dialect = load("mariadb")
    session = dialect.connect(mariadb, Settings())
    for piece in dialect.cut(script):
        session.query(script[piece.start : piece.end])
    session.close()
    model, catalog = learned("mariadb", script), live(mariadb)
    assert set(model.tables) == set(catalog.tables)
    for key, table in catalog.tables.items():
        known = model.tables[key]
        if table.kind == "table":
            assert shown(known) == shown(table)
            assert told(table, known) == told(known, known)


@pytest.mark.mariadb
def test_the_catalog_has_rows_and_sizes(mariadb: str) -> None:
    query(mariadb, "CREATE TABLE t (id INT PRIMARY KEY, a INT, KEY ia (a)) ENGINE=InnoDB")
    query(mariadb, "INSERT INTO t SELECT seq, seq FROM seq_1_to_5000")
    query(mariadb, "ANALYZE TABLE t")
    schema = live(mariadb)
    table = schema.tables["t"]
    index = table.index("ia")
    assert schema.live
    assert schema.version >= (10, 6)
    assert table.rows
    assert table.size
    assert index is not None
    assert index.size


@pytest.mark.mariadb
def test_reading_the_catalog_changes_nothing(mariadb: str) -> None:
    query(mariadb, "CREATE TABLE t (id INT PRIMARY KEY)")
    before = query(mariadb, "SHOW CREATE TABLE t")
    live(mariadb)
    assert query(mariadb, "SHOW CREATE TABLE t") == before


@pytest.mark.mariadb
def test_what_the_server_shows_of_its_own_tables_is_read_as_its_catalog_says(mariadb: str) -> None:
    dialect = load("mariadb")
    session = dialect.connect(mariadb, Settings())
    session.query("USE mysql")
    tables = [table for table in session.catalog().tables.values() if table.kind == "table"]
    for table in tables:
        ((_, text),) = session.query(f"SHOW CREATE TABLE {dialect.quote(table.name)}")
        assert shown(learned("mariadb", str(text)).tables[table.name]) == shown(table)
    session.close()
    assert len(tables) > 20
