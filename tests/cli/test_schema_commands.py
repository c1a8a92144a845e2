"""`instar dump`, `diff`, `drift` and `create --from-diff`, on PostgreSQL, MariaDB and SQLite."""

import shutil
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from cli_project import Instar, Write

from conftest import query
from instar.dialects.postgresql import binaries

SHOP = (
    "-- migrate:up\nCREATE TABLE users (id integer PRIMARY KEY, email varchar(40) NOT NULL);\n"
    "CREATE INDEX idx_users_email ON users (email);\n-- migrate:down\nDROP TABLE users;\n"
)
MODELS = """
from sqlalchemy import Column, Integer, MetaData, String, Table
metadata = MetaData()
Table("users", metadata, Column("id", Integer, primary_key=True, autoincrement=False),
      Column("email", String(40), nullable=False, index=False), Column("age", Integer))
"""


@pytest.fixture
def shop(instar: Instar, write: Write, database: str) -> tuple[Instar, str]:
    """A project whose migration is applied, on every engine."""
    write({"20240101000000_shop": SHOP})
    assert instar("up", "--database", database).code == 0
    return instar, database


def test_a_dump_is_the_same_each_time_and_can_be_checked(shop: tuple[Instar, str], tmp_path: Path) -> None:
    instar, url = shop
    assert instar("dump", "-d", url, "-o", "schema.sql").code == 0
    text = (tmp_path / "schema.sql").read_text()
    assert instar("dump", "-d", url).out == text
    assert "schema_migrations" not in text
    assert instar("dump", "-d", url, "-o", "schema.sql", "--check").code == 0
    query(url, "ALTER TABLE users ADD COLUMN age integer")
    stale = instar("dump", "-d", url, "-o", "schema.sql", "--check", "--json")
    assert stale.code == 4
    assert stale.json["stale"] is True
    assert (tmp_path / "schema.sql").read_text() == text


def test_a_dump_loads_and_is_no_difference(shop: tuple[Instar, str]) -> None:
    instar, url = shop
    instar("dump", "-d", url, "-o", "schema.sql")
    result = instar("diff", "schema.sql", url, "--check")
    assert result.code == 0, result.out
    assert result.out.startswith("no difference\n")
    assert instar("diff", "schema.sql", "migrations", "-d", url, "--check").code == 0


def test_a_difference_is_a_tree_and_sql_that_makes_up_for_it(shop: tuple[Instar, str]) -> None:
    instar, url = shop
    instar("dump", "-d", url, "-o", "schema.sql")
    query(url, "ALTER TABLE users ADD COLUMN age integer")
    found = instar("diff", url, "schema.sql", "--check", "--json")
    assert found.code == 4
    assert [(change["what"], change["kind"]) for change in found.json["changes"]] == [("removed", "column")]
    sql = instar("diff", url, "schema.sql", "--sql").out
    assert sql.startswith("-- loses data\n")
    for statement in sql.removeprefix("-- loses data\n").split(";\n"):
        if statement.strip():
            query(url, statement)
    assert instar("diff", url, "schema.sql", "--check").code == 0


def test_drift_names_what_only_the_database_has(shop: tuple[Instar, str]) -> None:
    instar, url = shop
    assert instar("drift", "-d", url).code == 0
    query(url, "ALTER TABLE users ADD COLUMN age integer")
    query(url, "CREATE TABLE leftovers (id integer)")
    result = instar("drift", "-d", url)
    assert result.code == 4
    lines = [line.split("  (")[0].strip() for line in result.out.splitlines()]
    assert [line for line in lines if line[0] in "+-~" and "users.age" in line]
    assert [line for line in lines if line[0] == "+" and "leftovers" in line]
    assert lines[-1].startswith("note: 1 applied migration replayed on")


def test_pending_migrations_are_no_drift(shop: tuple[Instar, str], write: Write) -> None:
    instar, url = shop
    write(
        {"20240102000000_more": "-- migrate:up\nCREATE TABLE more (id integer);\n-- migrate:down\nDROP TABLE more;\n"}
    )
    assert instar("drift", "-d", url).code == 0


def test_a_draft_reaches_the_target_and_leads_back(shop: tuple[Instar, str], tmp_path: Path) -> None:
    instar, url = shop
    query(url, "ALTER TABLE users ADD COLUMN age integer")
    path = tmp_path / instar("create", "take_over", "--from-diff", url, "-d", url).out.strip()
    up, down = path.read_text().split("-- migrate:down\n")
    assert "ADD COLUMN age" in up
    assert "-- loses data" in down
    assert instar("diff", "migrations", url, "-d", url, "--check").code == 0
    files = sorted((tmp_path / "migrations").iterdir())
    again = instar("create", "again", "--from-diff", url, "-d", url)
    assert (again.code, again.out) == (0, "")
    assert "there is nothing to write" in again.err
    assert instar("create", "again", "--from-diff", url, "-d", url, "--json").json == {"path": None, "version": None}
    assert sorted((tmp_path / "migrations").iterdir()) == files


def test_models_are_a_target(shop: tuple[Instar, str], tmp_path: Path, request: pytest.FixtureRequest) -> None:
    pytest.importorskip("sqlalchemy")
    instar, url = shop
    module = f"models_{abs(hash(request.node.name))}"
    (tmp_path / f"{module}.py").write_text(MODELS)
    created = instar("create", "add_age", "--models", f"{module}:metadata", "-d", url)
    assert created.code == 0, created.err
    up = (tmp_path / created.out.strip()).read_text().split("-- migrate:down\n")[0]
    assert "age" in up
    assert "-- not written" not in up
    again = instar("create", "again", "--models", f"{module}:metadata", "-d", url)
    assert again.code == 0
    assert "there is nothing to write" in again.err


def test_roles_that_a_dump_names_are_made_on_the_throw_away_server(
    instar: Instar, fresh: Callable[[str], str], tmp_path: Path
) -> None:
    (tmp_path / "schema.sql").write_text(
        "CREATE TABLE t (id integer);\nALTER TABLE t OWNER TO nobody_here;\nGRANT SELECT ON t TO reader_here;\n"
    )
    result = instar("diff", "schema.sql", "schema.sql", "-d", fresh("postgresql-18"))
    assert result.out.startswith("no difference"), result.err


def test_a_dump_that_does_not_load_says_where(instar: Instar, sqlite: str, tmp_path: Path) -> None:
    query(sqlite, "CREATE TABLE t (id integer)")
    (tmp_path / "schema.sql").write_text("CREATE TABLE t (id integer);\nCREATE TABLE t (id integer);\n")
    result = instar("diff", "schema.sql", sqlite)
    assert result.code == 2
    assert "schema.sql:2" in result.err


def test_an_environment_is_a_target_and_its_password_is_not_shown(instar: Instar, sqlite: str, tmp_path: Path) -> None:
    query(sqlite, "CREATE TABLE t (id integer)")
    (tmp_path / "instar.toml").write_text(
        f'[environments.one]\nurl = "{sqlite}"\n[environments.two]\nurl = "postgresql://me:s3cret-word@127.0.0.1:1/x"\n'
    )
    assert instar("diff", "one", sqlite, "--check").code == 0
    refused = instar("diff", "one", "two")
    assert refused.code == 1
    assert "s3cret-word" not in refused.out + refused.err


def test_a_database_file_that_is_not_there_is_refused_and_not_made(instar: Instar, sqlite: str, tmp_path: Path) -> None:
    query(sqlite, "CREATE TABLE t (id integer)")
    for arguments in (("diff", sqlite, "sqlite:///none.db"), ("diff", "sqlite:///none.db", sqlite)):
        result = instar(*arguments)
        assert result.code == 2
        assert "no such file: none.db" in result.err
    assert instar("dump", "sqlite:///none.db").code == 2
    assert not (tmp_path / "none.db").exists()


def test_two_engines_are_not_compared(instar: Instar, sqlite: str, fresh: Callable[[str], str]) -> None:
    query(sqlite, "CREATE TABLE t (id integer)")
    result = instar("diff", sqlite, fresh("postgresql-18"))
    assert result.code == 2
    assert "two engines cannot be compared" in result.err


def test_default_privileges_belong_to_who_runs_the_migrations(
    instar: Instar, write: Write, fresh: Callable[[str], str]
) -> None:
    url = fresh("postgresql-18")
    runner = "instar_default_runner"
    query(url, f"CREATE ROLE {runner} SUPERUSER LOGIN")
    try:
        mine = urlsplit(url)._replace(netloc=f"{runner}@{urlsplit(url).netloc.rpartition('@')[2]}").geturl()
        write(
            {
                "20240101000000_app": "-- migrate:up\nCREATE SCHEMA app;\nCREATE TABLE app.t (id int);\n"
                "ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO PUBLIC;\n"
                "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;\n"
                "-- migrate:down\nDROP SCHEMA app CASCADE;\n"
            }
        )
        assert instar("up", "-d", mine).code == 0
        result = instar("drift", "-d", mine)
        assert result.code == 0, result.out
        assert result.out.startswith("no difference")
    finally:
        query(url, f"DROP OWNED BY {runner} CASCADE")
        query(url, f"DROP ROLE {runner}")


def test_what_the_throw_away_server_lacks_is_looked_for_on_another_one(
    instar: Instar, write: Write, fresh: Callable[[str], str], tmp_path: Path
) -> None:
    url = fresh("postgresql-18")
    sql = "CREATE EXTENSION of_another_server;"
    (tmp_path / "schema.sql").write_text(sql)
    write({"20240101000000_shop": f"-- migrate:up\n{sql}\n-- migrate:down\nDROP EXTENSION of_another_server;\n"})
    for target in ("schema.sql", "migrations"):
        result = instar("diff", target, url)
        assert result.code != 0
        assert "hint: name a server that has it: --server URL" in result.err
    named = instar("diff", "schema.sql", url, "--server", url)
    assert "--server" not in named.err


def test_what_loses_data_is_marked_where_it_does(instar: Instar, fresh: Callable[[str], str]) -> None:
    one, two = fresh("sqlite"), fresh("sqlite")
    query(one, "CREATE TABLE people (id integer, hand text)")
    query(one, "CREATE INDEX h ON people (hand)")
    query(two, "CREATE TABLE people (id integer)")
    assert instar("diff", one, two, "--sql").out == (
        "DROP INDEX h;\n-- loses data\nALTER TABLE people DROP COLUMN hand;\n"
    )
    query(one, "CREATE TABLE t (a integer, b text)")
    query(two, "CREATE TABLE t (a integer NOT NULL)")
    lines = instar("diff", one, two, "--sql").out.splitlines()
    assert [after for line, after in pairwise(lines) if line == "-- loses data"] == [
        "ALTER TABLE people DROP COLUMN hand;",
        "DROP TABLE t;",
    ]


def test_an_unknown_target_is_refused(instar: Instar) -> None:
    result = instar("diff", "nowhere", "schema.sql")
    assert result.code == 2
    assert "'nowhere' is neither a database URL, an environment, a file nor a folder" in result.err


@pytest.mark.parametrize(
    ("example", "server"), [("shop", "postgresql-18"), ("mariadb", "mariadb"), ("sqlite", "sqlite")]
)
def test_the_dumps_of_the_examples_load_by_the_engines_own_programs(
    instar: Instar, fresh: Callable[[str], str], example: str, server: str
) -> None:
    first, second = fresh(server), fresh(server)
    folder = Path(__file__).parents[2] / "examples" / example / "migrations"
    assert instar("up", "-d", first, "--directory", str(folder)).code == 0
    text = instar("dump", "-d", first).out
    subprocess.run(program(second), input=text, text=True, check=True, stdout=subprocess.DEVNULL)
    result = instar("diff", first, second, "--check")
    assert result.code == 0, result.out


def program(url: str) -> list[str]:
    """Return the call of the engine's own program that runs a script from stdin."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return ["sqlite3", "-bail", url.removeprefix("sqlite:///")]
    if parts.scheme == "postgresql":
        return [str(binaries.available()[18] / "psql"), "-qX", "-v", "ON_ERROR_STOP=1", f"--dbname={url}"]
    mariadb = shutil.which("mariadb") or shutil.which("mysql")
    if mariadb is None:
        pytest.skip("there is no mariadb program here")
    place = parse_qsl(parts.query)
    socket = [f"--socket={value}" for name, value in place if name == "unix_socket"] or [f"--host={parts.hostname}"]
    return [mariadb, *socket, f"--user={parts.username}", "--comments", parts.path.removeprefix("/")]
