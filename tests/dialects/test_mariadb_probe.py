"""What the catalog says of an interrupted statement: each is really run, or really not, on a MariaDB server."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from dialect_steps import send, statement

from instar.dialects import Command, Probe, Session, Settings, load
from instar.errors import DatabaseError

DIALECT = load("mariadb")
APPLIED, NOT_APPLIED, UNKNOWN = Probe.APPLIED, Probe.NOT_APPLIED, Probe.UNKNOWN

pytestmark = pytest.mark.mariadb

SETUP = """
CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, a INT, b VARCHAR(10), KEY by_a (a));
INSERT INTO t (a) VALUES (1), (2);
CREATE TABLE u (id INT PRIMARY KEY, t INT REFERENCES t (id));
CREATE TABLE same LIKE u;
CREATE TABLE parts (a INT) PARTITION BY RANGE (a)
    (PARTITION p0 VALUES LESS THAN (5), PARTITION p1 VALUES LESS THAN (9));
CREATE TABLE part (a INT);
INSERT INTO parts VALUES (1), (6);
CREATE VIEW v AS SELECT a FROM t;
CREATE PROCEDURE p() SELECT 1;
CREATE FUNCTION f() RETURNS INT RETURN 1;
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1;
CREATE EVENT e ON SCHEDULE EVERY 1 YEAR DISABLE DO SELECT 1;
CREATE SEQUENCE s;
CREATE USER {user};
GRANT SELECT ON *.* TO {user};
"""

SEEN = [
    "CREATE TABLE fresh (a INT)",
    "CREATE TABLE IF NOT EXISTS fresh LIKE t",
    "CREATE TABLE fresh AS SELECT a FROM t",
    "CREATE TABLE `we``ird name` (a INT)",
    "CREATE TABLE {database}.fresh (a INT)",
    "CREATE OR REPLACE TABLE u (id INT PRIMARY KEY, t INT)",
    "CREATE OR REPLACE TABLE u LIKE u2",
    "DROP TABLE u",
    "DROP TABLE IF EXISTS u, nowhere",
    "DROP TABLE u, same",
    "ALTER TABLE t ADD COLUMN c INT, DROP KEY by_a",
    "ALTER TABLE t RENAME COLUMN a TO z",
    "ALTER TABLE t COMMENT = 'AUTO_INCREMENT=7 it says'",
    "ALTER TABLE t RENAME TO moved",
    "ALTER TABLE u RENAME AS moved, ADD COLUMN x INT",
    "RENAME TABLE t TO a, u TO b",
    "RENAME TABLE u TO aside, same TO u, aside TO same",
    "TRUNCATE TABLE u",
    "TRUNCATE parts",
    "ALTER TABLE parts TRUNCATE PARTITION p0",
    "ALTER TABLE parts EXCHANGE PARTITION p0 WITH TABLE part",
    "ALTER TABLE parts DROP PARTITION p1",
    "CREATE INDEX by_b ON t (b)",
    "CREATE UNIQUE INDEX IF NOT EXISTS by_b ON t (b)",
    "DROP INDEX by_a ON t",
    "CREATE VIEW w AS SELECT 1",
    "CREATE OR REPLACE SQL SECURITY INVOKER VIEW v AS SELECT b FROM t",
    "ALTER VIEW v AS SELECT b FROM t",
    "DROP VIEW v",
    "CREATE DEFINER = CURRENT_USER() PROCEDURE q() SELECT 1",
    "CREATE OR REPLACE PROCEDURE p() SELECT 2",
    "ALTER PROCEDURE p COMMENT 'x'",
    "DROP PROCEDURE p",
    "CREATE FUNCTION g(a INT) RETURNS INT RETURN a",
    "DROP FUNCTION IF EXISTS f",
    "CREATE TRIGGER ts AFTER INSERT ON u FOR EACH ROW SET @x = 1",
    "DROP TRIGGER tr",
    "CREATE EVENT e2 ON SCHEDULE EVERY 1 YEAR DISABLE DO SELECT 1",
    "ALTER EVENT e COMMENT 'x'",
    "ALTER EVENT e RENAME TO e3",
    "DROP EVENT e",
    "CREATE SEQUENCE s2",
    "ALTER SEQUENCE s INCREMENT 5",
    "DROP SEQUENCE s",
    "CREATE DATABASE {database}_two",
    "ALTER DATABASE {database} CHARACTER SET latin1",
    "ALTER USER {user} IDENTIFIED BY 'secret'",
    "DROP USER {user}",
    "REVOKE SELECT ON *.* FROM {user}",
    "SET STATEMENT max_statement_time = 9 FOR ALTER TABLE t ADD COLUMN c INT",
    "/*!40000 ALTER TABLE t ADD COLUMN c INT */",
]


@pytest.fixture
def session(mariadb: str) -> Iterator[Session]:
    with closing(DIALECT.connect(mariadb, Settings(lock_timeout=5))) as opened:
        send(opened, DIALECT, filled(opened, SETUP) + "; CREATE TABLE u2 (id INT PRIMARY KEY, x INT)")
        yield opened
        opened.query(filled(opened, "DROP DATABASE IF EXISTS {database}_two"))
        opened.query(filled(opened, "DROP USER IF EXISTS {user}"))


def filled(session: Session, text: str) -> str:
    name = session.server.database
    return text.replace("{database}", name).replace("{user}", f"'u_{name[-20:]}'@'%'")


@pytest.mark.parametrize("text", SEEN)
def test_the_catalog_shows_whether_it_took_effect(session: Session, text: str) -> None:
    one = statement(DIALECT, filled(session, text))
    before = session.describe(one)
    assert before is not None
    session.query("INSERT INTO t (a, b) VALUES (3, 'more')")  # the application goes on
    assert session.probe(one, before) is NOT_APPLIED
    session.run([Command(one.text, None, one)])
    assert session.probe(one, before) is APPLIED


@pytest.mark.parametrize(
    "text",
    [
        "ANALYZE TABLE t",
        "OPTIMIZE TABLE t",
        "FLUSH TABLES",
        "GRANT SELECT ON *.* TO {user}",
        "SET GLOBAL innodb_stats_persistent = ON",
        "LOCK TABLES t READ",
        "UNLOCK TABLES",
        "CREATE USER IF NOT EXISTS {user}, 'u2_nobody'@'localhost'",
        "CREATE ROLE IF NOT EXISTS r",
        "DROP DATABASE IF EXISTS {database}_two",
    ],
)
def test_what_may_run_twice_runs_again(session: Session, text: str) -> None:
    one = statement(DIALECT, filled(session, text))
    assert session.probe(one, session.describe(one)) is NOT_APPLIED


@pytest.mark.parametrize(
    "text",
    [
        "CALL p()",
        "EXECUTE s",
        "BEGIN NOT ATOMIC DELETE FROM t; END",
        "CREATE ROLE r",
        "ALTER SEQUENCE s RESTART 5",
        "SET GLOBAL max_connections = @@max_connections + 1",
        "INSTALL SONAME 'x'",
        "DROP USER a, b, c",
        "INSERT INTO t (a) VALUES (1)",
        "ALTER TABLE nowhere ADD COLUMN a INT",
    ],
)
def test_of_some_statements_nothing_is_known(session: Session, text: str) -> None:
    one = statement(DIALECT, text)
    before = session.describe(one)
    assert session.probe(one, None) is UNKNOWN
    assert session.probe(one, before) is (NOT_APPLIED if text.startswith("DROP USER") else UNKNOWN)


@pytest.mark.parametrize(
    ("text", "half"),
    [
        ("DROP TABLE u, same", "DROP TABLE u"),
        ("RENAME TABLE t TO a, u TO b", "RENAME TABLE t TO a"),
        ("CREATE TABLE fresh AS SELECT 1 AS a WHERE false", "CREATE TABLE fresh (a INT)"),
        ("CREATE VIEW v AS SELECT 7", "ALTER VIEW v AS SELECT 7"),
        ("ALTER TABLE u ADD COLUMN x INT", "DROP TABLE u"),
        ("ALTER TABLE t RENAME TO moved", "CREATE TABLE moved (a INT)"),
    ],
)
def test_what_is_half_done_or_done_by_another_is_not_guessed(session: Session, text: str, half: str) -> None:
    one = statement(DIALECT, text)
    before = session.describe(one)
    session.query(half)
    assert session.probe(one, before) is UNKNOWN


def test_half_a_tolerant_drop_goes_on(session: Session) -> None:
    one = statement(DIALECT, "DROP TABLE IF EXISTS u, same")
    before = session.describe(one)
    session.query("DROP TABLE u")
    assert session.probe(one, before) is NOT_APPLIED


def test_settings_of_the_session_do_not_look_like_a_change(session: Session) -> None:
    one = statement(DIALECT, "ALTER TABLE t ADD COLUMN c INT")
    before = session.describe(one)
    session.query("SET sql_mode = 'ANSI_QUOTES,NO_TABLE_OPTIONS', sql_quote_show_create = 0")
    assert session.probe(one, before) is NOT_APPLIED
    assert "ANSI_QUOTES" in str(session.query("SELECT @@sql_mode")[0][0])


def test_the_database_that_a_script_has_chosen_is_looked_at(session: Session) -> None:
    session.query(filled(session, "CREATE DATABASE {database}_two"))
    send(session, DIALECT, filled(session, "USE {database}_two"))
    session.run(session.restoring())
    one = statement(DIALECT, "CREATE TABLE t (a INT)")
    before = session.describe(one)
    session.run(session.tidying())  # as in another process: nobody knows of the USE any more
    assert session.probe(one, before) is NOT_APPLIED
    session.query(filled(session, "CREATE TABLE {database}_two.t (a INT)"))
    assert session.probe(one, before) is APPLIED


def test_no_password_is_stored(session: Session) -> None:
    one = statement(DIALECT, filled(session, "ALTER USER {user} IDENTIFIED BY 'secret'"))
    session.run([Command(one.text, None, one)])
    assert "secret" not in str(session.describe(one))
    assert "IDENTIFIED" not in str(session.describe(one))


def test_without_the_privilege_to_see_nothing_is_said(mariadb: str, session: Session) -> None:
    user = filled(session, "{user}")
    session.query(f"REVOKE ALL ON *.* FROM {user}")
    session.query(filled(session, "GRANT SELECT, ALTER, CREATE, DROP ON {database}.* TO {user}"))
    plain = mariadb.replace("root@", user.split("'")[1] + "@")
    with closing(DIALECT.connect(plain, Settings())) as humble:
        truncate = statement(DIALECT, "TRUNCATE u")
        assert humble.probe(truncate, humble.describe(truncate)) is UNKNOWN
        elsewhere = statement(DIALECT, "ALTER TABLE mysql.user ADD COLUMN x INT")
        assert humble.probe(elsewhere, humble.describe(elsewhere)) is UNKNOWN
        with pytest.raises(DatabaseError):
            humble.query("SELECT * FROM mysql.global_priv")
