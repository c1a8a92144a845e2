"""The snapshot of a MariaDB database is complete: it differs when the dump does, and only then."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from conftest import missing
from instar.dialects import Command, Names, Session, Settings, for_url, load
from instar.errors import DatabaseError
from instar.schema.order import ordered
from instar.snapshot import Snapshot

pytestmark = pytest.mark.mariadb

BASE = (
    "CREATE SEQUENCE numbers START WITH 5 INCREMENT BY 5 MAXVALUE 9000 CACHE 10",
    (
        "CREATE TABLE users (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, email VARCHAR(100) NOT NULL, "
        "name VARCHAR(50) DEFAULT 'it''s', age INT, born DATE, seen TIMESTAMP(3) NULL DEFAULT CURRENT_TIMESTAMP(3) "
        "ON UPDATE CURRENT_TIMESTAMP(3), kind ENUM('a','b') NOT NULL DEFAULT 'a', bio TEXT, data JSON, "
        "number INT DEFAULT NEXTVAL(numbers), price DECIMAL(10,2), "
        "code CHAR(3) CHARACTER SET latin1, small SMALLINT, "
        "UNIQUE KEY email (email), KEY by_name (name, age), FULLTEXT KEY bios (bio), "
        "CONSTRAINT grown CHECK (age > 17)) "
        "ENGINE=InnoDB COMMENT='people' ROW_FORMAT=DYNAMIC"
    ),
    (
        "CREATE TABLE posts (id INT NOT NULL, user_id BIGINT UNSIGNED, title VARCHAR(200) CHECK (title <> ''), "
        "doubled INT AS (id * 2) STORED, tripled INT AS (id * 3) VIRTUAL, place POINT NOT NULL, "
        "hidden INT INVISIBLE DEFAULT 1, "
        "PRIMARY KEY (id), SPATIAL KEY places (place), KEY owner (user_id), "
        "CONSTRAINT author FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE)"
    ),
    (
        "CREATE TABLE parts (a INT NOT NULL, b INT) PARTITION BY RANGE (a) ("
        "PARTITION p0 VALUES LESS THAN (10) COMMENT = 'x', "
        "PARTITION p1 VALUES LESS THAN MAXVALUE)"
    ),
    "CREATE TABLE versions (x INT, y INT WITHOUT SYSTEM VERSIONING) WITH SYSTEM VERSIONING",
    "CREATE TABLE spans (a INT, s DATE, e DATE, PERIOD FOR app (s, e), UNIQUE KEY whole (a, app WITHOUT OVERLAPS))",
    "CREATE TABLE `odd name` (`order` INT, `a``b` INT, KEY `k.k` (`order`, `a``b` DESC))",
    "CREATE TABLE notes (body TEXT) ENGINE=MyISAM",
    "CREATE FUNCTION twice(a INT) RETURNS INT DETERMINISTIC NO SQL RETURN a * 2",
    (
        "CREATE PROCEDURE greet(IN who VARCHAR(10), OUT said TEXT) READS SQL DATA COMMENT 'hi' "
        "BEGIN SET said = CONCAT('hello ', who); END"
    ),
    "CREATE VIEW adults AS SELECT u.id, u.name, twice(u.age) AS age FROM users u WHERE u.age > 17",
    "CREATE VIEW writers AS SELECT a.id, p.title FROM adults a JOIN posts p ON p.user_id = a.id",
    "CREATE TRIGGER stamp BEFORE INSERT ON users FOR EACH ROW SET NEW.name = _latin1'a\\'b'",
    "CREATE TRIGGER stamp2 BEFORE INSERT ON users FOR EACH ROW FOLLOWS stamp BEGIN SET NEW.age = 20; SET @x = 1; END",
    (
        "CREATE EVENT nightly ON SCHEDULE EVERY '1:30' HOUR_MINUTE STARTS '2030-01-01 00:00:00' DISABLE COMMENT 'x''y' "
        "DO SET @a = 1"
    ),
)

CHANGES = {
    "table added": ["CREATE TABLE t (a INT)"],
    "table with everything added": [
        (
            "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, a INT UNSIGNED ZEROFILL, b BIT(3) DEFAULT b'101', "
            "c DATETIME DEFAULT (UTC_TIMESTAMP()), d VARCHAR(10) COLLATE utf8mb4_bin DEFAULT (CONCAT('a', 'b')), "
            "e SET('x','y'), f BLOB COMPRESSED, g YEAR, h DOUBLE(10,2), i BINARY(4) DEFAULT 'ab', j UUID, k INET6, "
            "l VARCHAR(9) DEFAULT 'a\\\\b\\nc', m INT, "
            "KEY (a, b), CHECK (a > 0)) CHECKSUM=1 MIN_ROWS=10"
        )
    ],
    "table whose texts look like its end": [
        (
            "CREATE TABLE t (a VARCHAR(9) DEFAULT 'x\"y' COMMENT 'it\"s ), (\n) ENGINE=x', "
            "b VARCHAR(20) CHECK (b <> 'p\n) ENGINE=q''r'), `d\"` INT, KEY k (a)) COMMENT='a\nb\"'"
        )
    ],
    "table dropped": ["DROP TABLE notes"],
    "table renamed": ["RENAME TABLE notes TO remarks"],
    "table comment": ["ALTER TABLE users COMMENT = 'persons \\\\ it''s'"],
    "table comment dropped": ["ALTER TABLE users COMMENT = ''"],
    "engine": ["ALTER TABLE notes ENGINE = InnoDB"],
    "row format": ["ALTER TABLE users ROW_FORMAT = COMPACT"],
    "row format dropped": ["ALTER TABLE users ROW_FORMAT = DEFAULT"],
    "table option": ["ALTER TABLE users STATS_PERSISTENT = 1"],
    "page compression": ["ALTER TABLE users PAGE_COMPRESSED = 1"],
    "collation of a table": ["ALTER TABLE users DEFAULT COLLATE utf8mb4_bin"],
    "character set converted": ["ALTER TABLE notes CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"],
    "partition added": [
        (
            "ALTER TABLE parts REORGANIZE PARTITION p1 INTO (PARTITION p1 VALUES LESS THAN (20), "
            "PARTITION p2 VALUES LESS THAN MAXVALUE)"
        )
    ],
    "partitioning removed": ["ALTER TABLE parts REMOVE PARTITIONING"],
    "partitioning added": ["ALTER TABLE `odd name` PARTITION BY HASH (`order`) PARTITIONS 4"],
    "list partitioning": [
        "ALTER TABLE parts PARTITION BY LIST (a) (PARTITION l0 VALUES IN (1,2), PARTITION l1 DEFAULT)"
    ],
    "system versioning added": ["ALTER TABLE notes ENGINE = InnoDB", "ALTER TABLE notes ADD SYSTEM VERSIONING"],
    "system versioning dropped": ["ALTER TABLE versions DROP SYSTEM VERSIONING"],
    "versioned table changed": ["SET system_versioning_alter_history = KEEP", "ALTER TABLE versions ADD COLUMN z INT"],
    "column with versioning": [
        "SET system_versioning_alter_history = KEEP",
        "ALTER TABLE versions MODIFY y INT WITH SYSTEM VERSIONING",
    ],
    "period dropped": ["ALTER TABLE spans DROP KEY whole", "ALTER TABLE spans DROP PERIOD FOR app"],
    "period added": [
        "ALTER TABLE parts REMOVE PARTITIONING",
        "ALTER TABLE parts ADD COLUMN f DATE NOT NULL",
        "ALTER TABLE parts ADD COLUMN u DATE NOT NULL",
        "ALTER TABLE parts ADD PERIOD FOR span (f, u)",
    ],
    "column added": ["ALTER TABLE users ADD COLUMN extra INT"],
    "column added first": ["ALTER TABLE users ADD COLUMN extra INT FIRST"],
    "column added in the middle": ["ALTER TABLE users ADD COLUMN extra VARCHAR(10) NOT NULL DEFAULT 'x' AFTER email"],
    "columns added": ["ALTER TABLE users ADD COLUMN e1 INT AFTER name, ADD COLUMN e2 INT AFTER e1, ADD COLUMN e3 INT"],
    "counting column added": ["ALTER TABLE `odd name` ADD COLUMN id INT AUTO_INCREMENT PRIMARY KEY FIRST"],
    "counting column dropped": [
        "DROP VIEW writers",
        "DROP VIEW adults",
        "ALTER TABLE users MODIFY id BIGINT UNSIGNED NOT NULL",
        "ALTER TABLE posts DROP FOREIGN KEY author",
        "ALTER TABLE users DROP PRIMARY KEY, DROP COLUMN id",
    ],
    "column dropped": ["ALTER TABLE users DROP COLUMN born"],
    "column renamed": ["ALTER TABLE users RENAME COLUMN born TO birthday"],
    "column moved": ["ALTER TABLE users MODIFY born DATE FIRST"],
    "columns moved": ["ALTER TABLE users MODIFY price DECIMAL(10,2) AFTER email, MODIFY small SMALLINT FIRST"],
    "column moved to the end": ["ALTER TABLE users MODIFY born DATE AFTER small"],
    "column type": ["ALTER TABLE users MODIFY age BIGINT"],
    "column narrowed": ["ALTER TABLE users MODIFY age TINYINT"],
    "column length": ["ALTER TABLE users MODIFY email VARCHAR(255) NOT NULL"],
    "column length less": ["ALTER TABLE users MODIFY email VARCHAR(20) NOT NULL"],
    "column signedness": ["ALTER TABLE users MODIFY small INT UNSIGNED"],
    "column zerofill": ["ALTER TABLE users MODIFY small SMALLINT(4) UNSIGNED ZEROFILL"],
    "column scale": ["ALTER TABLE users MODIFY price DECIMAL(12,4)"],
    "column fraction": ["ALTER TABLE users MODIFY seen TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6)"],
    "column not null": ["ALTER TABLE users MODIFY age INT NOT NULL"],
    "column nullable": ["ALTER TABLE users MODIFY email VARCHAR(100)"],
    "column default": ["ALTER TABLE users ALTER COLUMN age SET DEFAULT 18"],
    "column default text": ["ALTER TABLE users ALTER COLUMN name SET DEFAULT 'a''b\\\\c'"],
    "column default dropped": ["ALTER TABLE users ALTER COLUMN name DROP DEFAULT"],
    "column default null": ["ALTER TABLE users ALTER COLUMN name SET DEFAULT NULL"],
    "column default expression": ["ALTER TABLE users MODIFY born DATE DEFAULT (CURDATE() + INTERVAL 1 DAY)"],
    "column on update dropped": ["ALTER TABLE users MODIFY seen TIMESTAMP(3) NULL DEFAULT CURRENT_TIMESTAMP(3)"],
    "column collation": ["ALTER TABLE users MODIFY name VARCHAR(50) COLLATE utf8mb4_bin DEFAULT 'it''s'"],
    "column character set": ["ALTER TABLE users MODIFY code CHAR(3) CHARACTER SET utf8mb4"],
    "column comment": ["ALTER TABLE users MODIFY age INT COMMENT 'years, ''all'' of\\nthem \"so\"'"],
    "column invisible": ["ALTER TABLE users MODIFY born DATE INVISIBLE"],
    "column visible": ["ALTER TABLE posts MODIFY hidden INT DEFAULT 1"],
    "column compressed": ["ALTER TABLE users MODIFY bio TEXT", "ALTER TABLE notes MODIFY body TEXT COMPRESSED"],
    "column check": ["ALTER TABLE posts MODIFY title VARCHAR(200) CHECK (title > 'a')"],
    "column check dropped": ["ALTER TABLE posts MODIFY title VARCHAR(200)"],
    "column no longer counting": [
        "ALTER TABLE posts DROP FOREIGN KEY author",
        "ALTER TABLE users MODIFY id BIGINT UNSIGNED NOT NULL",
    ],
    "column counting": [
        "ALTER TABLE posts DROP COLUMN doubled, DROP COLUMN tripled",
        "ALTER TABLE posts MODIFY id INT NOT NULL AUTO_INCREMENT",
    ],
    "enum value appended": ["ALTER TABLE users MODIFY kind ENUM('a','b','c') NOT NULL DEFAULT 'a'"],
    "enum value inserted": ["ALTER TABLE users MODIFY kind ENUM('a','x','b') NOT NULL DEFAULT 'a'"],
    "generated expression": ["ALTER TABLE posts MODIFY doubled INT AS (id * 20) STORED"],
    "generated expression virtual": ["ALTER TABLE posts MODIFY tripled INT AS (id * 30) VIRTUAL"],
    "generated column added": ["ALTER TABLE posts ADD COLUMN g INT AS (id + 1) PERSISTENT AFTER id"],
    "generated column made plain": ["ALTER TABLE posts MODIFY doubled INT"],
    "primary key dropped": ["ALTER TABLE posts DROP PRIMARY KEY"],
    "primary key changed": ["ALTER TABLE posts DROP PRIMARY KEY, ADD PRIMARY KEY (id, hidden)"],
    "primary key added": ["ALTER TABLE `odd name` ADD PRIMARY KEY (`order`)"],
    "primary key of a counting column": ["ALTER TABLE users DROP PRIMARY KEY, ADD PRIMARY KEY (id, email)"],
    "key of a counting column moved": [
        "ALTER TABLE posts DROP FOREIGN KEY author",
        "ALTER TABLE users DROP PRIMARY KEY, ADD UNIQUE KEY ids (id)",
    ],
    "index added": ["CREATE INDEX by_age ON users (age)"],
    "index with lengths and orders": ["CREATE INDEX mixed ON users (bio(20), age DESC, name(5))"],
    "index dropped": ["DROP INDEX by_name ON users"],
    "index renamed": ["ALTER TABLE users RENAME INDEX by_name TO by_names"],
    "index columns": ["ALTER TABLE users DROP KEY by_name, ADD KEY by_name (age, name)"],
    "index order": ["ALTER TABLE users DROP KEY by_name, ADD KEY by_name (name, age DESC)"],
    "index prefix": ["ALTER TABLE users DROP KEY by_name, ADD KEY by_name (name(10), age)"],
    "index unique": ["ALTER TABLE users DROP KEY by_name, ADD UNIQUE KEY by_name (name, age)"],
    "index not unique": ["ALTER TABLE users DROP KEY email, ADD KEY email (email)"],
    "index comment": ["ALTER TABLE users DROP KEY by_name, ADD KEY by_name (name, age) COMMENT 'it''s'"],
    "index ignored": ["ALTER TABLE users ALTER INDEX by_name IGNORED"],
    "index type said": ["ALTER TABLE users DROP KEY by_name, ADD KEY by_name (name, age) USING BTREE"],
    "fulltext dropped": ["ALTER TABLE users DROP KEY bios"],
    "fulltext added": ["ALTER TABLE users ADD FULLTEXT KEY names (name, bio)"],
    "spatial dropped": ["ALTER TABLE posts DROP KEY places"],
    "index under a foreign key": ["ALTER TABLE posts DROP KEY owner, ADD KEY owner (user_id, title)"],
    "foreign key dropped": ["ALTER TABLE posts DROP FOREIGN KEY author"],
    "foreign key action": [
        "ALTER TABLE posts DROP FOREIGN KEY author",
        "ALTER TABLE posts ADD CONSTRAINT author FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE SET NULL",
    ],
    "foreign key update action": [
        "ALTER TABLE posts DROP FOREIGN KEY author",
        (
            "ALTER TABLE posts ADD CONSTRAINT author "
            "FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE"
        ),
    ],
    "foreign key added": [
        "ALTER TABLE users ADD COLUMN boss BIGINT UNSIGNED",
        "ALTER TABLE users ADD CONSTRAINT bosses FOREIGN KEY (boss) REFERENCES users (id)",
    ],
    "foreign key without a name": ["CREATE TABLE t (u BIGINT UNSIGNED, FOREIGN KEY (u) REFERENCES users (id))"],
    "tables that reference each other": [
        "CREATE TABLE t1 (id INT PRIMARY KEY, o INT)",
        "CREATE TABLE t2 (id INT PRIMARY KEY, o INT REFERENCES t1 (id))",
        "ALTER TABLE t1 ADD CONSTRAINT c12 FOREIGN KEY (o) REFERENCES t2 (id)",
    ],
    "check dropped": ["ALTER TABLE users DROP CONSTRAINT grown"],
    "check changed": ["ALTER TABLE users DROP CONSTRAINT grown, ADD CONSTRAINT grown CHECK (age > 20)"],
    "check added": ["ALTER TABLE users ADD CHECK (name <> email)"],
    "view added": ["CREATE VIEW v AS SELECT 1 AS one"],
    "view dropped": ["DROP VIEW writers"],
    "view text": ["CREATE OR REPLACE VIEW adults AS SELECT u.id, u.name, u.age FROM users u WHERE u.age > 20"],
    "view algorithm": [
        "ALTER ALGORITHM=MERGE VIEW adults AS SELECT u.id, u.name, twice(u.age) AS age FROM users u WHERE u.age > 17"
    ],
    "view security": [
        (
            "ALTER SQL SECURITY INVOKER VIEW adults AS "
            "SELECT u.id, u.name, twice(u.age) AS age FROM users u WHERE u.age > 17"
        )
    ],
    "view definer": [
        (
            "ALTER DEFINER=`mariadb.sys`@localhost VIEW writers AS "
            "SELECT a.id, p.title FROM adults a JOIN posts p ON p.user_id = a.id"
        )
    ],
    "view check option": ["CREATE VIEW v AS SELECT age FROM users WHERE age > 1 WITH LOCAL CHECK OPTION"],
    "view of two databases": ["CREATE VIEW v AS SELECT u.User, a.id, twice(1) AS x FROM mysql.user u JOIN adults a"],
    "view of a query in brackets": [
        "CREATE VIEW v AS WITH c AS (SELECT id FROM posts) SELECT * FROM c JOIN (SELECT 1 AS q) d"
    ],
    "view collation": [
        "SET collation_connection = utf8mb4_bin",
        ("CREATE OR REPLACE VIEW writers AS SELECT a.id, p.title FROM adults a JOIN posts p ON p.user_id = a.id"),
    ],
    "trigger added": ["CREATE TRIGGER gone AFTER DELETE ON users FOR EACH ROW SET @gone = OLD.id"],
    "trigger dropped": ["DROP TRIGGER stamp2"],
    "first trigger dropped": ["DROP TRIGGER stamp"],
    "trigger put first": ["CREATE TRIGGER zero BEFORE INSERT ON users FOR EACH ROW PRECEDES stamp SET @z = 1"],
    "trigger body": ["CREATE OR REPLACE TRIGGER stamp2 BEFORE INSERT ON users FOR EACH ROW SET NEW.age = 30"],
    "trigger event": [
        "DROP TRIGGER stamp2",
        ("CREATE TRIGGER stamp2 BEFORE UPDATE ON users FOR EACH ROW BEGIN SET NEW.age = 20; SET @x = 1; END"),
    ],
    "trigger definer": [
        (
            "CREATE OR REPLACE DEFINER=`mariadb.sys`@localhost TRIGGER stamp2 BEFORE INSERT ON users FOR EACH ROW "
            "BEGIN SET NEW.age = 20; SET @x = 1; END"
        )
    ],
    "trigger mode": [
        "SET sql_mode = 'ANSI_QUOTES'",
        'CREATE TRIGGER "q" AFTER INSERT ON "users" FOR EACH ROW SET @a = "id" + 1',
    ],
    "function added": ["CREATE FUNCTION f() RETURNS VARCHAR(10) RETURN 'x;y'"],
    "function body": ["CREATE OR REPLACE FUNCTION twice(a INT) RETURNS INT DETERMINISTIC NO SQL RETURN a + a"],
    "function type": ["CREATE OR REPLACE FUNCTION twice(a INT) RETURNS BIGINT DETERMINISTIC NO SQL RETURN a * 2"],
    "function parameter": ["CREATE OR REPLACE FUNCTION twice(a BIGINT) RETURNS INT DETERMINISTIC NO SQL RETURN a * 2"],
    "function not deterministic": ["CREATE OR REPLACE FUNCTION twice(a INT) RETURNS INT NO SQL RETURN a * 2"],
    "function access": ["ALTER FUNCTION twice CONTAINS SQL"],
    "function security": ["ALTER FUNCTION twice SQL SECURITY INVOKER"],
    "function comment": ["ALTER FUNCTION twice COMMENT 'two ''times'''"],
    "aggregate added": [
        (
            "CREATE AGGREGATE FUNCTION total(x INT) RETURNS INT BEGIN DECLARE s INT DEFAULT 0; "
            "DECLARE CONTINUE HANDLER FOR NOT FOUND RETURN s; LOOP FETCH GROUP NEXT ROW; SET s = s + x; END LOOP; END"
        )
    ],
    "procedure dropped": ["DROP PROCEDURE greet"],
    "procedure body": [
        (
            "CREATE OR REPLACE PROCEDURE greet(IN who VARCHAR(10), OUT said TEXT) READS SQL DATA COMMENT 'hi' "
            "BEGIN -- softly\n SET said = who; END"
        )
    ],
    "procedure mode": [
        "SET sql_mode = ''",
        (
            "CREATE OR REPLACE PROCEDURE greet(IN who VARCHAR(10), OUT said TEXT) "
            "READS SQL DATA COMMENT 'hi' BEGIN SET said = CONCAT('hello ', who); END"
        ),
    ],
    "procedure of Oracle's kind": [
        "SET sql_mode = 'ORACLE'",
        "CREATE PROCEDURE p (a IN INT) AS b INT; BEGIN b := a; END",
    ],
    "function of Oracle's kind": [
        "SET sql_mode = 'ORACLE'",
        "CREATE FUNCTION f (a INT) RETURN INT AS BEGIN RETURN a; END",
    ],
    "event added": [
        "CREATE EVENT once ON SCHEDULE AT '2035-01-01 00:00:00' ON COMPLETION PRESERVE DO BEGIN SET @a = 1; END"
    ],
    "event schedule": [
        "ALTER EVENT nightly ON SCHEDULE EVERY 2 DAY STARTS '2030-01-01 00:00:00' ENDS '2031-01-01 00:00:00'"
    ],
    "event status": ["ALTER EVENT nightly ENABLE"],
    "event completion": ["ALTER EVENT nightly ON COMPLETION PRESERVE"],
    "event comment": ["ALTER EVENT nightly COMMENT ''"],
    "event body": ["ALTER EVENT nightly DO SET @a = 2"],
    "event time zone": [
        "SET time_zone = '+02:00'",
        "ALTER EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00'",
    ],
    "sequence added": ["CREATE SEQUENCE s"],
    "sequence increment": ["ALTER SEQUENCE numbers INCREMENT BY 7"],
    "sequence bounds": ["ALTER SEQUENCE numbers MINVALUE 2 MAXVALUE 8000"],
    "sequence start": ["ALTER SEQUENCE numbers START WITH 6"],
    "sequence cache": ["ALTER SEQUENCE numbers NOCACHE"],
    "sequence cycle": ["ALTER SEQUENCE numbers CYCLE"],
    "sequence that counts down": ["CREATE SEQUENCE s INCREMENT BY -1 MINVALUE -100 MAXVALUE -1 START WITH -1"],
    "sequence dropped": ["ALTER TABLE users ALTER COLUMN number DROP DEFAULT", "DROP SEQUENCE numbers"],
}

LEFT_TO_PEOPLE = {
    "system versioning added": "back",
    "system versioning dropped": "there and back",
    "column with versioning": "there and back",
    "column type": "back",
    "column narrowed": "there",
    "column length": "back",
    "column length less": "there",
    "column signedness": "there and back",
    "column zerofill": "there and back",
    "column scale": "back",
    "column fraction": "back",
    "column character set": "back",
    "enum value appended": "back",
    "enum value inserted": "there and back",
    "generated column made plain": "back",
}
"""Where values could be lost, or rounded without an error."""

NOTHING = {
    "nothing": [],
    "rows": ["INSERT INTO posts (id, place) VALUES (1, POINT(1, 2))", "INSERT INTO users (email) VALUES ('a'), ('b')"],
    "a counter": ["ALTER TABLE users AUTO_INCREMENT = 500"],
    "a sequence that moved": ["SELECT NEXTVAL(numbers)", "SELECT SETVAL(numbers, 100)"],
    "statistics": ["ANALYZE TABLE users"],
    "a rebuild": ["ALTER TABLE users FORCE"],
    "a temporary table": ["CREATE TEMPORARY TABLE passing (a INT)"],
    "there and back": ["ALTER TABLE users ADD COLUMN x INT", "ALTER TABLE users DROP COLUMN x"],
    "the same again": ["ALTER TABLE users MODIFY age INT", "ALTER TABLE users ALTER COLUMN name SET DEFAULT 'it''s'"],
    "the same view again": [
        "CREATE OR REPLACE VIEW writers AS SELECT a.id,  p.title FROM adults AS a JOIN posts p ON (p.user_id = a.id)"
    ],
    "the mode of the session": ["SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES', sql_quote_show_create = 0"],
}


@contextmanager
def opened(url: str, statements: Sequence[str] = ()) -> Iterator[Session]:
    session = for_url(url).connect(url, Settings())
    try:
        run(session, statements)
        yield session
    finally:
        session.close()


def run(session: Session, statements: Sequence[str]) -> None:
    session.run([Command(text) for text in statements])


def dump(url: str) -> str:
    """Return what mariadb-dump says, without what rows move and without dates."""
    program = shutil.which("mariadb-dump") or missing("mariadb", "there is no mariadb-dump")
    parts = urlsplit(url)
    where = [f"--host={parts.hostname}", f"--port={parts.port or 3306}", f"--user={parts.username}"]
    what = ["--no-data", "--routines", "--events", "--triggers", "--skip-comments", parts.path[1:]]
    text = subprocess.run([program, *where, *what], check=True, capture_output=True, text=True).stdout
    return re.sub(r" AUTO_INCREMENT=\d+|^DO SETVAL.*\n", "", text, flags=re.MULTILINE)


def build(session: Session, whole: Snapshot) -> None:
    """Make everything of a snapshot."""
    dialect = load(session.dialect)
    for item in ordered(whole):
        run(session, dialect.creating(item, whole))


def turn(session: Session, before: Snapshot, after: Snapshot) -> bool:
    """Turn one schema into another by the dialect's statements; say whether it has statements for all."""
    dialect = load(session.dialect)
    pairs = [
        (before[key], after[key]) for key in before if key in after and before.compared[key] != after.compared[key]
    ]
    if any(old.of != new.of or dialect.altering(old, new, after) is None for old, new in pairs):
        return False
    gone_with = set(before) - set(after)
    goes = ordered(before)[::-1]
    keys_first = sorted(goes, key=lambda item: item.facts.get("type") != "FOREIGN KEY")
    for item in keys_first:
        gone = item.key not in after
        if gone and (item.of not in gone_with or item.facts.get("type") == "FOREIGN KEY"):
            run(session, dialect.dropping(item, before))
    for item in ordered(after):
        if item.key not in before:
            make = dialect.adding if item.of in before else dialect.creating
            run(session, make(item, after))
        elif before.compared[item.key] != after.compared[item.key]:
            run(session, dialect.altering(before[item.key], item, after) or ())
    return True


@pytest.mark.matrix(sample=50)
@pytest.mark.parametrize("change", [*CHANGES, *(f"not {name}" for name in NOTHING)])
def test_a_snapshot_differs_when_the_dump_does(change: str, mariadb: str) -> None:
    with opened(mariadb, BASE) as session:
        dumped, before = dump(mariadb), session.snapshot()
        run(session, CHANGES.get(change) or NOTHING[change.removeprefix("not ")])
        assert (dump(mariadb) != dumped) == (change in CHANGES)
        assert (session.snapshot() != before) == (change in CHANGES)


@pytest.mark.matrix(sample=50)
@pytest.mark.parametrize("change", CHANGES)
def test_every_state_is_made_anew_and_turned_into_the_other(
    change: str, mariadb: str, fresh: Callable[[str], str]
) -> None:
    with opened(mariadb, BASE) as session:
        before = session.snapshot()
        run(session, CHANGES[change])
        after = session.snapshot()
    for way, one, other in (("there", before, after), ("back", after, before)):
        with opened(fresh("mariadb")) as session:
            build(session, one)
            assert session.snapshot().compared == one.compared
            done = turn(session, one, other)
            assert done == (way not in LEFT_TO_PEOPLE.get(change, ""))
            assert not done or session.snapshot().compared == other.compared


def test_a_snapshot_does_not_depend_on_the_name_of_the_database(fresh: Callable[[str], str]) -> None:
    snapshots = []
    for _ in range(2):
        with opened(fresh("mariadb"), [*BASE, *CHANGES["view of two databases"]]) as session:
            snapshots.append(session.snapshot())
    assert snapshots[0].compared == snapshots[1].compared
    assert snapshots[0].digest == snapshots[1].digest


def test_our_own_tables_are_not_in_a_snapshot(mariadb: str) -> None:
    own = ["CREATE TABLE history (a INT)", "CREATE TABLE my_log (a INT)", "CREATE TABLE x_meta (a INT)"]
    own.append("CREATE TRIGGER t BEFORE INSERT ON history FOR EACH ROW SET @a = 1")
    with opened(mariadb, own) as session:
        assert "table history" in session.snapshot()
        assert not session.snapshot(Names("history", "my_log", "", "x"))
        assert not session.snapshot(session.resolve(Names("history", "my_log", "", "x")))
        assert "table history" in session.snapshot(Names("history", "my_log", "elsewhere", "x"))


def test_a_snapshot_leaves_the_session_as_it_was(mariadb: str) -> None:
    asked = "SELECT @@sql_mode, @@sql_quote_show_create, DATABASE(), @@in_transaction"
    with opened(mariadb, ["CREATE TABLE t (a INT)", "USE mysql", "SET sql_mode = 'ANSI_QUOTES'", "BEGIN"]) as session:
        run(session, [f"INSERT INTO `{session.server.database}`.t VALUES (1)"])
        before = session.query(asked)
        assert list(session.snapshot()) == ["column t.a", "table t"]
        assert session.query(asked) == before


def test_a_table_behind_a_temporary_one_is_refused(mariadb: str) -> None:
    hidden = ["CREATE TABLE t (a INT)", "CREATE TEMPORARY TABLE t (b INT)"]
    with opened(mariadb, hidden) as session, pytest.raises(DatabaseError, match="temporary table t"):
        session.snapshot()


def test_an_event_begins_by_default_when_it_is_made(mariadb: str) -> None:
    with opened(mariadb, ["CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SET @a = 1"]) as session:
        before = session.snapshot()
        run(session, ["DROP EVENT e", "DO SLEEP(1.1)", "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SET @a = 1"])
        assert session.snapshot().compared == before.compared
