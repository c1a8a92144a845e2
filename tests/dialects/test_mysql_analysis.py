"""What analyse says of MySQL, which differs from MariaDB by version, and that no text makes it fail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instar.catalog import Schema
from instar.dialects import load
from instar.effects import KINDS, LockMode, Verdict, verdict

TABLE = """CREATE TABLE t (id INT PRIMARY KEY, a INT, v VARCHAR(50), c VARCHAR(10) CHARACTER SET utf8mb3, KEY ia (a))
DEFAULT CHARSET = utf8mb4"""


def learned(name: str, *texts: str, version: tuple[int, ...] = ()) -> Schema:
    dialect = load(name)
    schema = dialect.schema()
    schema.version = version
    for text in texts:
        dialect.learn(dialect.analyse(text, schema), schema)
    return schema


@pytest.mark.parametrize(
    ("version", "action", "algorithm"),
    [
        ((8, 0, 20), "ADD COLUMN n INT", "INSTANT"),
        ((8, 0, 20), "ADD COLUMN n INT FIRST", "INPLACE"),
        ((8, 0, 29), "ADD COLUMN n INT FIRST", "INSTANT"),
        ((8, 0, 20), "DROP COLUMN v", "INPLACE"),
        ((8, 4), "DROP COLUMN v", "INSTANT"),
        ((8,), "DROP COLUMN v", "INSTANT"),
        ((8, 4), "ADD COLUMN n INT DEFAULT (1 + 1)", "COPY"),
        ((8, 4), "MODIFY v VARCHAR(60)", "INPLACE"),
        ((8, 4), "MODIFY v VARCHAR(64)", "COPY"),
        ((8, 4), "MODIFY a BIGINT", "COPY"),
        ((8, 4), "MODIFY a INT NOT NULL", "INPLACE"),
        ((8, 4), "MODIFY c VARCHAR(10) CHARACTER SET utf8mb4", "COPY"),
        ((8, 4), "ADD INDEX iv (v)", "INPLACE"),
        ((8, 4), "DROP PRIMARY KEY", "COPY"),
        ((8, 4), "DROP PRIMARY KEY, ADD PRIMARY KEY (id, v)", "INPLACE"),
        ((8, 4), "ADD FOREIGN KEY (a) REFERENCES p (id)", "COPY"),
        ((8, 4), "CONVERT TO CHARACTER SET latin1", "COPY"),
        ((8, 4), "ENGINE = InnoDB", "INPLACE"),
    ],
)
def test_the_algorithm_is_that_of_the_manual(version: tuple[int, ...], action: str, algorithm: str) -> None:
    schema = learned("mysql", TABLE, version=version)
    assert load("mysql").analyse(f"ALTER TABLE t {action}", schema).algorithm == algorithm


def test_a_copy_lets_writes_through_from_mariadb_11_2_on() -> None:
    text = "ALTER TABLE t MODIFY a BIGINT"
    old = load("mariadb").analyse(text, learned("mariadb", TABLE, version=(10, 11)))
    new = load("mariadb").analyse(text, learned("mariadb", TABLE, version=(11, 4)))
    assert (verdict(old), verdict(new)) == (Verdict.LONG, Verdict.ONLINE)


def test_without_the_old_type_it_is_said_what_would_decide() -> None:
    effect = load("mariadb").analyse("ALTER TABLE other MODIFY a BIGINT", learned("mariadb"))
    assert verdict(effect) is Verdict.UNKNOWN
    assert [work.unknown for work in effect.work] == ["the definition of other.a so far"]


def test_without_the_character_set_the_255_byte_line_is_not_known() -> None:
    schema = learned("mysql", "CREATE TABLE t (v VARCHAR(50))")
    unknown = [
        [work.unknown for work in load("mysql").analyse(f"ALTER TABLE t MODIFY v VARCHAR({size})", schema).work]
        for size in (60, 64, 90)
    ]
    assert unknown == [[], ["the character set of t.v"], ["the character set of t.v"]]


def test_foreign_key_checks_are_remembered_within_a_migration_only() -> None:
    dialect, schema = load("mariadb"), learned("mariadb", TABLE)
    add = "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES p (id)"
    dialect.learn(dialect.analyse("SET foreign_key_checks = 0", schema), schema, "1")
    within = dialect.analyse(add, schema).algorithm
    dialect.learn(dialect.analyse("SELECT 1", schema), schema, "2")
    assert (within, dialect.analyse(add, schema).algorithm) == ("INSTANT", "COPY")


def test_a_clause_that_asks_for_too_little_is_refused() -> None:
    effect = load("mariadb").analyse("ALTER TABLE t MODIFY a BIGINT, ALGORITHM=INSTANT", learned("mariadb", TABLE))
    assert effect.error == "ALGORITHM=INSTANT is not supported: a changes from int to bigint"


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("ALTER TABLE t CHANGE a b BIGINT NOT NULL", ["rename column", "modify column", "change type", "set not null"]),
        ("ALTER TABLE t RENAME INDEX ia TO ib, DROP PRIMARY KEY", ["rename index", "drop constraint"]),
        ("ALTER TABLE t DROP PARTITION p0, p1", ["drop partition"]),
        ("DROP TABLE IF EXISTS t, u", ["drop table", "drop table"]),
        ("RENAME TABLE t TO u, v TO w", ["rename table", "rename table"]),
        ("UPDATE t JOIN u ON t.id = u.id SET t.a = 1", ["update"]),
        ("DELETE t FROM t JOIN u ON t.id = u.id", ["delete"]),
        ("INSERT IGNORE INTO t SET a = 1", ["insert"]),
        ("CREATE DEFINER = root@localhost VIEW v AS SELECT 1", ["create view"]),
        ("TRUNCATE t", ["truncate"]),
        ("LOCK TABLES t WRITE, u READ", ["lock table", "lock table"]),
        ("SET SESSION foreign_key_checks = 0", ["set"]),
        ("CALL p()", ["call"]),
    ],
)
def test_statements_are_told_in_neutral_words(text: str, kinds: list[str]) -> None:
    effect = load("mysql").analyse(text, learned("mysql", TABLE))
    assert [change.kind for change in effect.changes] == kinds
    assert set(kinds) <= KINDS


def test_create_index_on_an_existing_table_lets_writes_through() -> None:
    effect = load("mariadb").analyse(
        "CREATE UNIQUE INDEX u ON t (v) ALGORITHM=NOCOPY LOCK=NONE", learned("mariadb", TABLE)
    )
    assert [lock.mode for lock in effect.locks] == [LockMode.SHARE_UPDATE_EXCLUSIVE]
    assert not effect.error


WORDS = (
    "CREATE ALTER DROP TABLE INDEX t a ( ) , ADD COLUMN INT VARCHAR 10 NOT NULL DEFAULT 'x' MODIFY CHANGE PRIMARY KEY"
)
MORE = "FOREIGN REFERENCES CHECK UNIQUE CONSTRAINT RENAME TO AFTER FIRST ALGORITHM = INSTANT LOCK PARTITION BY ENGINE"
LAST = (
    "CONVERT CHARACTER SET utf8mb4 AS SELECT INSERT INTO UPDATE WHERE WITH IF EXISTS ON ; . ` \" ' PRAGMA VIEW TRIGGER"
)


@pytest.mark.parametrize("name", ["mysql", "mariadb", "sqlite"])
@given(words=st.lists(st.sampled_from(f"{WORDS} {MORE} {LAST}".split()), max_size=14))
def test_no_text_makes_it_fail(name: str, words: list[str]) -> None:
    dialect = load(name)
    for head in ("", "ALTER TABLE t ", "CREATE TABLE u (", "CREATE INDEX i ON t "):
        schema = learned(name, "CREATE TABLE t (id INT PRIMARY KEY, a INT)")
        effect = dialect.analyse(head + " ".join(words), schema)
        dialect.learn(effect, schema)
        assert {change.kind for change in effect.changes} <= KINDS
