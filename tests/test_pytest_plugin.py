"""The pytest plug-in, in a pytest of its own."""

from pathlib import Path

import pytest

from instar.testing import PostgreSQL

USERS = """-- migrate:up
CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);
-- migrate:down
DROP TABLE users;
"""
INDEX = "-- migrate:up\nCREATE INDEX idx_users_email ON users (email);\n-- migrate:down\n{down}\n"


@pytest.fixture
def project(pytester: pytest.Pytester, servers: object) -> pytest.Pytester:
    server: PostgreSQL = servers.postgresql("postgresql-18")  # type: ignore[attr-defined]
    folder = pytester.mkdir("migrations")
    (folder / "20240101000000_create_users.sql").write_text(USERS)
    (folder / "20240102000000_index_users.sql").write_text(INDEX.format(down="DROP INDEX idx_users_email;"))
    pytester.makefile(".toml", instar=f'[test]\nserver = "{server.url()}"\nrows = 3\n')
    return pytester


def run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return project.runpytest_subprocess("-p", "no:cacheprovider", *arguments)


def test_each_test_has_a_migrated_database_of_its_own(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import psycopg, pytest

        @pytest.mark.parametrize("number", [1, 2])
        def test_it(migrated_database, number):
            with psycopg.connect(migrated_database) as connection:
                assert connection.execute("SELECT count(*) FROM users").fetchone() == (0,)
                connection.execute("INSERT INTO users VALUES (1, 'a')")
        """
    )
    run(project).assert_outcomes(passed=2)


def test_a_migration_goes_up_and_down_and_the_schema_answers(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest

        @pytest.mark.migration("20240102000000")
        def test_it(migration):
            before = migration.snapshot()
            assert not migration.table("users").has_index("idx_users_email")
            migration.up()
            assert migration.table("users").has_index("idx_users_email", unique=False)
            assert not migration.schema.unchanged_since(before)
            migration.down()
            assert migration.schema.unchanged_since(before)

        def test_newest(migration):
            users = migration.table("users")
            assert list(users.columns) == ["id", "email"]
            assert users.has_column("email", "text", nullable=False)
            assert not users.has_column("email", "integer")
            assert users.has_constraint("users_pkey", "primary key")
            assert not migration.schema.has_table("orders")

        def test_rows(migration):
            rows = migration.make("users", 3, email="a@b.c")
            assert migration.query("SELECT count(*), min(email) FROM users") == [(3, "a@b.c")]
            assert len({row["id"] for row in rows}) == 3
        """
    )
    run(project).assert_outcomes(passed=3)


def test_a_failed_question_says_what_there_is(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest

        def test_name(migration):
            migration.table("user")

        def test_column(migration):
            assert migration.table("users").has_column("emial")

        def test_type(migration):
            assert migration.table("users").has_column("email", "int", nullable=True)

        @pytest.mark.migration("20250101000000")
        def test_version(migration):
            pass

        @pytest.mark.migration()
        def test_no_version(migration):
            pass

        def test_difference(migration):
            before = migration.snapshot()
            migration.down()
            assert migration.schema.unchanged_since(before)
        """
    )
    result = run(project)
    result.assert_outcomes(failed=4, errors=2)
    said = result.stdout.str()
    for line in (
        "there is no table user; did you mean users?",
        "public.users has no column emial; did you mean email?",
        "column email of public.users is text, not int and is NOT NULL",
        "- index public.idx_users_email",
        "there is no migration 20250101000000",
        "@pytest.mark.migration wants one version or name",
    ):
        assert line in said


def test_an_unknown_environment_is_a_mistake_in_the_call(project: pytest.Pytester) -> None:
    with (project.path / "instar.toml").open("a") as file:
        file.write('\n[environments.development]\nlock_timeout = "1s"\n')
    project.makepyfile("def test_it(migration): pass")
    result = run(project, "--instar", "--instar-environment", "nope")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "nope" in result.stderr.str()


def test_every_migration_is_a_test(project: pytest.Pytester) -> None:
    result = run(project, "--instar", "-v")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*20240101000000 create_users PASSED*", "*20240102000000 index_users PASSED*"])


def test_a_migration_that_does_not_restore_fails_with_what_differs(project: pytest.Pytester) -> None:
    file = project.path / "migrations" / "20240102000000_index_users.sql"
    file.write_text(INDEX.format(down="SELECT 1;"))
    result = run(project, "--instar")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*down changes nothing, though up did*", "*+ index public.idx_users_email*"])


def test_without_the_option_nothing_is_added(project: pytest.Pytester) -> None:
    project.makepyfile("def test_it(): pass")
    run(project).assert_outcomes(passed=1)


def test_several_processes_share_the_work(project: pytest.Pytester) -> None:
    project.makepyfile("def test_it(migration): assert migration.table('users')")
    run(project, "--instar", "-n", "2").assert_outcomes(passed=3)


def test_the_examples_tests_pass(servers: object, pytester: pytest.Pytester) -> None:
    server: PostgreSQL = servers.postgresql("postgresql-18")  # type: ignore[attr-defined]
    shop = Path(__file__).parent.parent / "examples" / "shop"
    result = pytester.runpytest_subprocess(
        "-p",
        "no:cacheprovider",
        f"--rootdir={shop}",
        "-c",
        "/dev/null",
        f"--instar-server={server.url()}",
        str(shop / "tests"),
    )
    result.assert_outcomes(passed=15)
