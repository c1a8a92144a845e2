"""SQLite: cutting, kinds, the session on real files, the lock between processes."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from dialect_steps import holder, kinds, send, statement, statements, texts
from hypothesis import assume, given
from hypothesis import strategies as st

from instar.dialects import Command, CutError, Names, Probe, Session, Settings, for_connection, for_url, load
from instar.errors import ConnectError, DatabaseError, UsageError
from instar.model import Kind, Piece

DIALECT = load("sqlite")

TRIGGER = """CREATE TRIGGER log AFTER UPDATE OF "a;b" ON t BEGIN
  INSERT INTO audit VALUES (CASE WHEN new.a THEN 'x;' ELSE "y" END); -- it's one; statement
  DELETE FROM t WHERE a = '--';
END"""
KNOWN = (
    "SELECT 1",
    "INSERT INTO t VALUES ('it''s; fine', \"q\"\"x;\", `b;`, [c;])",
    TRIGGER,
    "CREATE TABLE t (a INT /* ; ' */ DEFAULT (1))",
    "PRAGMA foreign_keys = OFF",
    "EXPLAIN QUERY PLAN SELECT * FROM t",
    "CREATE TEMP TRIGGER x BEFORE DELETE ON t BEGIN SELECT RAISE(ABORT, 'no;'); END",
    "VACUUM",
)
BETWEEN = ("", " ", "\n", "\t\r\n", "-- it's; a comment\n", "/* don't; */", ";", "\n;;\n", "--\n", "/* -- */ ")


@pytest.fixture
def session(sqlite: str) -> Iterator[Session]:
    with closing(DIALECT.connect(sqlite, Settings())) as opened:
        yield opened


def path_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


@given(st.lists(st.tuples(st.sampled_from(KNOWN), st.sampled_from(BETWEEN), st.sampled_from(BETWEEN))))
def test_a_script_of_known_statements_is_cut_back_into_them(parts: list[tuple[str, str, str]]) -> None:
    script = "".join(before + text + after + ";" for text, before, after in parts)
    assert texts(DIALECT, script) == [text for text, _, _ in parts]


@given(st.sampled_from(KNOWN), st.sampled_from(("", "\n", " -- the end", "/* open")))
def test_the_last_statement_needs_no_semicolon(text: str, rest: str) -> None:
    assert texts(DIALECT, "SELECT 0; " + text + rest) == ["SELECT 0", text]


@given(st.text(alphabet=st.sampled_from("ab;'\"`[]-/* \n().\0é") | st.characters(codec="utf-8")))
def test_any_text_is_cut_or_refused_with_a_position(text: str) -> None:
    try:
        pieces = DIALECT.cut(text)
    except CutError as error:
        assume(error.position not in range(len(text)))  # a position outside the text goes on, and fails below
        pieces = [Piece(0, -1)]
    assert all(a.end <= b.start for a, b in pairwise(pieces))
    assert all(text[piece.start : piece.end].strip() for piece in pieces)


@pytest.mark.parametrize("script", ["", "  \n", "-- nothing\n", "/* nothing */", ";;;", "\ufeff-- nothing"])
def test_comments_alone_are_no_statement(script: str) -> None:
    assert DIALECT.cut(script) == []


@pytest.mark.parametrize(
    ("script", "position"), [("SELECT 1;\n.mode csv\n", 10), ("SELECT 'open", 7), ("SELECT [a", 7), ("SELECT \0 1", 7)]
)
def test_what_cannot_be_cut_is_refused_where_it_stands(script: str, position: int) -> None:
    with pytest.raises(CutError) as caught:
        DIALECT.cut(script)
    assert caught.value.position == position


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("begin immediate", Kind.BEGIN),
        ("COMMIT TRANSACTION", Kind.COMMIT),
        ("END", Kind.COMMIT),
        ("ROLLBACK", Kind.ROLLBACK),
        ("ROLLBACK TO SAVEPOINT a", Kind.PLAIN),
        ("rollback transaction to a", Kind.PLAIN),
        ("SAVEPOINT a", Kind.PLAIN),
        ("VACUUM INTO 'x'", Kind.OUTSIDE),
        ("PRAGMA wal_checkpoint(TRUNCATE)", Kind.OUTSIDE),
        ("ATTACH 'x' AS y", Kind.SETTING_OUTSIDE),
        ("PRAGMA foreign_keys(0)", Kind.SETTING_OUTSIDE),
        ("PRAGMA main.journal_mode = WAL", Kind.SETTING_OUTSIDE),
        ("PRAGMA foreign_keys", Kind.PLAIN),
        ("PRAGMA defer_foreign_keys = ON", Kind.SETTING),
        ("PRAGMA legacy_alter_table = 1", Kind.SETTING),
        ("PRAGMA user_version = 7", Kind.PLAIN),
        ("PRAGMA foreign_key_check(t)", Kind.PLAIN),
        ("CREATE TABLE t (a)", Kind.PLAIN),
        ("WITH a AS (SELECT 1) SELECT * FROM a", Kind.PLAIN),
    ],
)
def test_how_a_statement_stands_to_transactions(text: str, kind: Kind) -> None:
    assert kinds(DIALECT, text) == [kind]


def test_fingerprints_ignore_layout_comments_and_the_case_of_words() -> None:
    assert DIALECT.fingerprint("SELECT a,b FROM T") == DIALECT.fingerprint("select A , b -- x\n\tfrom t")
    assert DIALECT.fingerprint("SELECT 'a'") != DIALECT.fingerprint("SELECT 'A'")
    assert DIALECT.fingerprint("SELECT x'41'") != DIALECT.fingerprint("SELECT x '41'")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('CREATE TABLE IF NOT EXISTS main."Users" (a REFERENCES other(a))', {"users", "other"}),
        ("ALTER TABLE a RENAME TO b", {"a", "b"}),
        ("ALTER TABLE a RENAME COLUMN b TO c", {"a"}),
        ("CREATE UNIQUE INDEX i ON t (a) WHERE b", {"t"}),
        ("INSERT OR REPLACE INTO a SELECT * FROM b JOIN c ON b.x = c.x, d AS e", {"a", "b", "c", "d"}),
        ("UPDATE OR IGNORE t SET a = (SELECT max(a) FROM u)", {"t", "u"}),
        ("INSERT INTO a VALUES (1) ON CONFLICT DO UPDATE SET b = 1", {"a"}),
        ("DELETE FROM t WHERE a", {"t"}),
        ("DROP TABLE a", {"a"}),
        ("PRAGMA foreign_keys = 1", set()),
        (TRIGGER, {"t", "audit"}),
    ],
)
def test_the_tables_that_a_statement_touches(text: str, names: set[str]) -> None:
    assert DIALECT.touched(text) == frozenset(names)


@pytest.mark.parametrize("text", ["DROP INDEX i", "DROP TRIGGER log", "whatever this is"])
def test_what_a_statement_touches_may_be_unknown(text: str) -> None:
    assert DIALECT.touched(text) is None


def test_the_tracking_tables_keep_and_give_what_is_written(session: Session) -> None:
    names = session.resolve(Names(history="My History", internal="x"))
    sql = DIALECT.sql(names)
    assert session.query(sql["columns"]) == []
    for name in ("create_history", "create_log", "create_checkpoint", "create_meta") * 2:
        session.run([Command(sql[name])])
    assert [column for table, column in session.query(sql["columns"]) if table == "My History"] == [
        "version", "name", "description", "author", "applied_at", "execution_time_ms", "checksum", "rollback_available",
    ]  # fmt: skip
    session.run([Command(sql["insert"], ("20240101000000", "100% ?", None, "me", 5, "abc", True))])
    assert session.query(sql["read"])[0][:4] == ("20240101000000", "100% ?", None, "me")
    assert str(session.query(sql["read"])[0][4]).endswith("Z")
    identifier = session.run([Command(sql["log_start"], ("1", "apply", '{"actor": "me"}'))])[0].rows
    assert identifier == [(1,)]
    session.run([Command(sql["log_finish"], ("completed", None, '{"actor": "me"}', 1))])
    assert session.query(sql["log_actors"]) == [("1", "me")]
    assert session.query(sql["log_unfinished"]) == []
    for done in (1, 2):
        session.run([Command(sql["checkpoint_write"], ("1", "apply", done, "[]", None, "before"))])
        session.run([Command(sql["meta_write"], ("layout", str(done)))])
    assert session.query(sql["checkpoint_read"]) == [("1", "apply", 2, "[]", None, "before")]
    assert session.query(sql["meta_read"]) == [("layout", "2")]


def test_the_insert_of_the_standards_document_works(session: Session) -> None:
    sql = DIALECT.sql(session.resolve(Names()))
    session.run([Command(sql["create_history"])])
    session.query(
        "INSERT INTO schema_migrations (version, name, description, author, execution_time_ms, checksum, "
        "rollback_available) VALUES ('1', 'a', 'b', 'c', 1, 'd', true)"
    )
    assert session.query(sql["read"])[0][7] == 1


REBUILD = """
PRAGMA foreign_keys = OFF;
BEGIN;
CREATE TABLE new_parent (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO new_parent SELECT id, name FROM parent {where};
DROP TABLE parent;
ALTER TABLE new_parent RENAME TO parent;
PRAGMA foreign_key_check;
COMMIT;
PRAGMA foreign_keys = ON;
"""


@pytest.fixture
def family(session: Session) -> Session:
    send(
        session,
        DIALECT,
        """
        CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT);
        CREATE TABLE child (parent INTEGER REFERENCES parent ON DELETE CASCADE);
        INSERT INTO parent VALUES (1, 'a'), (2, 'b');
        INSERT INTO child VALUES (1), (2);
        PRAGMA foreign_keys = ON;
        """,
    )
    return session


def test_a_table_is_rebuilt_without_loss(family: Session) -> None:
    send(family, DIALECT, REBUILD.format(where=""))
    assert family.query("SELECT count(*) FROM child") == [(2,)]
    family.run(family.tidying())
    assert family.query("PRAGMA foreign_keys") == [(0,)]


def test_a_foreign_key_check_that_finds_rows_is_an_error(family: Session) -> None:
    with pytest.raises(DatabaseError, match="1 violation") as caught:
        send(family, DIALECT, REBUILD.format(where="WHERE id = 1"))
    assert caught.value.detail == "child row 2 refers to a missing row of parent (foreign key 0)"
    family.run([Command("ROLLBACK")])
    assert family.query("SELECT count(*) FROM parent") == [(2,)]


def test_what_a_script_left_set_is_put_back(session: Session, tmp_path: Path) -> None:
    send(
        session,
        DIALECT,
        f"""
        PRAGMA foreign_keys = ON; PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY;
        ATTACH '{tmp_path}/other.db' AS other;
        CREATE TEMP TABLE scratch (a); CREATE TEMP VIEW seen AS SELECT * FROM scratch;
        PRAGMA recursive_triggers = ON; PRAGMA case_sensitive_like = ON; PRAGMA query_only = ON;
        PRAGMA busy_timeout = 9;
        """,
    )
    session.run([Command("BEGIN"), *session.restoring()])
    session.query("CREATE TABLE t (a)")  # query_only is off again
    session.run([Command("COMMIT")])
    session.run(session.tidying())
    for pragma, value in {"foreign_keys": 0, "synchronous": 2, "temp_store": 0, "recursive_triggers": 0}.items():
        assert session.query(f"PRAGMA {pragma}") == [(value,)], pragma
    assert session.query("PRAGMA busy_timeout") == [(100,)]
    assert session.query("SELECT 'a' LIKE 'A'") == [(1,)]
    assert session.query("SELECT count(*) FROM temp.sqlite_master") == [(0,)]
    assert len(session.query("PRAGMA database_list")) <= 2


def test_attach_is_not_done_twice_when_settings_are_repeated(session: Session, tmp_path: Path) -> None:
    attach = statement(DIALECT, f"ATTACH '{tmp_path}/other.db' AS other")
    session.run([Command(attach.text, None, attach)] * 2)
    session.run(session.tidying())
    session.run([Command(attach.text, None, attach)])
    assert [row[1] for row in session.query("PRAGMA database_list") if row[1] == "other"] == ["other"]


def test_a_syntax_error_names_its_place(session: Session) -> None:
    with pytest.raises(DatabaseError) as caught:
        send(session, DIALECT, "SELECT 1\n  frm t")
    assert caught.value.sqlstate == "SQLITE_ERROR"
    assert caught.value.position == len("SELECT 1\n  frm ")
    with pytest.raises(DatabaseError) as caught:
        session.run([Command("SELECT 1"), Command("SELECT nope FROM nowhere")])
    assert (caught.value.index, caught.value.position) == (1, len("SELECT nope FROM "))


def test_text_without_parameters_is_sent_as_it_is(session: Session) -> None:
    assert session.query("SELECT '%s ? :a {x}'") == [("%s ? :a {x}",)]
    assert session.query("SELECT %s, %s", ("%s", "?")) == [("%s", "?")]


def test_a_busy_database_is_a_lock_timeout(sqlite: str, session: Session) -> None:
    with closing(sqlite3.connect(path_of(sqlite), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.perf_counter()
        with pytest.raises(DatabaseError) as caught:
            session.run([Command(DIALECT.begin)])
        assert caught.value.lock_timeout
        assert 0.05 < time.perf_counter() - began < 2
    session.run([Command(DIALECT.begin), Command("ROLLBACK")])


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


def test_a_statement_is_stopped_at_its_time_out(sqlite: str) -> None:
    with closing(DIALECT.connect(sqlite, Settings(statement_timeout=0.1))) as session:
        with pytest.raises(DatabaseError, match=r"time-out of 0\.1 s"):
            send(session, DIALECT, ENDLESS)
        assert session.query("SELECT 1") == [(1,)]


def test_one_statement_can_be_limited(session: Session) -> None:
    session.run(session.limiting(0.1))
    with pytest.raises(DatabaseError, match="time-out"):
        send(session, DIALECT, ENDLESS)
    session.run(session.limiting(None))
    assert session.query("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 3000000) "
                         "SELECT count(*) FROM n") == [(3000000,)]  # fmt: skip


def test_a_running_statement_is_cancelled_and_its_transaction_rolled_back(session: Session) -> None:
    session.run([Command("BEGIN IMMEDIATE"), Command("CREATE TABLE t (a)")])
    threading.Timer(0.1, session.cancel).start()
    with pytest.raises(DatabaseError) as caught:
        send(session, DIALECT, f"INSERT INTO t {ENDLESS}")
    assert caught.value.sqlstate == "SQLITE_INTERRUPT"
    session.run([Command("ROLLBACK")])  # no error, although SQLite has rolled back already
    assert not session.in_transaction()


def test_the_lock_keeps_another_process_out_and_dies_with_its_holder(sqlite: str, session: Session) -> None:
    process = holder(sqlite)
    try:
        assert session.lock("key", "us") == "the holder"
        session.query("CREATE TABLE readers_and_writers_go_on (a)")
    finally:
        process.kill()
        process.wait()
    assert process.stdout
    process.stdout.close()
    assert session.lock("key", "us") is None
    session.unlock()
    assert [path.name for path in path_of(sqlite).parent.glob("*instar-lock*")] == []


def test_many_threads_take_the_lock_one_at_a_time(sqlite: str) -> None:
    inside: list[int] = []
    most: list[int] = []

    def work(number: int) -> None:
        with closing(DIALECT.connect(sqlite, Settings())) as session:
            for _ in range(15):
                while session.lock("key", f"thread {number}") is not None:
                    time.sleep(0.001)
                inside.append(number)
                most.append(len(inside))
                inside.remove(number)
                session.unlock()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 90
    assert max(most) == 1


def test_a_symbolic_link_leads_to_the_same_lock(sqlite: str, session: Session, tmp_path: Path) -> None:
    session.query("CREATE TABLE t (a)")
    link = tmp_path / "link.db"
    link.symlink_to(path_of(sqlite))
    with closing(DIALECT.connect(f"sqlite:///{link}", Settings())) as other:
        assert session.lock("key", "us") is None
        assert other.lock("key", "them") == "us"


def test_the_caller_gets_its_connection_back_as_it_was(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "app.db", isolation_level="DEFERRED")) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        session = for_connection(connection)
        assert session.dialect == "sqlite"
        session.configure(Settings(lock_timeout=1.5, statement_timeout=3))
        send(session, DIALECT, "PRAGMA foreign_keys = OFF; CREATE TEMP TABLE x (a); BEGIN; CREATE TABLE t (a)")
        session.close()
        assert connection.isolation_level == "DEFERRED"
        assert connection.row_factory is sqlite3.Row
        assert connection.execute("PRAGMA foreign_keys").fetchone()[0] == 1
        assert connection.execute("PRAGMA busy_timeout").fetchone()[0] == 5000
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0


def test_a_connection_inside_a_transaction_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "app.db")) as connection:
        connection.execute("BEGIN")
        with pytest.raises(UsageError, match="inside a transaction"):
            for_connection(connection)
        assert connection.in_transaction


def test_urls_name_files_or_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a b").mkdir()
    for url, file in {
        "sqlite:///one.db": "one.db",
        f"sqlite:///{tmp_path}/a%20b/two.db": "a b/two.db",
        "sqlite:///./three.db": "three.db",
    }.items():
        with closing(for_url(url).connect(url, Settings())) as session:
            session.query("CREATE TABLE t (a)")
        assert (tmp_path / file).exists()
    for url in ("sqlite://", "sqlite:///:memory:", "sqlite:///"):
        with closing(for_url(url).connect(url, Settings())) as session:
            assert session.lock("key", "us") is None
            assert session.measure()["wal_size_bytes"] == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a b", "one.db", "three.db"]


@pytest.mark.parametrize("rest", ["/nowhere/app.db", "", "/app.db?mode=ro"])
def test_a_database_that_cannot_be_opened_is_explained(tmp_path: Path, rest: str) -> None:
    with pytest.raises(ConnectError) as caught:
        DIALECT.connect(f"sqlite:///{tmp_path}{rest}", Settings())
    assert caught.value.hint


def test_a_host_in_a_url_is_explained() -> None:
    with pytest.raises(ConnectError) as caught:
        DIALECT.connect("sqlite://app.db", Settings())
    assert "sqlite:///app.db" in caught.value.hint


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a database, and longer than its header would be " * 20)
    with pytest.raises(ConnectError, match=r"notes\.txt"):
        DIALECT.connect(f"sqlite:///{tmp_path}/notes.txt", Settings())


def test_interrupted_statements_that_may_run_again(session: Session) -> None:
    answers = {
        "VACUUM": Probe.NOT_APPLIED,
        "PRAGMA wal_checkpoint(TRUNCATE)": Probe.NOT_APPLIED,
        "VACUUM INTO 'copy.db'": Probe.UNKNOWN,
        "INSERT INTO t VALUES (1)": Probe.UNKNOWN,
    }
    for text, answer in answers.items():
        assert session.probe(statement(DIALECT, text), session.describe(statement(DIALECT, text))) is answer


def test_a_statement_refused_in_a_transaction_is_told_from_others(session: Session) -> None:
    for text, refused in {"VACUUM": True, "DETACH nope": False, "BEGIN": False, "SELECT x": False}.items():
        session.run([Command("BEGIN")])
        with pytest.raises(DatabaseError) as caught:
            session.run([Command(text)])
        assert DIALECT.refuses_transaction(caught.value) is refused, caught.value.message
        session.run([Command("ROLLBACK")])


def test_it_measures_sizes(sqlite: str, session: Session) -> None:
    send(session, DIALECT, "PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(100000))")
    found = session.measure()
    assert found["database_size_bytes"] >= 100000
    assert found["wal_size_bytes"] > 0
    send(session, DIALECT, "DROP TABLE t")
    assert session.measure()["free_pages"] > 20


def test_statements_keep_their_offsets() -> None:
    script = "-- first\nSELECT 1;\n  SELECT 2"
    assert [(one.offset, one.text) for one in statements(DIALECT, script)] == [(9, "SELECT 1"), (21, "SELECT 2")]
