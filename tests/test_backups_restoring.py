"""Backups that are restored: those of this `up`, in an order that foreign keys allow; and directives read in time."""

from pathlib import Path

import pytest

from instar.errors import BackupError, SourceError
from instar.events import Notice
from instar.render.backups import text
from instar.verifying import backups_of, drop_backups
from migrator_project import Fresh, Ground, ground, version

SERVERS = ("postgresql-15", "mariadb", "sqlite")
BEFORE = [(1, "Ann@X.org", "Ann"), (2, None, "Bob")]
USERS = "SELECT id, email, name FROM users ORDER BY id"


@pytest.fixture(params=SERVERS)
def users(request: pytest.FixtureRequest, fresh: Fresh, tmp_path: Path) -> Ground:
    """A table with rows, made by no migration."""
    made = ground(fresh(request.param), tmp_path)
    made.query("CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(100), name VARCHAR(100) NOT NULL)")
    made.query("INSERT INTO users (id, email, name) VALUES (1, 'Ann@X.org', 'Ann'), (2, NULL, 'Bob')")
    return made


def notices(users: Ground) -> list[str]:
    return [event.message for event in users.events if isinstance(event, Notice)]


def spelled(users: Ground) -> str:
    if users.url.startswith("postgresql"):
        return "public.users"
    return "main.users" if users.url.startswith("sqlite") else "users"


TWO = """-- migrate:up
-- instar:backup table=users columns=email
UPDATE users SET email = 'x';
-- instar:backup table=notes columns=word
UPDATE notes SET word = 'x';
-- migrate:down
-- instar:restore
"""
ONE = TWO.replace("-- instar:backup table=notes columns=word\nUPDATE notes SET word = 'x';\n", "")
NONE = "-- migrate:up\nUPDATE users SET email = 'x';\n-- migrate:down\nUPDATE users SET email = 'y';\n"
NOTES = "SELECT id, word FROM notes ORDER BY id"


@pytest.fixture
def notes(users: Ground) -> Ground:
    """The users, and a second table with a row."""
    users.query("CREATE TABLE notes (id INTEGER PRIMARY KEY, word VARCHAR(20))")
    users.query("INSERT INTO notes (id, word) VALUES (1, 'a')")
    return users


def test_what_an_earlier_up_has_kept_is_not_restored(notes: Ground) -> None:
    notes.write(1, TWO)
    notes.up()
    notes.down()
    notes.write(1, ONE)
    notes.up()
    notes.query("UPDATE notes SET word = 'live'")
    notes.down()
    assert notes.query(NOTES) == [(1, "live")]
    assert notes.query(USERS) == BEFORE
    assert not any("restored" in each and "notes" in each for each in notices(notes)[-2:])


def test_a_version_that_kept_nothing_has_nothing_to_restore(notes: Ground) -> None:
    notes.write(1, TWO)
    notes.up()
    notes.query("DELETE FROM schema_migrations")
    notes.write(1, NONE)
    notes.up()
    notes.write(1, TWO)
    notes.query("DELETE FROM schema_migrations")
    with notes.migrator() as migrator:
        migrator.baseline(version(1))
    with pytest.raises(BackupError, match="has no backup to restore"):
        notes.down()
    assert notes.query(NOTES) == [(1, "x")]


def test_what_an_earlier_up_has_kept_is_listed_as_that_and_can_be_dropped(notes: Ground) -> None:
    notes.write(1, TWO)
    notes.up()
    notes.down()
    notes.write(1, NONE)
    notes.up()
    with notes.migrator() as migrator:
        assert text(backups_of(migrator)).count("restored, of an earlier up") == 2
        drop_backups(migrator, backups_of(migrator))
        assert backups_of(migrator) == []


@pytest.mark.parametrize("group", [False, True])
def test_among_other_migrations_a_backup_belongs_to_the_last_up(notes: Ground, *, group: bool) -> None:
    notes.write(2, TWO)
    notes.up()
    notes.down()
    notes.tables("first", "second", "third")
    (notes.folder / f"{version(2)}_create_second.sql").unlink()
    notes.write(2, NONE)
    if not notes.url.startswith("mariadb"):
        notes.up(group=group)
    else:
        notes.up()
    assert stages(notes) == ["earlier", "earlier"]
    notes.down(to="0")
    notes.write(2, TWO)
    notes.up()
    assert stages(notes) == ["", ""]
    notes.down(to="0")
    assert stages(notes) == ["undone", "undone"]


def stages(notes: Ground) -> list[str]:
    with notes.migrator() as migrator:
        return [item.facts.stage for item in backups_of(migrator)]


def test_the_role_of_a_script_need_not_see_the_backups(postgresql: str, tmp_path: Path) -> None:
    made = ground(postgresql, tmp_path)
    made.query("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT)")
    made.query("CREATE TABLE notes (id INTEGER PRIMARY KEY, word TEXT)")
    made.write(1, TWO)
    made.up()
    made.down()
    made.write(1, "-- migrate:up\nSET ROLE pg_monitor;\nSELECT 1;\n-- migrate:down\nSELECT 1;\n")
    made.up()
    assert stages(made) == ["earlier", "earlier"]


def test_a_baseline_does_not_bring_back_what_a_down_has_restored(notes: Ground) -> None:
    notes.write(1, TWO)
    notes.up()
    notes.down()
    with notes.migrator() as migrator:
        migrator.baseline(version(1))
    notes.query("UPDATE notes SET word = 'live'")
    with pytest.raises(BackupError, match="has no backup to restore"):
        notes.down()
    assert notes.query(NOTES) == [(1, "live")]


CHILDREN = "SELECT id, parent_id FROM children ORDER BY id"


def family(users: Ground, action: str) -> None:
    """Make two tables, of which one refers to the other."""
    users.query("CREATE TABLE parents (id INTEGER PRIMARY KEY, code VARCHAR(20) UNIQUE)")
    users.query(
        "CREATE TABLE children (id INTEGER PRIMARY KEY, parent_id INTEGER, "
        f"FOREIGN KEY (parent_id) REFERENCES parents (id) {action})"
    )
    users.query("INSERT INTO parents (id, code) VALUES (1, 'one'), (2, 'two')")
    users.query("INSERT INTO children (id, parent_id) VALUES (1, 1), (2, 1), (3, 2)")


def enforced(users: Ground) -> str:
    """Return what lets the server look at foreign keys."""
    return "PRAGMA foreign_keys = ON;\n" if users.url.startswith("sqlite") else ""


@pytest.mark.parametrize("first", ["parents", "children"])
def test_rows_that_refer_to_each_other_come_back(users: Ground, first: str) -> None:
    family(users, "ON DELETE CASCADE")
    other = "children" if first == "parents" else "parents"
    users.write(
        1,
        f"-- migrate:up\n{enforced(users)}-- instar:backup table={first}\n-- instar:backup table={other}\n"
        f"DELETE FROM parents WHERE id = 1;\n-- migrate:down\n{enforced(users)}-- instar:restore\n",
    )
    users.up()
    assert users.query(CHILDREN) == [(3, 2)]
    users.down()
    assert users.query("SELECT id FROM parents ORDER BY id") == [(1,), (2,)]
    assert users.query(CHILDREN) == [(1, 1), (2, 1), (3, 2)]


def test_rows_of_three_tables_come_back(users: Ground) -> None:
    family(users, "ON DELETE CASCADE")
    users.query(
        "CREATE TABLE toys (id INTEGER PRIMARY KEY, child_id INTEGER, "
        "FOREIGN KEY (child_id) REFERENCES children (id) ON DELETE CASCADE)"
    )
    users.query("INSERT INTO toys (id, child_id) VALUES (1, 1), (2, 3)")
    wanted = "".join(f"-- instar:backup table={name}\n" for name in ("parents", "toys", "children"))
    users.write(
        1,
        f"-- migrate:up\n{enforced(users)}{wanted}DELETE FROM parents;\n"
        f"-- migrate:down\n{enforced(users)}-- instar:restore\n",
    )
    users.up()
    assert users.query(CHILDREN) == []
    users.down()
    assert users.query("SELECT id, child_id FROM toys ORDER BY id") == [(1, 1), (2, 3)]


def test_rows_that_lost_what_they_refer_to_get_it_back(users: Ground) -> None:
    family(users, "ON DELETE SET NULL")
    users.write(
        1,
        f"-- migrate:up\n{enforced(users)}-- instar:backup table=parents\n"
        "-- instar:backup table=children columns=parent_id\n"
        f"DELETE FROM parents WHERE id = 1;\n-- migrate:down\n{enforced(users)}-- instar:restore\n",
    )
    users.up()
    assert users.query(CHILDREN) == [(1, None), (2, None), (3, 2)]
    users.down()
    assert users.query(CHILDREN) == [(1, 1), (2, 1), (3, 2)]


def test_statements_are_undone_in_reverse_whatever_refers_to_what(users: Ground) -> None:
    family(users, "ON UPDATE RESTRICT")
    users.query("INSERT INTO parents (id, code) VALUES (9, 'nine')")
    users.query(
        "CREATE TABLE uses (id INTEGER PRIMARY KEY, code VARCHAR(20), FOREIGN KEY (code) REFERENCES parents (code))"
    )
    users.query("INSERT INTO uses (id, code) VALUES (1, 'one')")
    users.write(
        1,
        f"-- migrate:up\n{enforced(users)}-- instar:backup table=parents columns=code\n"
        "UPDATE parents SET code = 'neun' WHERE id = 9;\n"
        "-- instar:backup table=uses columns=code\nUPDATE uses SET code = 'neun';\n"
        f"-- migrate:down\n{enforced(users)}-- instar:restore\n",
    )
    users.up()
    users.down()
    assert users.query("SELECT code FROM uses") == [("one",)]
    assert users.query("SELECT code FROM parents WHERE id = 9") == [("nine",)]


def test_a_column_that_is_gone_is_said_to_be_left_out(users: Ground) -> None:
    users.write(
        1,
        "-- migrate:up\n-- instar:backup table=users columns=email,name\nUPDATE users SET email = 'x', name = 'x';\n"
        "-- migrate:down\n-- instar:restore\n",
    )
    users.up()
    users.query("ALTER TABLE users DROP COLUMN email")
    users.down()
    assert users.query("SELECT id, name FROM users ORDER BY id") == [(row[0], row[2]) for row in BEFORE]
    assert notices(users)[-1] == f"restored 2 rows of {spelled(users)}; email is left out: there is no such column now"


UNREAD = [
    ("-- instar:restore keep=nwer", "'nwer' is not to be kept", 19),
    ("-- instar:restor\nUPDATE users SET name = 'x';", "unknown directive 'restor'", 11),
    ("UPDATE users SET name = 'x';\n-- instar:restor", "unknown directive 'restor'", 11),
    ("-- instar:restor", "unknown directive 'restor'", 11),
]


@pytest.mark.parametrize(("down", "message", "column"), UNREAD)
def test_a_directive_of_the_down_is_read_before_the_up(
    tmp_path: Path, sqlite: str, down: str, message: str, column: int
) -> None:
    made = ground(sqlite, tmp_path)
    made.write(1, f"-- migrate:up\nCREATE TABLE first (id INTEGER PRIMARY KEY);\n-- migrate:down\n{down}\n")
    with pytest.raises(SourceError, match=message) as raised:
        made.up()
    lines = down.splitlines()
    place = raised.value.place
    assert place is not None
    assert place.line == 4 + next(index for index, line in enumerate(lines) if "instar:" in line)
    assert (place.column, place.source) == (column, next(line for line in lines if "instar:" in line))
    assert place.file.endswith("step.sql")
    assert not made.has("first")


def test_an_unknown_directive_behind_the_last_statement_of_the_up_is_refused(tmp_path: Path, sqlite: str) -> None:
    made = ground(sqlite, tmp_path)
    made.write(1, "-- migrate:up\nCREATE TABLE first (id INTEGER PRIMARY KEY);\n-- instar:restor\n")
    with pytest.raises(SourceError, match="unknown directive 'restor'"):
        made.up()
    assert not made.has("first")
