"""Rows kept before a statement, and put back by the `down`."""

from pathlib import Path

import pytest

from conftest import query
from instar.errors import BackupError, InstarError, PlanError, SourceError
from instar.events import Notice
from migrator_project import Fresh, Ground, ground, version

SERVERS = ("postgresql-15", "postgresql-18", "mariadb", "sqlite")
LOWER = """-- migrate:up
-- instar:backup table=users columns=email where="email IS NOT NULL"
UPDATE users SET email = lower(trim(email)) WHERE email IS NOT NULL;
-- migrate:down
-- instar:restore
"""
BEFORE = [(1, " Ann@X.org ", "Ann"), (2, None, "Bob"), (3, "cy@x.org", "Cy"), (4, "DEE@X.ORG", "Dee")]
AFTER = [(1, "ann@x.org", "Ann"), (2, None, "Bob"), (3, "cy@x.org", "Cy"), (4, "dee@x.org", "Dee")]
USERS = "SELECT id, email, name FROM users ORDER BY id"


@pytest.fixture(params=SERVERS)
def users(request: pytest.FixtureRequest, fresh: Fresh, tmp_path: Path) -> Ground:
    """A table with rows, made by no migration."""
    made = ground(fresh(request.param), tmp_path)
    made.query("CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(100), name VARCHAR(100) NOT NULL)")
    for row in BEFORE:
        values = ", ".join("NULL" if value is None else f"'{value}'" for value in row[1:])
        made.query(f"INSERT INTO users (id, email, name) VALUES ({row[0]}, {values})")
    return made


def notices(users: Ground) -> list[str]:
    return [event.message for event in users.events if isinstance(event, Notice)]


def test_the_old_values_come_back(users: Ground) -> None:
    users.write(1, LOWER)
    users.up()
    assert users.query(USERS) == AFTER
    users.down()
    assert users.query(USERS) == BEFORE
    assert notices(users) == ["kept 3 rows of users", f"restored 2 rows of {spelled(users)}"]


def spelled(users: Ground) -> str:
    if users.url.startswith("postgresql"):
        return "public.users"
    return "main.users" if users.url.startswith("sqlite") else "users"


def test_up_and_down_may_be_repeated(users: Ground) -> None:
    users.write(1, LOWER)
    for _ in range(3):
        users.up()
        assert users.query(USERS) == AFTER
        users.down()
        assert users.query(USERS) == BEFORE
    with users.migrator() as migrator:
        migrator.up()
        migrator.redo()
    assert users.query(USERS) == AFTER


def test_a_later_up_keeps_the_values_of_its_own_time(users: Ground) -> None:
    users.write(1, LOWER)
    users.up()
    users.down()
    users.query("UPDATE users SET email = 'NEW@X.ORG' WHERE id = 3")
    users.up()
    users.down()
    assert users.query("SELECT email FROM users WHERE id = 3") == [("NEW@X.ORG",)]


def test_the_old_value_wins_over_what_the_application_has_changed_since(users: Ground) -> None:
    users.write(1, LOWER)
    users.up()
    users.query("UPDATE users SET email = 'ann@new.org' WHERE id = 1")
    users.query("UPDATE users SET name = 'Dorothy' WHERE id = 4")
    users.query("DELETE FROM users WHERE id = 3")
    users.query("INSERT INTO users (id, email, name) VALUES (5, 'EVE@x.org', 'Eve')")
    users.down()
    assert users.query(USERS) == [BEFORE[0], BEFORE[1], (4, "DEE@X.ORG", "Dorothy"), (5, "EVE@x.org", "Eve")]
    assert "1 had changed since the migration: overwritten" in notices(users)[-1]
    assert "1 had been deleted since and stay so" in notices(users)[-1]


def test_the_overwritten_values_stay_in_the_backup(users: Ground) -> None:
    users.write(1, LOWER)
    users.up()
    users.query("UPDATE users SET email = 'ann@new.org' WHERE id = 1")
    users.down()
    store = "instar.backup_%s_1" if users.url.startswith("postgresql") else "instar_backup_%s_1"
    rows = users.query(f"SELECT id, email, instar_1, instar_state FROM {store % version(1)} ORDER BY id")
    assert rows[0] == (1, " Ann@X.org ", "ann@new.org", "changed")


def test_newer_values_are_kept_when_the_author_says_so(users: Ground) -> None:
    users.write(1, LOWER.replace("instar:restore", "instar:restore keep=newer"))
    users.up()
    users.query("UPDATE users SET email = 'ann@new.org' WHERE id = 1")
    users.down()
    assert users.query(USERS) == [(1, "ann@new.org", "Ann"), *BEFORE[1:]]
    assert "1 had changed since the migration: left as they are" in notices(users)[-1]


def test_deleted_rows_come_back_whole(users: Ground) -> None:
    users.write(
        1,
        '-- migrate:up\n-- instar:backup table=users where="id > 2"\nDELETE FROM users WHERE id > 2;\n'
        "-- migrate:down\n-- instar:restore\n",
    )
    users.up()
    assert users.query(USERS) == BEFORE[:2]
    users.query("INSERT INTO users (id, email, name) VALUES (4, 'four@x.org', 'Four')")
    users.down()
    assert users.query(USERS) == BEFORE
    assert notices(users)[-1].startswith(f"restored 2 rows of {spelled(users)}; 1 had changed since")


def test_a_column_that_is_dropped_comes_back_with_its_values(users: Ground) -> None:
    users.write(
        1,
        "-- migrate:up\n-- instar:backup table=users columns=email\nALTER TABLE users DROP COLUMN email;\n"
        "-- migrate:down\nALTER TABLE users ADD COLUMN email VARCHAR(100);\n-- instar:restore\n",
    )
    users.up()
    users.query("INSERT INTO users (id, name) VALUES (5, 'Eve')")
    users.down()
    assert users.query(USERS) == [*BEFORE, (5, None, "Eve")]


def test_a_table_that_is_dropped_comes_back_with_its_rows(users: Ground) -> None:
    users.write(
        1,
        "-- migrate:up\n-- instar:backup table=users\nDROP TABLE users;\n-- migrate:down\n"
        "CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(100), name VARCHAR(100) NOT NULL);\n"
        "-- instar:restore\n",
    )
    users.up()
    assert not users.has("users")
    users.down()
    assert users.query(USERS) == BEFORE


def test_several_backups_are_put_back_in_reverse(users: Ground) -> None:
    users.write(
        1,
        "-- migrate:up\n-- instar:backup table=users columns=email\nUPDATE users SET email = 'x';\n"
        "-- instar:backup table=users columns=email,name\nUPDATE users SET email = 'y', name = 'z';\n"
        "-- migrate:down\n-- instar:restore\n",
    )
    users.up()
    assert users.query(USERS) == [(number, "y", "z") for number in range(1, 5)]
    users.down()
    assert users.query(USERS) == BEFORE
    assert not any("had changed" in text for text in notices(users))


def test_a_migration_that_makes_its_table_can_keep_its_rows(users: Ground) -> None:
    users.write(
        1,
        "-- migrate:up\nCREATE TABLE tags (id INTEGER PRIMARY KEY, word VARCHAR(20));\n"
        "INSERT INTO tags (id, word) SELECT id, name FROM users;\n"
        '-- instar:backup table=tags where="id = 1"\nDELETE FROM tags WHERE id = 1;\n'
        "-- migrate:down\n-- instar:restore\nALTER TABLE tags RENAME TO words;\n",
    )
    users.up()
    users.down()
    assert users.query("SELECT id, word FROM words ORDER BY id")[0] == (1, "Ann")


def test_all_in_one_transaction(users: Ground) -> None:
    users.write(1, LOWER)
    users.up(group=True)
    assert users.query(USERS) == AFTER
    users.down()
    assert users.query(USERS) == BEFORE


@pytest.mark.parametrize("down", ["-- migrate:down\n", ""])
def test_a_down_that_says_nothing_is_generated(users: Ground, down: str) -> None:
    users.write(1, LOWER.partition("-- migrate:down")[0] + down)
    users.up()
    assert users.query("SELECT rollback_available FROM schema_migrations")[0][0]
    users.down()
    assert users.query(USERS) == BEFORE


def test_no_down_is_generated_for_what_a_backup_does_not_undo(users: Ground) -> None:
    users.write(1, LOWER.partition("-- migrate:down")[0] + "CREATE TABLE more (id INTEGER PRIMARY KEY);\n")
    users.up()
    with pytest.raises(PlanError):
        users.down()


def test_a_statement_that_fails_leaves_no_backup(users: Ground) -> None:
    users.write(1, LOWER.replace("lower(trim(email))", "no_such_function(email)"))
    with pytest.raises(InstarError):
        users.up()
    assert users.query(USERS) == BEFORE
    table = "instar.backups" if users.url.startswith("postgresql") else "instar_backups"
    assert users.query(f"SELECT * FROM {table}") == []
    users.write(1, LOWER)
    users.up()
    users.down()
    assert users.query(USERS) == BEFORE


def test_rows_that_vanish_without_being_kept_whole_stop_it(users: Ground) -> None:
    users.write(1, LOWER.replace("UPDATE users SET email = lower(trim(email))", "UPDATE users SET id = id + 10"))
    with pytest.raises(BackupError, match="changed the primary key of 3 rows of users") as raised:
        users.up()
    assert raised.value.place is not None
    assert raised.value.place.line == 2
    assert users.query(USERS) == BEFORE


WRONG = [
    ("table=nowhere", "there is no table nowhere", 18),
    ("table=users columns=emial", "users has no column emial", 18),
    ("table=bare", "bare has no primary key", 18),
]


@pytest.mark.parametrize(("arguments", "message", "column"), WRONG)
def test_what_cannot_be_kept_is_refused_before_anything_runs(
    users: Ground, arguments: str, message: str, column: int
) -> None:
    users.query("CREATE TABLE bare (id INTEGER)")
    users.write(
        1,
        "-- migrate:up\nCREATE TABLE first (id INTEGER PRIMARY KEY);\n"
        f"-- instar:backup {arguments}\nUPDATE users SET email = 'x';\n",
    )
    with pytest.raises(BackupError, match=message) as raised:
        users.up()
    assert raised.value.place is not None
    assert (raised.value.place.line, raised.value.place.column) == (3, column)
    assert raised.value.place.source == f"-- instar:backup {arguments}"
    assert not users.has("first")


def test_a_where_that_the_server_does_not_understand_is_pointed_at(users: Ground) -> None:
    users.write(1, LOWER.replace('email IS NOT NULL"', 'nothing IS NOT NULL"'))
    with pytest.raises(BackupError, match=r"the where of this backup: .*nothing") as raised:
        users.up()
    assert raised.value.place is not None
    assert raised.value.place.line == 2
    assert raised.value.place.source[raised.value.place.column - 1 :].startswith("nothing")


SYNTAX = [
    ("-- instar:backup columns=email", "a backup needs a table", 18),
    ("-- instar:backup table=users column=email", "'column' is not an argument", 30),
    ('-- instar:backup table=users where="id', "is not understood", 30),
    ("-- instar:backup table=users table=users", "table is there twice", 30),
    ("-- instar:restore", "a restore belongs into the `down`", 1),
]


@pytest.mark.parametrize(("line", "message", "column"), SYNTAX)
def test_a_directive_that_is_not_understood_is_pointed_at(
    tmp_path: Path, sqlite: str, line: str, message: str, column: int
) -> None:
    made = ground(sqlite, tmp_path)
    made.write(1, f"-- migrate:up\n{line}\nDELETE FROM users;\n")
    with pytest.raises(SourceError, match=message) as raised:
        made.up()
    assert raised.value.place is not None
    assert raised.value.place.line == 2
    assert raised.value.place.column == column
    assert query(sqlite, "SELECT count(*) FROM schema_migrations") == [(0,)]


def test_a_restore_needs_a_backup(tmp_path: Path, sqlite: str) -> None:
    made = ground(sqlite, tmp_path)
    made.write(1, "-- migrate:up\nCREATE TABLE a (id INTEGER);\n-- migrate:down\n-- instar:restore\n")
    made.up()
    with pytest.raises(SourceError, match="nothing to restore"):
        made.down()
