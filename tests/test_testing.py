"""The throw-away databases and the proxy keep what they promise."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pymysql
import pytest

from conftest import Connection, connect, query, sampled
from instar.errors import ConnectError, UsageError
from instar.testing import Proxy, postgresql, sqlite
from instar.testing import mariadb as mariadb_database

LOST = (psycopg.OperationalError, pymysql.OperationalError, pymysql.InterfaceError)
NETWORKED = ("postgresql-15", "postgresql-18", pytest.param("mariadb", marks=pytest.mark.mariadb))


@pytest.fixture(params=NETWORKED)
def networked(request: pytest.FixtureRequest, fresh: Callable[[str], str]) -> str:
    url = fresh(request.param)
    query(url, "CREATE TABLE things (id INT)")
    return url


@pytest.fixture
def proxy(networked: str) -> Iterator[Proxy]:
    with Proxy(networked) as proxy:
        yield proxy


def write(url: str, *, finish: bytes = b"COMMIT") -> None:
    """Insert a row in a transaction of its own, in plain statements."""
    with closing(connect(url)) as connection, closing(connection.cursor()) as cursor:
        cursor.execute("BEGIN")
        cursor.execute("INSERT INTO things VALUES (1)")
        cursor.execute(finish.decode())


def rows(url: str) -> int:
    return len(query(url, "SELECT id FROM things"))


def sessions(url: str) -> int:
    """Count who else is connected to this database."""
    if urlsplit(url).scheme == "mariadb":
        text = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
    else:
        text = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    return len(query(url, text))


def gone(url: str) -> bool:
    deadline = time.monotonic() + 10
    while sessions(url):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def open_transaction(url: str) -> Connection:
    connection = connect(url)
    connection.cursor().execute("BEGIN")
    connection.cursor().execute("INSERT INTO things VALUES (1)")
    return connection


def test_every_database_is_new_and_can_be_written_to(database: str) -> None:
    query(database, "CREATE TABLE things (id INT)")
    query(database, "INSERT INTO things VALUES (1)")
    assert query(database, "SELECT id FROM things") == [(1,)]


def test_each_parameter_is_the_server_that_it_says(postgresql: str, request: pytest.FixtureRequest) -> None:
    version = str(query(postgresql, "SHOW server_version")[0][0])
    assert f"postgresql-{version.partition('.')[0]}" in request.node.name


def test_a_throw_away_postgresql_copies_databases_from_a_template() -> None:
    with postgresql() as server:
        template = server.database("shop")
        query(template, "CREATE TABLE goods (id INT)")
        with server.fresh(template="shop") as copy:
            assert query(copy, "SELECT * FROM goods") == []
        with pytest.raises(psycopg.OperationalError, match="does not exist"):
            connect(copy)
        server.drop("shop")
        server.drop("shop")


def test_a_fresh_database_goes_away_under_an_open_transaction() -> None:
    with postgresql(settings={"max_connections": "5"}, tcp=True) as server:
        assert urlsplit(server.address).hostname == "127.0.0.1"
        with server.fresh() as url:
            query(url, "CREATE TABLE things (id INT)")
            forgotten = open_transaction(url)
        with closing(forgotten), pytest.raises(psycopg.OperationalError):
            forgotten.cursor().execute("COMMIT")


@pytest.mark.mariadb
def test_a_mariadb_database_goes_away_under_an_open_transaction(mariadb: str) -> None:
    with mariadb_database(mariadb) as url:
        query(url, "CREATE TABLE things (id INT)")
        forgotten = open_transaction(url)
    name = urlsplit(url).path.removeprefix("/")
    assert query(mariadb, "SELECT 1 FROM information_schema.schemata WHERE schema_name = %s", (name,)) == []
    with closing(forgotten), pytest.raises(pymysql.Error):
        forgotten.cursor().execute("COMMIT")


def test_a_mariadb_server_that_does_not_answer_is_a_connect_error() -> None:
    with pytest.raises(ConnectError, match="cannot be reached"), mariadb_database("mariadb://root@127.0.0.1:1/"):
        pass


def test_only_mariadb_and_mysql_urls_make_mariadb_databases() -> None:
    with pytest.raises(UsageError, match="sqlite"), mariadb_database("sqlite:///x"):
        pass


def test_a_sqlite_file_goes_away(tmp_path: Path) -> None:
    with sqlite(tmp_path) as url:
        query(url, "CREATE TABLE things (id INT)")
        assert list(tmp_path.iterdir())
    assert not list(tmp_path.iterdir())


def test_the_proxy_carries_what_it_gets(networked: str, proxy: Proxy) -> None:
    write(proxy.url)
    assert rows(networked) == 1
    large = "x" * 5_000_000
    assert query(proxy.url, "SELECT %s", (large,)) == [(large,)]


def test_a_cut_resets_every_connection_and_lets_new_ones_in(networked: str, proxy: Proxy) -> None:
    with closing(open_transaction(proxy.url)) as connection:
        assert proxy.cut() == 1
        with pytest.raises(LOST):
            connection.cursor().execute("COMMIT")
        assert gone(networked)
        assert rows(networked) == 0
    write(proxy.url)
    assert rows(networked) == 1


def test_cut_before_a_message_the_server_never_sees_it(networked: str, proxy: Proxy) -> None:
    happened = proxy.cut_before(b"COMMIT")
    with pytest.raises(LOST):
        write(proxy.url)
    assert happened.wait(10)
    assert gone(networked)
    assert rows(networked) == 0
    write(proxy.url)
    assert rows(networked) == 1, "the rule cuts once"


def test_cut_after_a_message_it_took_effect_and_the_client_does_not_know(networked: str, proxy: Proxy) -> None:
    happened = proxy.cut_after(b"COMMIT")
    with pytest.raises(LOST):
        write(proxy.url)
    assert happened.wait(10)
    assert rows(networked) == 1


def test_cut_during_a_message_ends_in_one_of_both(networked: str, proxy: Proxy) -> None:
    happened = proxy.cut_during(b"COMMIT")
    with pytest.raises(LOST):
        write(proxy.url)
    assert happened.wait(10)
    assert gone(networked)
    assert rows(networked) in (0, 1)


def test_matches_can_be_let_through_first(networked: str, proxy: Proxy) -> None:
    happened = proxy.cut_before(b"COMMIT", skip=2)
    write(proxy.url)
    write(proxy.url)
    assert not happened.is_set()
    with pytest.raises(LOST):
        write(proxy.url)
    assert rows(networked) == 2


def test_a_function_can_say_where_to_cut(networked: str, proxy: Proxy) -> None:
    proxy.cut_before(lambda sent: b"INSERT" in sent.upper())
    with pytest.raises(LOST):
        write(proxy.url)
    assert rows(networked) == 0


def test_a_refusing_proxy_keeps_what_stands_and_lets_nobody_in(networked: str, proxy: Proxy) -> None:
    with closing(open_transaction(proxy.url)) as connection:
        proxy.refuse()
        with pytest.raises(LOST):
            connect(proxy.url)
        connection.cursor().execute("COMMIT")
    proxy.accept()
    write(proxy.url)
    assert rows(networked) == 2


def test_a_frozen_proxy_keeps_everything_back_until_it_thaws(networked: str, proxy: Proxy) -> None:
    with closing(open_transaction(proxy.url)) as connection:
        proxy.freeze()
        waiting = threading.Thread(target=connection.cursor().execute, args=("COMMIT",))
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive()
        assert rows(networked) == 0
        proxy.thaw()
        waiting.join(10)
        assert not waiting.is_alive()
    assert rows(networked) == 1


def test_a_client_that_dies_behind_a_frozen_proxy_leaves_a_zombie(networked: str, proxy: Proxy) -> None:
    connection = open_transaction(proxy.url)
    proxy.freeze()
    getattr(connection, "_force_close", connection.close)()  # PyMySQL would wait for an answer to its goodbye
    time.sleep(0.2)
    assert sessions(networked) == 1
    proxy.cut()
    assert gone(networked)


def test_in_a_pipeline_what_came_before_the_match_is_run(fresh: Callable[[str], str]) -> None:
    url = fresh("postgresql-18")
    query(url, "CREATE TABLE things (id INT)")
    with Proxy(url) as proxy, closing(psycopg.connect(proxy.url, autocommit=True)) as connection:
        proxy.cut_before(b"second")
        with pytest.raises(psycopg.OperationalError):
            send_at_once(
                connection,
                "BEGIN",
                "INSERT INTO things VALUES (1)",
                "COMMIT",
                "INSERT INTO things VALUES (2) -- second",
            )
    assert query(url, "SELECT id FROM things") == [(1,)]


def send_at_once(connection: psycopg.Connection, *statements: str) -> None:
    with connection.pipeline():
        for statement in statements:
            connection.execute(statement.encode())


def test_a_proxy_without_a_server_behind_it_resets(proxy: Proxy) -> None:
    scheme = urlsplit(proxy.url).scheme
    with Proxy(f"{scheme}://root@127.0.0.1:1/nowhere") as deaf, pytest.raises(LOST):
        connect(deaf.url)


def test_a_file_has_no_network_to_break() -> None:
    with pytest.raises(UsageError, match="sqlite"):
        Proxy("sqlite:///shop.db")


@pytest.mark.parametrize(("number", "sample"), [(0, []), (1, [0]), (2, [0, 9]), (4, [0, 3, 6, 9]), (20, [*range(10)])])
def test_a_sample_is_spread_out(number: int, sample: list[int]) -> None:
    assert sampled(range(10), number) == sample
