"""The snapshot of a SQLite file is complete: it differs when what SQLite says of the file does, and only then."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager

import pytest

from instar.dialects import Command, Names, Session, Settings, for_url, load
from instar.dialects._tokens import unquoted
from instar.dialects.sqlite.parse import lex
from instar.errors import DatabaseError
from instar.schema.order import ordered
from instar.snapshot import Snapshot

THROUGH = "CREATE TRIGGER through INSTEAD OF INSERT ON adults BEGIN INSERT INTO notes (body) VALUES (new.name); END"
BASE = (
    (
        "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL UNIQUE COLLATE NOCASE, "
        "name VARCHAR(50) DEFAULT 'it''s', age INT CHECK (age > 17), made TEXT DEFAULT (datetime('now')), "
        "price DECIMAL(10,2) DEFAULT -1.5, CONSTRAINT named CHECK (name <> email))"
    ),
    (
        "CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INT REFERENCES users (id) ON DELETE CASCADE, title TEXT, "
        "doubled INT AS (id * 2) STORED, tripled INT AS (id * 3) VIRTUAL, UNIQUE (title, user_id))"
    ),
    "CREATE TABLE pairs (a TEXT, b TEXT, c BLOB, PRIMARY KEY (a, b DESC)) WITHOUT ROWID",
    "CREATE TABLE exact (a INT NOT NULL, b ANY) STRICT",
    'CREATE TABLE "odd name" ("order" INT, [a b] INT, `c"d` INT)',
    "CREATE TABLE notes (body, at REAL)",
    "CREATE VIRTUAL TABLE pages USING fts5 (title, body, tokenize = 'porter  ascii')",
    "CREATE INDEX by_name ON users (name, age DESC)",
    "CREATE INDEX by_low ON users (lower(email)) WHERE age IS NOT NULL",
    "CREATE VIEW adults AS SELECT id, name FROM users WHERE age > 17",
    "CREATE VIEW writers (who, what) AS SELECT a.name, p.title FROM adults a JOIN posts p ON p.user_id = a.id",
    (
        "CREATE TRIGGER stamp AFTER UPDATE OF name, age ON users FOR EACH ROW WHEN new.age > 1 BEGIN "
        "UPDATE posts SET title = 'x' WHERE user_id = new.id; SELECT RAISE(ABORT, 'No') WHERE new.age > 200; END"
    ),
    THROUGH,
)

POSTS = (
    "CREATE TABLE posts (id INTEGER PRIMARY KEY, {user}, title TEXT{title}, {doubled}, "
    "tripled INT AS (id * 3) VIRTUAL{rest})"
)


def posts(
    user: str = "user_id INT REFERENCES users (id) ON DELETE CASCADE",
    title: str = "",
    doubled: str = "doubled INT AS (id * 2) STORED",
    rest: str = ", UNIQUE (title, user_id)",
) -> list[str]:
    """Make the table `posts` anew, a little different."""
    return ["DROP TABLE posts", POSTS.format(user=user, title=title, doubled=doubled, rest=rest)]


def notes(body: str) -> list[str]:
    return ["DROP TABLE notes", f"CREATE TABLE notes ({body})"]


CHANGES = {
    "table added": ["CREATE TABLE t (a)"],
    "table with everything added": [
        (
            "CREATE TABLE t (a INTEGER PRIMARY KEY ON CONFLICT REPLACE, "
            "b TEXT CONSTRAINT must NOT NULL ON CONFLICT IGNORE, "
            "c CONSTRAINT only UNIQUE ON CONFLICT FAIL, d INT DEFAULT (1 + 2), e DEFAULT x'0a', "
            "f DEFAULT CURRENT_TIMESTAMP, "
            "g DEFAULT true, h DEFAULT word, i DEFAULT \"quoted\", j GENERATED ALWAYS AS (a || 'x' || d), "
            "k CONSTRAINT link REFERENCES users ON UPDATE SET NULL DEFERRABLE INITIALLY DEFERRED, "
            "l CHECK (l IN (1, 2, 'three') AND l NOT LIKE '%\\_x' ESCAPE '\\' AND CAST(l AS INT) <> -1 "
            "AND NOT l BETWEEN 1.5e3 AND -.5), "
            'm DOUBLE PRECISION COLLATE RTRIM, n "my type", CONSTRAINT both UNIQUE (b COLLATE NOCASE, d DESC), '
            "FOREIGN KEY (b, d) REFERENCES pairs (a, b) ON DELETE SET DEFAULT ON UPDATE RESTRICT MATCH FULL)"
        )
    ],
    "table of a query": ['CREATE TABLE t AS SELECT id, name AS "The Name" FROM users'],
    "table dropped": ["DROP TABLE notes"],
    "table renamed": ["ALTER TABLE notes RENAME TO remarks"],
    "table without row numbers": ["DROP TABLE notes", "CREATE TABLE notes (body PRIMARY KEY, at REAL) WITHOUT ROWID"],
    "table strict": ["DROP TABLE exact", "CREATE TABLE exact (a INT NOT NULL, b ANY)"],
    "table with row numbers": [
        "DROP TABLE pairs",
        "CREATE TABLE pairs (a TEXT, b TEXT, c BLOB, PRIMARY KEY (a, b DESC))",
    ],
    "column added": ["ALTER TABLE notes ADD COLUMN extra INT"],
    "column with everything added": [
        ("ALTER TABLE notes ADD COLUMN extra VARCHAR(9) NOT NULL DEFAULT 'it''s' COLLATE NOCASE CHECK (extra <> '')")
    ],
    "column with a named check added": ["ALTER TABLE notes ADD COLUMN extra INT CONSTRAINT more CHECK (extra > at)"],
    "column with a foreign key added": [
        "ALTER TABLE notes ADD COLUMN owner INT REFERENCES users (id) ON DELETE SET NULL"
    ],
    "columns added": ["ALTER TABLE notes ADD COLUMN e1 INT", "ALTER TABLE notes ADD COLUMN e2 INT CHECK (e2 > e1)"],
    "generated column added": ["ALTER TABLE notes ADD COLUMN half REAL AS (at / 2)"],
    "column dropped": ["ALTER TABLE notes DROP COLUMN at"],
    "column renamed": ["ALTER TABLE users RENAME COLUMN price TO cost"],
    "column renamed where views and triggers stand on it": [
        "DROP VIEW writers",
        "DROP TRIGGER through",
        'ALTER TABLE users RENAME COLUMN name TO "full name"',
    ],
    "columns in another order": notes("at REAL, body"),
    "column type": notes("body TEXT, at REAL"),
    "column type lost": notes("body INT, at TEXT"),
    "column length": notes("body VARCHAR(10), at REAL"),
    "column not null": notes("body NOT NULL, at REAL"),
    "column not null with a conflict": notes("body NOT NULL ON CONFLICT REPLACE DEFAULT 1, at REAL"),
    "column default": notes("body DEFAULT 1, at REAL"),
    "column default expression": notes("body DEFAULT (abs(-1)), at REAL"),
    "column default text": notes("body DEFAULT '1', at REAL"),
    "column default of another case": notes("body DEFAULT 'A', at REAL"),
    "column collation": notes("body COLLATE NOCASE, at REAL"),
    "column check": notes("body CHECK (body > 1), at REAL"),
    "column check of another case of text": notes("body CHECK (body > 'A'), at REAL"),
    "column unique": notes("body UNIQUE, at REAL"),
    "generated expression": posts(doubled="doubled INT AS (id * 20) STORED"),
    "generated column virtual": posts(doubled="doubled INT AS (id * 2)"),
    "generated column plain": posts(doubled="doubled INT"),
    "primary key added": notes("body PRIMARY KEY, at REAL"),
    "primary key a row's number": notes("body INTEGER PRIMARY KEY, at REAL"),
    "primary key beside its column and descending": notes("body INTEGER PRIMARY KEY DESC, at REAL"),
    "primary key columns": [
        "DROP TABLE pairs",
        "CREATE TABLE pairs (a TEXT, b TEXT, c BLOB, PRIMARY KEY (b, a)) WITHOUT ROWID",
    ],
    "primary key order": [
        "DROP TABLE pairs",
        "CREATE TABLE pairs (a TEXT, b TEXT, c BLOB, PRIMARY KEY (a, b)) WITHOUT ROWID",
    ],
    "autoincrement added": notes("body INTEGER PRIMARY KEY AUTOINCREMENT, at REAL"),
    "unique dropped": posts(rest=""),
    "unique columns": posts(rest=", UNIQUE (user_id, title)"),
    "unique conflict": posts(rest=", UNIQUE (title, user_id) ON CONFLICT IGNORE"),
    "unique named": posts(rest=", CONSTRAINT once UNIQUE (title, user_id)"),
    "unique collation": posts(rest=", UNIQUE (title COLLATE NOCASE, user_id)"),
    "check added": posts(rest=", UNIQUE (title, user_id), CHECK (id > 0)"),
    "foreign key dropped": posts(user="user_id INT"),
    "foreign key action": posts(user="user_id INT REFERENCES users (id) ON DELETE SET NULL"),
    "foreign key update action": posts(user="user_id INT REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE"),
    "foreign key restrict": posts(user="user_id INT REFERENCES users (id) ON DELETE RESTRICT"),
    "foreign key deferred": posts(
        user="user_id INT REFERENCES users (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED"
    ),
    "foreign key to another table": posts(user="user_id INT REFERENCES pairs (a) ON DELETE CASCADE"),
    "foreign key to the table itself": posts(user="user_id INT REFERENCES posts (id)"),
    "foreign key to the primary key": posts(user="user_id INT REFERENCES users ON DELETE CASCADE"),
    "index added": ["CREATE INDEX i ON posts (title)"],
    "index dropped": ["DROP INDEX by_name"],
    "index unique": ["DROP INDEX by_name", "CREATE UNIQUE INDEX by_name ON users (name, age DESC)"],
    "index columns": ["DROP INDEX by_name", "CREATE INDEX by_name ON users (age DESC, name)"],
    "index order": ["DROP INDEX by_name", "CREATE INDEX by_name ON users (name, age)"],
    "index collation": ["DROP INDEX by_name", "CREATE INDEX by_name ON users (name COLLATE NOCASE, age DESC)"],
    "index expression": ["DROP INDEX by_low", "CREATE INDEX by_low ON users (upper(email)) WHERE age IS NOT NULL"],
    "index condition": ["DROP INDEX by_low", "CREATE INDEX by_low ON users (lower(email)) WHERE age IS NULL"],
    "index condition dropped": ["DROP INDEX by_low", "CREATE INDEX by_low ON users (lower(email))"],
    "view added": [
        "CREATE VIEW v AS SELECT count(*), 'It', sum(age) AS \"Sum\" FROM users u, (SELECT 1) GROUP BY name"
    ],
    "view of all columns": ["CREATE VIEW v AS SELECT * FROM adults"],
    "view of all columns by other names": ["CREATE VIEW v (x, y) AS SELECT * FROM adults"],
    "view with a CTE": [
        'CREATE VIEW v AS WITH "c"("z") AS (SELECT 1 UNION ALL SELECT z + 1 FROM c) SELECT "z" FROM "c"'
    ],
    "view with a string in double quotes": ['CREATE VIEW v AS SELECT id FROM users WHERE name = "Zork"'],
    "view dropped": ["DROP VIEW writers"],
    "view text": ["DROP VIEW adults", "CREATE VIEW adults AS SELECT id, name FROM users WHERE age > 18"],
    "view column names": [
        "DROP VIEW writers",
        ("CREATE VIEW writers (who, which) AS SELECT a.name, p.title FROM adults a JOIN posts p ON p.user_id = a.id"),
    ],
    "view columns swapped": [
        "DROP VIEW adults",
        "CREATE VIEW adults (name, id) AS SELECT id, name FROM users WHERE age > 17",
    ],
    "trigger added": ["CREATE TRIGGER t DELETE ON posts BEGIN DELETE FROM notes; END"],
    "trigger dropped": ["DROP TRIGGER stamp"],
    "trigger timing": [
        "DROP TRIGGER through",
        "DROP TRIGGER stamp",
        ("CREATE TRIGGER stamp BEFORE UPDATE OF name, age ON users WHEN new.age > 1 BEGIN SELECT 1; END"),
    ],
    "trigger columns": [
        "DROP TRIGGER stamp",
        ("CREATE TRIGGER stamp AFTER UPDATE ON users FOR EACH ROW WHEN new.age > 1 BEGIN SELECT 1; END"),
    ],
    "trigger body": [
        "DROP TRIGGER through",
        ("CREATE TRIGGER through INSTEAD OF INSERT ON adults BEGIN INSERT INTO notes (body) VALUES (new.id); END"),
    ],
    "trigger message": [
        "DROP TRIGGER stamp",
        (
            "CREATE TRIGGER stamp AFTER UPDATE OF name, age ON users FOR EACH ROW WHEN new.age > 1 "
            "BEGIN UPDATE posts SET title = 'x' WHERE user_id = new.id; "
            "SELECT RAISE(ABORT, 'NO') WHERE new.age > 200; END"
        ),
    ],
    "virtual table added": ["CREATE VIRTUAL TABLE r USING rtree (id, a, b)"],
    "virtual table dropped": ["DROP TABLE pages"],
    "virtual table arguments": [
        "DROP TABLE pages",
        "CREATE VIRTUAL TABLE pages USING fts5 (title, body, tokenize = 'porter ascii')",
    ],
}

LEFT_TO_PEOPLE = {"virtual table arguments": "there and back"}

NOTHING = {
    "nothing": [],
    "rows": ["INSERT INTO users (email, age) VALUES ('a', 20)", "INSERT INTO pages VALUES ('a', 'b')"],
    "statistics": ["ANALYZE"],
    "a rebuild": ["VACUUM"],
    "a temporary table": ["CREATE TEMP TABLE passing (a)", "CREATE TEMP VIEW seen AS SELECT 1"],
    "there and back": ["ALTER TABLE notes ADD COLUMN x INT", "ALTER TABLE notes DROP COLUMN x"],
    "a table renamed there and back": ["ALTER TABLE users RENAME TO people", "ALTER TABLE people RENAME TO users"],
    "a column renamed there and back": [
        "ALTER TABLE users RENAME COLUMN age TO years",
        "ALTER TABLE users RENAME COLUMN years TO age",
    ],
    "a column renamed there and back in quotes": [
        "ALTER TABLE users RENAME COLUMN age TO years",
        'ALTER TABLE users RENAME COLUMN years TO "age"',
    ],
    "layout, case and quotes of a table": notes("\n  [body] /* text */\n, `at`  real -- when\n"),
    "layout of an index": ["DROP INDEX by_low", 'create index  by_low on USERS(LOWER("email"))where age is  not null'],
    "a collation said that is there": [
        "DROP INDEX by_name",
        "CREATE INDEX by_name ON users (name COLLATE BINARY ASC, [age] desc)",
    ],
    "layout of a view": [
        "DROP VIEW adults",
        'create view if not exists adults as select [id],"name" from "users" where age>17',
        THROUGH,
    ],
    "layout of a trigger": [
        "DROP TRIGGER through",
        (
            "create trigger through instead of insert on adults for each row begin\n"
            ' insert into Notes("body") values (NEW.name) ; end'
        ),
    ],
    "constraints beside their columns or not": [
        "DROP TABLE posts",
        (
            "CREATE TABLE posts (id INTEGER, user_id INT, title TEXT, doubled INT GENERATED ALWAYS AS (id*2) STORED, "
            "tripled INT AS (id * 3), PRIMARY KEY (id ASC), UNIQUE (title, user_id) "
            "FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE ON UPDATE NO ACTION NOT DEFERRABLE)"
        ),
    ],
    "defaults of a column said": notes("body NULL DEFAULT NULL COLLATE BINARY, at REAL"),
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


def words(text: str | None) -> tuple[str, ...]:
    """Return the words of a text without layout, comments and the quotes of names."""
    return tuple(
        unquoted(token).lower() if token.kind == "name" else token.word or token.text for token in lex(text or "")
    )


def meaning(url: str) -> tuple[dict[str, object], dict[str, object]]:
    """Return what SQLite's pragmas say of a file, and its texts without layout."""
    said: dict[str, object] = {}
    texts: dict[str, object] = {}
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        rows = connection.execute(
            "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        )
        for kind, name, text in rows.fetchall():
            said[f"{kind} {name.lower()}"] = pragmas(connection, kind, name)
            texts[f"{kind} {name.lower()}"] = words(text)
    return said, texts


def pragmas(connection: sqlite3.Connection, kind: str, name: str) -> object:
    def ask(pragma: str, about: str = name) -> list[tuple[object, ...]]:
        return connection.execute(f"SELECT * FROM pragma_{pragma}(?)", (about,)).fetchall()

    if kind == "trigger":
        return None
    if kind == "index":
        return [row[2:] for row in ask("index_xinfo")]
    columns = [
        (row[0], row[1], str(row[2]).upper().replace(", ", ","), row[3], default(row[4]), *row[5:])
        for row in ask("table_xinfo")
    ]
    flags = connection.execute(
        "SELECT type, wr, strict FROM pragma_table_list WHERE name = ? AND schema = 'main'", (name,)
    )
    indexes = [(row[2:], [part[2:] for part in ask("index_xinfo", str(row[1]))]) for row in ask("index_list")]
    keys = sorted(row[1:] for row in ask("foreign_key_list"))
    return columns, flags.fetchall(), sorted(indexes, key=str), keys


def default(value: object) -> object:
    """Return a default's words: a bare word is a string."""
    text = "NULL" if value is None else str(value)
    if text.startswith('"') or (text.isalpha() and text.upper() not in {"NULL", "TRUE", "CURRENT_TIMESTAMP"}):
        text = "'" + text.strip('"') + "'"
    return None if text.upper() == "NULL" else words(text)


def build(session: Session, whole: Snapshot) -> None:
    """Make everything of a snapshot."""
    dialect = load(session.dialect)
    for item in ordered(whole):
        run(session, dialect.creating(item, whole))


def different(before: Snapshot, after: Snapshot) -> set[str]:
    return {key for key in {*before, *after} if before.compared.get(key) != after.compared.get(key)}


def turn(session: Session, before: Snapshot, after: Snapshot) -> bool:
    """Turn one schema into another by the dialect's statements; say whether it has statements for all."""
    from instar.dialects.sqlite.writing import rebuilding

    dialect = load(session.dialect)
    keys = different(before, after)
    anew = {
        key: rebuilding(before, after, key)
        for key in before
        if key in after and before[key].kind == "table" and any(own(before, after, each) == key for each in keys)
    }
    if any(statements is None for statements in anew.values()) or any(
        each in before and each in after and each.startswith("virtual table") for each in keys
    ):
        return False
    rest = [key for key in keys if of(before, after, key) not in anew and key not in anew]
    for item in reversed(ordered(before)):
        gone_with_owner = item.of in before and item.of not in after
        if item.key in rest and item.kind not in {"column", "constraint"} and not gone_with_owner:
            run(session, dialect.dropping(item, before))
    for item in ordered(after):
        if item.key in anew:
            run(session, ["BEGIN", *(anew[item.key] or ()), "COMMIT"])
        elif item.key in rest:
            run(session, dialect.creating(item, after))
    return True


def own(before: Snapshot, after: Snapshot, key: str) -> str:
    """Return the table that a key is a column or a constraint of, or itself."""
    item = after.get(key) or before[key]
    return item.of if item.kind in {"column", "constraint"} else key


def of(before: Snapshot, after: Snapshot, key: str) -> str:
    item = after.get(key) or before[key]
    return item.of or key


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_that_sqlite_tells_is_in_the_snapshot(change: str, sqlite: str) -> None:
    with opened(sqlite, BASE) as session:
        told, before = meaning(sqlite), session.snapshot()
        run(session, CHANGES[change])
        assert meaning(sqlite) != told
        assert session.snapshot() != before


@pytest.mark.parametrize("change", NOTHING)
def test_what_changes_nothing_is_not_in_the_snapshot(change: str, sqlite: str) -> None:
    with opened(sqlite, BASE) as session:
        told, before = meaning(sqlite)[0], session.snapshot()
        run(session, NOTHING[change])
        assert meaning(sqlite)[0] == told
        assert session.snapshot().compared == before.compared


@pytest.mark.parametrize("change", CHANGES)
def test_every_state_is_made_anew_from_its_facts(change: str, sqlite: str, fresh: Callable[[str], str]) -> None:
    with opened(sqlite, [*BASE, *CHANGES[change]]) as session:
        wanted = session.snapshot()
    other = fresh("sqlite")
    with opened(other) as session:
        build(session, wanted)
        assert session.snapshot().compared == wanted.compared
    assert meaning(other)[0] == meaning(sqlite)[0]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_made_by_statements_there_and_back(change: str, sqlite: str, fresh: Callable[[str], str]) -> None:
    with opened(sqlite, BASE) as session:
        before = session.snapshot()
        run(session, CHANGES[change])
        after = session.snapshot()
    for way, one, other in (("there", before, after), ("back", after, before)):
        with opened(fresh("sqlite")) as session:
            build(session, one)
            done = turn(session, one, other)
            assert done == (way not in LEFT_TO_PEOPLE.get(change, ""))
            assert not done or session.snapshot().compared == other.compared


KEPT = 'CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, "order" TEXT, n INT, gone INT)'
WANTED = (
    'CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, n TEXT NOT NULL, new INT DEFAULT 7, "order" TEXT UNIQUE)'
)


def rebuilt(fresh: Callable[[str], str], old: Sequence[str], new: Sequence[str]) -> tuple[str, ...]:
    """Return the statements that turn the table t of one schema into that of another."""
    with opened(fresh("sqlite"), old) as session:
        before = session.snapshot()
    with opened(fresh("sqlite"), new) as session:
        return load("sqlite").rebuilding(before, session.snapshot(), "table t") or ()


def test_a_table_made_anew_keeps_its_rows_and_its_counter(sqlite: str, fresh: Callable[[str], str]) -> None:
    statements = rebuilt(fresh, [KEPT], [WANTED])
    with opened(
        sqlite, [KEPT, "INSERT INTO t VALUES (1, 'a', 5, 6), (9, 'b', 7, 8)", "DELETE FROM t WHERE id = 9"]
    ) as session:
        run(session, ["BEGIN", *statements, "COMMIT", "INSERT INTO t (n) VALUES ('x')"])
        assert session.query('SELECT id, n, new, "order" FROM t') == [(1, "5", 7, "a"), (10, "x", 7, None)]


def test_a_table_is_not_made_anew_where_a_value_would_change(sqlite: str, fresh: Callable[[str], str]) -> None:
    old, new = "CREATE TABLE t (a TEXT)", "CREATE TABLE t (a INT)"
    statements = rebuilt(fresh, [old], [new])
    with opened(sqlite, [old, "INSERT INTO t VALUES ('007')"]) as session:
        with pytest.raises(DatabaseError, match="overflow"):
            run(session, ["BEGIN", *statements])
        run(session, ["ROLLBACK"])
        assert session.query("SELECT a FROM t") == [("007",)]


def test_a_table_is_not_made_anew_where_rows_of_others_would_go_with_it(
    sqlite: str, fresh: Callable[[str], str]
) -> None:
    child = "CREATE TABLE c (t INT REFERENCES t ON DELETE CASCADE)"
    old, new = "CREATE TABLE t (id INTEGER PRIMARY KEY, a)", "CREATE TABLE t (id INTEGER PRIMARY KEY, a UNIQUE)"
    statements = rebuilt(fresh, [old, child], [new, child])
    with opened(sqlite, [old, child, "INSERT INTO t VALUES (1, 2)", "INSERT INTO c VALUES (1)"]) as session:
        run(session, ["PRAGMA foreign_keys = ON", "BEGIN"])
        with pytest.raises(DatabaseError, match="overflow"):
            run(session, statements)
        run(session, ["ROLLBACK", "PRAGMA foreign_keys = OFF", "BEGIN", *statements, "COMMIT"])
        assert session.query("SELECT t FROM c") == [(1,)]


def test_a_column_added_is_the_same_as_one_that_was_there_from_the_start(
    sqlite: str, fresh: Callable[[str], str]
) -> None:
    with opened(
        sqlite, ["CREATE TABLE t (a INT, CHECK (a > 0))", "ALTER TABLE t ADD COLUMN b TEXT DEFAULT 'x'"]
    ) as session:
        added = session.snapshot()
    with opened(fresh("sqlite"), ["CREATE TABLE t (a INT, b TEXT DEFAULT 'x', CHECK (a > 0))"]) as session:
        assert session.snapshot().compared == added.compared


def test_our_own_tables_are_not_in_a_snapshot(sqlite: str) -> None:
    own = [
        "CREATE TABLE history (a)",
        "CREATE TABLE my_log (a)",
        "CREATE TABLE x_meta (a)",
        "CREATE INDEX i ON history (a)",
    ]
    with opened(sqlite, own) as session:
        assert len(session.snapshot()) == 7
        assert not session.snapshot(Names("history", "my_log", "main", "x"))


def test_a_snapshot_leaves_an_open_transaction_open(sqlite: str) -> None:
    with opened(sqlite, ["BEGIN", "CREATE TABLE t (a)"]) as session:
        assert "table t" in session.snapshot()
        assert session.in_transaction()


def test_a_view_of_what_is_gone_is_still_in_the_snapshot(sqlite: str) -> None:
    with opened(sqlite, ["CREATE VIEW v AS SELECT a FROM missing"]) as session:
        assert session.snapshot()["view v"].facts == {"definition": "SELECT a FROM missing"}
