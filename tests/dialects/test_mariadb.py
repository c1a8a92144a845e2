"""MariaDB: the session on a real server."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from urllib.parse import parse_qsl, urlsplit

import pymysql
import pytest
from dialect_steps import holder, send, statement, statements

from instar.dialects import Command, Names, Session, Settings, for_connection, for_url, load
from instar.errors import ConnectError, DatabaseError, UsageError
from instar.model import Blocker

DIALECT = load("mariadb")

pytestmark = pytest.mark.mariadb


@pytest.fixture
def session(mariadb: str) -> Iterator[Session]:
    with closing(DIALECT.connect(mariadb, Settings())) as opened:
        yield opened


@pytest.fixture
def other(mariadb: str) -> Iterator[Session]:
    with closing(DIALECT.connect(mariadb, Settings())) as opened:
        yield opened


def name_of(session: Session) -> str:
    return session.server.database


def test_the_session_says_what_the_server_is(session: Session) -> None:
    assert session.server.name.startswith("MariaDB ")
    assert session.server.version >= (10, 6)
    assert session.dialect == "mariadb"


def test_a_mysql_url_works_on_mariadb(mariadb: str) -> None:
    url = mariadb.replace("mariadb://", "mysql+pymysql://")
    with closing(for_url(url).connect(url, Settings())) as session:
        assert session.dialect == "mariadb"


def test_the_tracking_tables_keep_and_give_what_is_written(session: Session) -> None:
    names = session.resolve(Names(history="My History", internal="x"))
    sql = DIALECT.sql(names)
    assert session.query(sql["columns"]) == []
    for name in ("create_history", "create_log", "create_checkpoint", "create_meta") * 2:
        session.run([Command(sql[name])])
    assert [column for table, column in session.query(sql["columns"]) if table == "My History"] == [
        "version", "name", "description", "author", "applied_at", "execution_time_ms", "checksum", "rollback_available",
    ]  # fmt: skip
    session.run([Command(sql["insert"], ("20240101000000", "100% \\ '", None, "me", 5, "abc", True))])
    assert session.query(sql["read"])[0][:4] == ("20240101000000", "100% \\ '", None, "me")
    assert session.run([Command(sql["log_start"], ("1", "apply", '{"actor": "me"}'))])[0].rows == [(1,)]
    session.run([Command(sql["log_finish"], ("failed", "x" * 100_000, '{"actor": "me"}', 1))])
    session.run([Command(sql["log_finish"], ("completed", None, '{"actor": "me"}', 1))])
    assert session.query(sql["log_actors"]) == []  # what has ended stays as it ended
    assert session.run([Command(sql["log_start"], ("1", "apply", '{"actor": "me"}'))])[0].rows == [(2,)]
    session.run([Command(sql["log_finish"], ("completed", None, '{"actor": "me"}', 2))])
    assert session.query(sql["log_actors"]) == [("1", "me")]
    assert session.query(sql["log_unfinished"]) == []
    for done in (1, 2):
        session.run([Command(sql["checkpoint_write"], ("1", "apply", done, "[]", None, "before"))])
        session.run([Command(sql["meta_write"], ("layout", str(done)))])
    assert session.query(sql["checkpoint_read"]) == [("1", "apply", 2, "[]", None, "before")]
    assert session.query(sql["meta_read"]) == [("layout", "2")]


def test_the_insert_of_the_standards_document_works_and_times_are_utc(session: Session) -> None:
    sql = DIALECT.sql(session.resolve(Names()))
    session.run([Command(sql["create_history"]), Command("SET time_zone = '+09:00'")])
    session.query(
        "INSERT INTO schema_migrations (version, name, description, author, execution_time_ms, checksum, "
        "rollback_available) VALUES ('1', 'a', 'b', 'c', 1, 'd', true)"
    )
    assert session.query(
        "SELECT ABS(TIMESTAMPDIFF(SECOND, applied_at, UTC_TIMESTAMP())) < 5 FROM schema_migrations"
    ) == [(1,)]
    session.run([Command(sql["update"], ("a", None, None, 1, "x", False, "1"))])
    assert session.query(
        "SELECT ABS(TIMESTAMPDIFF(SECOND, applied_at, UTC_TIMESTAMP())) < 5 FROM schema_migrations"
    ) == [(1,)]


def test_the_history_may_lie_in_another_database(session: Session) -> None:
    schema = name_of(session) + "_other"
    session.query(f"CREATE DATABASE `{schema}`")
    try:
        sql = DIALECT.sql(session.resolve(Names(schema=schema)))
        session.run([Command(sql[name]) for name in ("create_history", "create_log")])
        assert len(session.query(sql["columns"])) == 16
        assert session.query("SHOW TABLES") == []
    finally:
        session.query(f"DROP DATABASE `{schema}`")


def test_text_without_parameters_is_sent_as_it_is(session: Session) -> None:
    assert session.query("SELECT '%s %% ? :a {x} ünï 😀'") == [("%s %% ? :a {x} ünï 😀",)]
    assert session.query("SELECT %s, %s", ("%s", "'\\")) == [("%s", "'\\")]


def test_what_a_script_left_set_is_put_back(session: Session) -> None:
    names = ("sql_mode", "foreign_key_checks", "unique_checks", "time_zone", "character_set_client", "tx_isolation",
             "lock_wait_timeout", "innodb_lock_wait_timeout", "sql_log_bin", "max_statement_time")  # fmt: skip
    query = f"SELECT DATABASE(), {', '.join('@@SESSION.' + name for name in names)}"
    before = session.query(query)
    script = """
        SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES', foreign_key_checks = 0, time_zone = '-03:00';
        SET unique_checks = OFF, max_statement_time = 7, lock_wait_timeout = 99, innodb_lock_wait_timeout = 99;
        SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE; SET NAMES latin1; SET timestamp = 1; USE mysql;
        CREATE TEMPORARY TABLE test.scratch (a INT);
    """
    send(session, DIALECT, script.replace("test.", f"`{name_of(session)}`."))
    session.run([Command(DIALECT.begin), *session.restoring()])
    assert session.in_transaction()
    session.run([Command("COMMIT")])
    assert session.query(query) == before
    assert session.query("SELECT YEAR(NOW()) > 2000") == [(1,)]
    send(session, DIALECT, "SET sql_log_bin = 0")
    session.run(session.tidying())
    assert session.query(query) == before
    with pytest.raises(DatabaseError, match="scratch"):
        session.query("SELECT * FROM scratch")
    assert session.restoring() == []


def test_autocommit_that_a_procedure_left_off_is_on_again(session: Session, other: Session) -> None:
    send(session, DIALECT, "CREATE PROCEDURE p() SET autocommit = 0; CALL p(); CREATE TABLE t (a INT)")
    session.query("INSERT INTO t VALUES (1)")
    assert other.query("SELECT count(*) FROM t") == [(1,)]


def test_a_transaction_that_a_call_left_open_is_an_error(session: Session) -> None:
    send(session, DIALECT, "CREATE PROCEDURE p() START TRANSACTION")
    call = statement(DIALECT, "CALL p()")
    session.run([Command(call.text, None, call)])
    with pytest.raises(DatabaseError, match="left a transaction open"):
        session.confirm(call)


def test_table_locks_do_not_outlive_their_statement(session: Session) -> None:
    send(session, DIALECT, "CREATE TABLE t (a INT); CREATE TABLE ours (a INT)")
    lock = statement(DIALECT, "LOCK TABLES t WRITE")
    session.run([Command(lock.text, None, lock)])
    session.confirm(lock)
    session.query("INSERT INTO ours VALUES (1)")


def test_a_statement_that_commits_unseen_is_an_error(session: Session) -> None:
    send(session, DIALECT, "SET @s = 'CREATE TABLE t (a INT)'; PREPARE s FROM @s")
    execute = statement(DIALECT, "EXECUTE s")
    session.run([Command(DIALECT.begin)])
    with pytest.raises(DatabaseError, match="has committed the transaction"):
        session.run([Command(execute.text, None, execute)])


def test_user_variables_are_not_computed_twice_when_settings_are_repeated(session: Session) -> None:
    send(session, DIALECT, "CREATE TABLE t (a INT)")
    setting = statement(DIALECT, "SET @n = (SELECT count(*) FROM t)")
    session.run([Command(setting.text, None, setting)])
    session.query("INSERT INTO t VALUES (1)")
    session.run([Command(setting.text, None, setting)])
    assert session.query("SELECT @n") == [(0,)]
    session.run([Command(DIALECT.begin), Command("ROLLBACK"), *session.tidying()])
    session.run([Command(setting.text, None, setting)])
    assert session.query("SELECT @n") == [(1,)]


def test_a_rolled_back_transaction_leaves_no_temporary_table_and_computes_again(session: Session) -> None:
    temporary = statement(DIALECT, "CREATE TEMPORARY TABLE scratch AS SELECT 1")
    setting = statement(DIALECT, "SET @n = (SELECT 1 + count(*) FROM scratch)")
    for _ in range(2):
        session.run([Command(DIALECT.begin), *(Command(one.text, None, one) for one in (temporary, setting))])
        assert session.query("SELECT @n") == [(2,)]
        session.query("SET @n = 0")
        session.run([Command("ROLLBACK")])


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("SELECT 1\n  frm t WHERE 'x'", "t WHERE 'x'"),
        ("SELECT 1 FROM", ""),
        ("SELECT nope", "nope"),
        ("INSERT INTO nowhere VALUES (1)", "nowhere VALUES (1)"),
        ("ALTER TABLE t DROP COLUMN nope", "nope"),
    ],
)
def test_an_error_names_its_place(session: Session, text: str, rest: str) -> None:
    session.query("CREATE TABLE t (a INT)")
    with pytest.raises(DatabaseError) as caught:
        session.run([Command("SELECT 1"), Command(text)])
    error = caught.value
    assert error.index == 1
    assert error.position is not None
    assert text[error.position :] == rest
    assert not error.lock_timeout
    assert error.sqlstate.isdigit()


def test_warnings_are_told(session: Session) -> None:
    told: list[tuple[str, str, str]] = []
    drop = statement(DIALECT, "DROP TABLE IF EXISTS nowhere")
    session.run([Command(drop.text, None, drop)], tell=lambda *notice: told.append(notice))
    assert [(severity, "nowhere" in message) for severity, message, _ in told] == [("NOTE", True)]


def test_asking_for_warnings_does_not_disturb_row_count(session: Session) -> None:
    send(session, DIALECT, "CREATE TABLE t (a INT PRIMARY KEY); INSERT INTO t VALUES (1)")
    script = statements(DIALECT, "INSERT IGNORE INTO t VALUES (1), (2), (3); SET @n = ROW_COUNT()")
    session.run([Command(one.text, None, one) for one in script], tell=lambda *_: None)
    assert session.query("SELECT @n") == [(2,)]


def test_ddl_that_waits_is_stopped_within_the_budget_and_who_blocks_is_named(session: Session, other: Session) -> None:
    session.query("CREATE TABLE t (a INT PRIMARY KEY)")
    other.run([Command(DIALECT.begin), Command("SELECT * FROM t")])
    seen: list[tuple[Blocker, ...]] = []
    session.watch(seen.append)
    alter = statement(DIALECT, "ALTER TABLE t ADD b INT")
    began = time.perf_counter()
    with pytest.raises(DatabaseError, match=r"waited longer than 0\.1 s") as caught:
        session.run([Command(alter.text, None, alter)])
    assert time.perf_counter() - began < 0.8
    assert caught.value.lock_timeout
    (connection,) = other.query("SELECT CONNECTION_ID()")[0]
    assert [blocker.pid for blocker in seen[0]] == [connection]
    assert session.blockers() == seen[0]
    other.run([Command("COMMIT")])
    session.run([Command(alter.text, None, alter)])
    assert session.blockers() == ()


def test_the_servers_own_time_out_counts_whole_seconds(mariadb: str, other: Session) -> None:
    with closing(DIALECT.connect(mariadb, Settings(lock_timeout=1.2))) as session:
        assert session.query("SELECT @@lock_wait_timeout, @@innodb_lock_wait_timeout") == [(2, 2)]
        session.configure(Settings(lock_timeout=0))
        send(session, DIALECT, "CREATE TABLE t (a INT PRIMARY KEY)")
        other.run([Command(DIALECT.begin), Command("INSERT INTO t VALUES (1)")])
        with pytest.raises(DatabaseError) as caught:
            session.run([Command("INSERT INTO t VALUES (1)")])
        assert (caught.value.lock_timeout, caught.value.sqlstate) == (True, "1205")
        session.configure(Settings(lock_timeout=None))
        assert session.query("SELECT @@lock_wait_timeout = @@GLOBAL.lock_wait_timeout") == [(1,)]


def test_a_deadlock_may_be_tried_again(session: Session, other: Session) -> None:
    send(session, DIALECT, "CREATE TABLE t (a INT PRIMARY KEY, b INT); INSERT INTO t VALUES (1, 0), (2, 0)")
    one, two = (f"UPDATE t SET b = 1 WHERE a = {key}" for key in (1, 2))
    session.run([Command(DIALECT.begin), Command(one)])
    other.run([Command(DIALECT.begin), Command(two)])
    failed: list[DatabaseError] = []

    def cross(crossing: Session, text: str) -> None:
        try:
            crossing.run([Command(text)])
        except DatabaseError as error:
            failed.append(error)

    threads = [threading.Thread(target=cross, args=pair) for pair in ((session, two), (other, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [error.lock_timeout for error in failed] == [True]


def test_a_statement_is_stopped_at_its_time_out(session: Session) -> None:
    session.run(session.limiting(0.2))
    with pytest.raises(DatabaseError) as caught:
        session.run([Command("SELECT SLEEP(5)")])
    assert caught.value.sqlstate == "1969"
    assert not caught.value.lock_timeout
    session.run(session.limiting(None))
    assert session.query("SELECT @@max_statement_time = @@GLOBAL.max_statement_time") == [(1,)]


def test_a_running_statement_is_cancelled(session: Session) -> None:
    threading.Timer(0.2, session.cancel).start()
    began = time.perf_counter()
    with pytest.raises(DatabaseError):
        send(session, DIALECT, "SELECT SLEEP(20)")
    assert time.perf_counter() - began < 5
    assert session.query("SELECT 1") == [(1,)]


def test_a_killed_connection_is_known_to_be_lost(session: Session, other: Session) -> None:
    (connection,) = session.query("SELECT CONNECTION_ID()")[0]
    other.query(f"KILL {connection}")
    with pytest.raises(DatabaseError) as caught:
        session.run([Command("SELECT 1")])
    assert caught.value.connection_lost
    with pytest.raises(DatabaseError) as caught:
        session.run([Command("SELECT 1")])
    assert caught.value.connection_lost


def test_the_lock_keeps_another_process_out_and_dies_with_its_holder(mariadb: str, session: Session) -> None:
    process = holder(mariadb)
    try:
        assert str(session.lock("key", "us")).startswith("connection ")
        assert session.lock("another key", "us") is None
        session.unlock()
    finally:
        process.kill()
        process.wait()
    assert process.stdout
    process.stdout.close()
    deadline = time.monotonic() + 5
    while session.lock("key", "us") is not None:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_lock_is_taken_once_and_given_back_once(session: Session, other: Session) -> None:
    assert session.lock("key", "us") is None
    assert session.lock("key", "us") is None
    session.unlock()
    assert other.lock("key", "us") is None


def test_a_lost_lock_is_noticed_when_a_transaction_opens(session: Session) -> None:
    assert session.opening() == []
    assert session.lock("key", "us") is None
    session.run([Command(DIALECT.begin), *session.opening(), Command("COMMIT")])
    send(session, DIALECT, "SELECT RELEASE_ALL_LOCKS()")
    with pytest.raises(DatabaseError, match="no longer ours") as caught:
        session.run([Command(DIALECT.begin), *session.opening()])
    assert caught.value.index == 1


def test_locks_of_two_databases_do_not_meet(session: Session, fresh: object) -> None:
    assert callable(fresh)
    with closing(DIALECT.connect(fresh("mariadb"), Settings())) as elsewhere:
        assert session.lock("key", "us") is None
        assert elsewhere.lock("key", "us") is None


def test_the_caller_gets_its_connection_back_as_it_was(mariadb: str) -> None:
    parts = urlsplit(mariadb)
    with pymysql.connect(host=parts.hostname, port=parts.port or 3306, user=parts.username, database=parts.path[1:],
                         unix_socket=dict(parse_qsl(parts.query)).get("unix_socket")) as connection:  # fmt: skip
        connection.autocommit(False)  # noqa: FBT003 - PyMySQL's signature
        session = for_connection(connection)
        assert session.dialect == "mariadb"
        session.configure(Settings(lock_timeout=3, statement_timeout=5))
        assert session.lock("key", "us") is None
        send(session, DIALECT, "CREATE TABLE t (a INT); SET foreign_key_checks = 0")
        session.run([Command(DIALECT.begin), Command("INSERT INTO t VALUES (1)")])
        session.close()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT @@autocommit, @@foreign_key_checks, @@lock_wait_timeout > 100, (SELECT count(*) FROM t)"
            )
            assert cursor.fetchone() == (0, 1, 1, 0)
        with pytest.raises(UsageError, match="inside a transaction"):
            for_connection(connection)


@pytest.mark.parametrize(
    ("user", "database", "words"),
    [
        ("root", "/no_such_database_here", "create it first"),
        ("nobody:s3cr3t%40@", "/x", "percent-encode"),
        ("root", "", "history lives in it"),
        ("root", "/x?nope=1", "known are"),
    ],
)
def test_a_database_that_cannot_be_reached_is_explained(mariadb: str, user: str, database: str, words: str) -> None:
    place = mariadb.partition("@")[2].partition("/")[0]
    query = "?" + mariadb.partition("?")[2] if "?" in mariadb and "?" not in database else ""
    with pytest.raises(ConnectError) as caught:
        DIALECT.connect(f"mariadb://{user.removesuffix('@')}@{place}{database}{query if database else ''}", Settings())
    assert words in caught.value.hint
    assert "s3cr3t" not in caught.value.message + caught.value.hint


def test_a_server_that_is_not_there_is_explained() -> None:
    with pytest.raises(ConnectError) as caught:
        DIALECT.connect("mariadb://root@127.0.0.1:1/x?connect_timeout=1", Settings())
    assert "running" in caught.value.hint
    with pytest.raises(ConnectError, match="port"):
        DIALECT.connect("mariadb://root:a/b@localhost/x", Settings())


def test_it_measures_the_database_and_the_server(session: Session) -> None:
    send(session, DIALECT, "CREATE TABLE t (a INT PRIMARY KEY)")
    found = session.measure()
    assert found["database_size_bytes"] > 0
    assert found["active_connections"] >= 1
    assert 0 <= found["cache_hit_ratio"] <= 1
    assert {"lock_waits", "temp_files"} <= set(found)


def test_comments_for_another_server_are_harmless(session: Session) -> None:
    send(session, DIALECT, "/*!99999 SELECT nonsense */; /*!40101 SET @a = 1 */; SELECT 1")
    assert session.query("SELECT @a") == [(1,)]


def test_closing_twice_is_harmless(mariadb: str) -> None:
    session = DIALECT.connect(mariadb, Settings())
    session.close()
    with suppress(DatabaseError):
        session.unlock()
    session.close()
