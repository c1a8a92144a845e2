"""What analyse and learn say of SQLite's statements is what SQLite does."""

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from instar.catalog import ConstraintKind, Schema, Table
from instar.dialects import Settings, load
from instar.dialects.sqlite.analysis.alter import REFUSED_WITH_ROWS
from instar.effects import Verdict, WorkKind, verdict

SETUP = """
CREATE TABLE p (id INTEGER PRIMARY KEY, x INT);
CREATE TABLE t (
    id INTEGER PRIMARY KEY, a INT, b INT REFERENCES p (id), c INT UNIQUE, d INT CHECK (d > 0), e TEXT, f TEXT, g INT,
    h INT AS (g + 1), i INT, j INT, k INT, l INT, m INT, n INT, CHECK (i > 0), FOREIGN KEY (j) REFERENCES p (id),
    UNIQUE (k, l)
);
CREATE INDEX idx_t_a ON t (a);
CREATE INDEX idx_t_e ON t (lower(e)) WHERE f IS NOT NULL;
CREATE VIEW v AS SELECT m FROM t;
CREATE TRIGGER trg_t AFTER INSERT ON t BEGIN UPDATE p SET x = NEW.n; END;
CREATE TABLE w (a INT PRIMARY KEY, b TEXT) WITHOUT ROWID;
"""
ROWS = "INSERT INTO p VALUES (1, 1); INSERT INTO t (id, a, b, c, d, i, j) VALUES (1, 1, 1, 1, 1, 1, 1);"
ACTIONS = """
ADD COLUMN z INT
ADD z TEXT NOT NULL DEFAULT 'x'
ADD COLUMN z INT NOT NULL
ADD COLUMN z INT NOT NULL DEFAULT NULL
ADD COLUMN z TEXT DEFAULT CURRENT_TIMESTAMP
ADD COLUMN z INT DEFAULT (1 + 1)
ADD COLUMN z INT DEFAULT (1)
ADD COLUMN z INT DEFAULT -1.5
ADD COLUMN z INT DEFAULT (random())
ADD COLUMN z INT UNIQUE
ADD COLUMN z INT PRIMARY KEY
ADD COLUMN z INT AS (a + 1)
ADD COLUMN z INT AS (a + 1) VIRTUAL
ADD COLUMN z INT GENERATED ALWAYS AS (a + 1) STORED
ADD COLUMN z INT REFERENCES p (id)
ADD COLUMN z INT REFERENCES p (id) DEFAULT 1
ADD COLUMN z INT CONSTRAINT named CHECK (z > 0)
ADD COLUMN z INT COLLATE nocase
ADD COLUMN z INT, ADD COLUMN y INT
ADD COLUMN IF NOT EXISTS z INT
ADD CONSTRAINT c CHECK (a > 0)
ADD PRIMARY KEY (a)
ADD UNIQUE (a)
ADD FOREIGN KEY (a) REFERENCES p (id)
ALTER COLUMN a SET NOT NULL
ALTER COLUMN a TYPE TEXT
MODIFY COLUMN a TEXT
DROP CONSTRAINT c
DROP COLUMN id
DROP COLUMN a
DROP COLUMN b
DROP COLUMN c
DROP COLUMN d
DROP COLUMN e
DROP COLUMN f
DROP COLUMN g
DROP COLUMN h
DROP COLUMN i
DROP COLUMN j
DROP COLUMN k
DROP COLUMN m
DROP COLUMN n
DROP COLUMN IF EXISTS a
RENAME COLUMN a TO aa
RENAME a TO aa
RENAME TO tt
""".strip().splitlines()


def learned(script: str, schema: Schema | None = None) -> Schema:
    dialect = load("sqlite")
    schema = dialect.schema() if schema is None else schema
    for piece in dialect.cut(script):
        dialect.learn(dialect.analyse(script[piece.start : piece.end], schema), schema)
    return schema


def refusal(action: str, *, rows: bool) -> str:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.executescript(SETUP + (ROWS if rows else ""))
        try:
            connection.execute(f"ALTER TABLE t {action}")
        except sqlite3.Error as error:
            return str(error)
    return ""


@pytest.mark.parametrize("action", ACTIONS)
def test_what_alter_table_refuses_is_known(action: str) -> None:
    effect = load("sqlite").analyse(f"ALTER TABLE t {action}", learned("PRAGMA foreign_keys = ON;" + SETUP))
    always, with_rows = refusal(action, rows=False), refusal(action, rows=True)
    conditional = [change.text for change in effect.changes if REFUSED_WITH_ROWS in change.flags]
    assert bool(effect.error) == bool(always), (effect.error, always)
    assert bool(effect.error or conditional) == bool(with_rows), (effect.error, conditional, with_rows)
    said = (effect.error or "".join(conditional)).lower()
    if "new.n" not in with_rows:
        assert said.removesuffix("default value null") in with_rows.lower() or "syntax error" in said


SCRIPT = """
PRAGMA foreign_keys = ON;
CREATE TABLE "Books" (id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL DEFAULT '?', isbn VARCHAR(20) UNIQUE,
    pages INT DEFAULT 0, CONSTRAINT chk_books_pages CHECK (pages >= 0));
CREATE TABLE loans (id INTEGER NOT NULL, book_id INT NOT NULL, at TEXT DEFAULT CURRENT_TIMESTAMP,
    n INT AS (id + 1) STORED,
    CONSTRAINT pk_loans PRIMARY KEY (id),
    FOREIGN KEY (book_id) REFERENCES books (id) ON DELETE CASCADE ON UPDATE SET NULL);
CREATE INDEX idx_loans_book ON loans (book_id, at DESC);
CREATE UNIQUE INDEX uk_loans ON loans (lower(at)) WHERE book_id > 3;
ALTER TABLE books ADD COLUMN language TEXT;
ALTER TABLE books ADD COLUMN shelf INT REFERENCES shelves (id) ON DELETE SET NULL;
ALTER TABLE books RENAME COLUMN pages TO page_count;
ALTER TABLE books DROP COLUMN language;
CREATE TABLE scratch (a INT);
ALTER TABLE scratch RENAME TO scraps;
CREATE TABLE IF NOT EXISTS scraps (z INT);
CREATE VIEW late AS SELECT id FROM loans;
DROP VIEW late;
CREATE TRIGGER trg_loans AFTER INSERT ON loans BEGIN UPDATE books SET page_count = 1; END;
DROP INDEX uk_loans;
CREATE TEMP TABLE passing (a INT);
DROP TABLE IF EXISTS gone;
"""


def shown(table: Table) -> dict[str, Any]:
    return {
        "kind": table.kind,
        "columns": [(c.name, c.type, c.nullable, c.default, c.identity, c.generated) for c in table.columns],
        "indexes": {(i.name, i.columns, i.unique) for i in table.indexes},
        "constraints": sorted(
            (c.name, c.kind.value, () if c.kind is ConstraintKind.CHECK else c.columns, c.references, c.on_delete)
            for c in table.constraints
        ),
        "triggers": table.triggers,
    }


def live(url: str) -> Schema:
    session = load("sqlite").connect(url, Settings())
    try:
        return session.catalog()
    finally:
        session.close()


def run(url: str, script: str) -> None:
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as connection:
        connection.executescript(script)


def test_the_model_is_what_the_catalog_says_after_the_script(sqlite: str) -> None:
    run(sqlite, SCRIPT)
    model, catalog = learned(SCRIPT), live(sqlite)
    assert set(model.tables) == set(catalog.tables)
    for key, table in catalog.tables.items():
        assert shown(model.tables[key]) == shown(table)


def test_the_catalog_tells_rows_and_changes_nothing(sqlite: str) -> None:
    run(sqlite, SETUP + ROWS)
    catalog = live(sqlite)
    assert catalog.tables["t"].rows == 1
    assert catalog.tables["w"].rows is None
    assert catalog.complete
    assert [other.name for other, _ in catalog.referencing("p")] == ["t", "t"]


def test_an_index_is_built_while_writers_wait() -> None:
    effect = load("sqlite").analyse("CREATE INDEX i ON t (b)", learned(SETUP))
    assert verdict(effect) is Verdict.LONG
    assert {work.kind for work in effect.work} == {WorkKind.SCAN, WorkKind.BUILD}


@pytest.mark.parametrize(
    ("text", "kind", "flags"),
    [
        ("UPDATE t SET a = 1", "update", set()),
        ("UPDATE t SET a = 1 WHERE id IN (SELECT 1 LIMIT 3)", "update", {"where"}),
        ("WITH x AS (SELECT 1 WHERE 1) DELETE FROM t", "delete", set()),
        ("DELETE FROM t WHERE a = 1 RETURNING id", "delete", {"where", "returning"}),
        ("INSERT OR REPLACE INTO t (a, b) VALUES (1, 2)", "insert", {"values", "or replace"}),
        ("INSERT INTO t SELECT * FROM p WHERE x = 1", "insert", {"select"}),
        ("SELECT * FROM t ORDER BY a LIMIT 3 OFFSET 5", "select", {"order by", "limit", "offset"}),
        ("REPLACE INTO t VALUES (1)", "insert", {"values", "or replace"}),
    ],
)
def test_statements_on_rows_tell_their_clauses(text: str, kind: str, flags: set[str]) -> None:
    change = load("sqlite").analyse(text, learned(SETUP)).changes[0]
    assert (change.kind, set(change.flags)) == (kind, flags)
    assert change.relation == ("" if kind == "select" else "t")
