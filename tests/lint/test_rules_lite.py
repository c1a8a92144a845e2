"""The rebuild that the linter writes for what SQLite refuses runs, keeps the rows, and does what was asked for."""

import sqlite3
from contextlib import closing

import pytest
from proving import migration

from instar.dialects import load
from instar.lint.engine import Linter
from instar.model import Finding

SETUP = """
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a INT UNIQUE, b TEXT COLLATE nocase DEFAULT 'x',
    c INT NOT NULL CONSTRAINT chk_t_c CHECK (c > 0), p_id INT REFERENCES p (id) ON DELETE CASCADE, "order" INT);
CREATE TABLE child (id INTEGER PRIMARY KEY, t_id INT REFERENCES t (id) ON DELETE CASCADE);
CREATE INDEX idx_t_b ON t (b) WHERE c > 1;
CREATE INDEX idx_t_c ON t (c);
CREATE VIEW v AS SELECT b FROM t;
CREATE TRIGGER trg_t AFTER INSERT ON t BEGIN INSERT INTO p VALUES (NULL); END;
"""
ROWS = """
INSERT INTO p VALUES (1);
INSERT INTO t (id, a, b, c, p_id, "order") VALUES (1, 1, 'one', 1, 1, 7), (2, NULL, 'two', 2, 1, NULL);
INSERT INTO child VALUES (1, 1), (2, 2);
"""
REFUSED = {
    "ADD COLUMN z TEXT NOT NULL": "SELECT z FROM t WHERE z <> ''",
    "ADD COLUMN z INT UNIQUE": "SELECT z FROM t WHERE z IS NOT NULL",
    "ADD COLUMN z TEXT DEFAULT CURRENT_TIMESTAMP": "SELECT z FROM t WHERE z IS NULL",
    "ADD COLUMN z INT AS (c * 2) STORED": "SELECT z FROM t WHERE z <> c * 2",
    "DROP COLUMN a": "SELECT 1 FROM pragma_table_info('t') WHERE name = 'a'",
    "DROP COLUMN c": "SELECT 1 FROM pragma_table_info('t') WHERE name = 'c'",
    "ADD CONSTRAINT chk_t_a CHECK (a < 100)": "SELECT 1 FROM sqlite_master WHERE name = 't' AND sql NOT LIKE '%t_a%'",
    "ADD UNIQUE (c)": "SELECT 1 WHERE (SELECT count(*) FROM pragma_index_list('t') WHERE \"unique\") < 2",
    "DROP CONSTRAINT chk_t_c": "SELECT 1 FROM sqlite_master WHERE name = 't' AND sql LIKE '%chk_t_c%'",
    "ALTER COLUMN a SET NOT NULL": "SELECT 1 FROM t WHERE a IS NULL",
    "ALTER COLUMN c DROP NOT NULL": "SELECT 1 FROM pragma_table_info('t') WHERE name = 'c' AND \"notnull\"",
    "ALTER COLUMN b SET DEFAULT 'y'": "SELECT 1 FROM pragma_table_info('t') WHERE name = 'b' AND dflt_value <> '''y'''",
    "ALTER COLUMN c TYPE TEXT": "SELECT 1 FROM pragma_table_info('t') WHERE name = 'c' AND type <> 'TEXT'",
    "MODIFY COLUMN c BIGINT NOT NULL": "SELECT 1 FROM pragma_table_info('t') WHERE name = 'c' AND type <> 'BIGINT'",
}


def findings(action: str, setup: str = SETUP) -> list[Finding]:
    dialect = load("sqlite")
    linter = Linter(dialect, dialect.schema())
    list(linter.judge([migration(setup, "1")], wanted=()))
    judged = linter.judge([migration(f"ALTER TABLE t {action};", "2")], wanted={"2"})
    return [item for each in judged for item in each.findings if item.rule == "lite-alter-refused"]


@pytest.mark.parametrize("action", REFUSED)
def test_the_rebuild_runs_and_keeps_the_rows(action: str) -> None:
    (finding,) = findings(action)
    assert finding.fix is not None
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.executescript(SETUP + ROWS)
        with pytest.raises(sqlite3.Error):
            connection.execute(f"ALTER TABLE t {action}")
        connection.executescript(finding.fix.sql)
        assert connection.execute(REFUSED[action]).fetchall() == []
        assert connection.execute("SELECT id, b FROM t ORDER BY id").fetchall() == [(1, "one"), (2, "two")]
        assert connection.execute("SELECT count(*) FROM child").fetchone() == (2,)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        kept = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE sql IS NOT NULL")}
        assert kept >= {"t", "trg_t", "v"} | (set() if action == "DROP COLUMN c" else {"idx_t_b"})


@pytest.mark.parametrize("action", ["ADD COLUMN z INT", "RENAME COLUMN b TO bb", "RENAME TO tt", 'DROP COLUMN "order"'])
def test_what_sqlite_does_is_not_flagged(action: str) -> None:
    assert findings(action) == []


def test_nothing_is_written_for_a_table_that_is_not_known() -> None:
    (finding,) = findings("ALTER COLUMN a SET NOT NULL", setup="SELECT 1;")
    assert finding.fix is None
