"""`verify`: is the live database as the migration, or its rollback, should have left it?"""

from pathlib import Path

import pytest

from conftest import Servers
from instar import verifying
from instar.errors import UsageError
from instar.migrator import Migrator
from instar.verification import Status, Verification
from migrator_project import Fresh, Ground, ground, version

SERVERS = ("postgresql-15", "postgresql-18", "mariadb", "sqlite")
SESSIONS = """-- migrate:up
CREATE TABLE sessions (id INTEGER PRIMARY KEY, token VARCHAR(50) NOT NULL, made INTEGER);
CREATE INDEX sessions_made ON sessions (made);
ALTER TABLE users ADD COLUMN ip VARCHAR(50);
-- migrate:down
ALTER TABLE users DROP COLUMN ip;
DROP TABLE sessions;
"""
USERS = """-- migrate:up
CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(99));
-- migrate:down
DROP TABLE users;
"""


class Verified:
    """A database and the server on which its history is replayed."""

    def __init__(self, made: Ground, server: str) -> None:
        self.made = made
        self.server = server

    def verify(self, text: str = "", **settings: object) -> Verification:
        with self.made.migrator(**settings) as migrator:
            return verifying.verify(migrator, text, server=self.server)


@pytest.fixture(params=SERVERS)
def ground_(request: pytest.FixtureRequest, fresh: Fresh, servers: Servers, tmp_path: Path) -> Verified:
    made = ground(fresh(request.param), tmp_path)
    made.write(1, USERS)
    made.write(2, SESSIONS)
    return Verified(made, servers.mariadb() if request.param == "mariadb" else "")


def wrong(found: Verification) -> list[tuple[str, str]]:
    return [(item.check, item.message) for item in found.checks if item.status is not Status.PASS]


def short(found: Verification) -> list[str]:
    """Return the checks without schemas, which only PostgreSQL and SQLite have."""
    return [item.check.replace("public.", "").replace("main.", "") for item in found.checks]


def test_what_was_applied_is_there(ground_: Verified) -> None:
    ground_.made.up()
    found = ground_.verify()
    assert wrong(found) == []
    assert found.version == version(2)
    assert short(found) == ["history row is there", "column users.ip is there", "table sessions is there"]


def test_what_was_undone_is_gone(ground_: Verified) -> None:
    ground_.made.up()
    ground_.made.down()
    found = ground_.verify()
    assert wrong(found) == []
    assert short(found) == ["history row is gone", "column users.ip is gone", "table sessions is gone"]


def test_what_a_down_forgets_fails(ground_: Verified) -> None:
    ground_.made.up()
    ground_.made.write(2, SESSIONS.replace("DROP TABLE sessions;\n", ""))
    ground_.made.down()
    ((check, message),) = wrong(ground_.verify())
    assert check.startswith("table")
    assert check.endswith("sessions is gone")
    assert message == "it is still there"


def test_what_somebody_took_away_since_fails(ground_: Verified) -> None:
    ground_.made.up()
    ground_.made.query("ALTER TABLE users DROP COLUMN ip")
    where = " ON sessions" if ground_.server else ""
    ground_.made.query(f"DROP INDEX sessions_made{where}")
    found = wrong(ground_.verify())
    assert [check.rpartition(".")[2].rpartition("table ")[2] for check, _ in found] == [
        "ip is there",
        "sessions is there",
    ]
    assert found[0][1] == "it is not there"
    assert "sessions_made" in found[1][1]


def test_what_a_down_brings_back_is_compared_with_what_was(ground_: Verified) -> None:
    ground_.made.write(
        3,
        "-- migrate:up\nDROP TABLE sessions;\n-- migrate:down\n"
        "CREATE TABLE sessions (id INTEGER PRIMARY KEY, token VARCHAR(40) NOT NULL, made INTEGER);\n",
    )
    ground_.made.up()
    ground_.made.down()
    ((check, message),) = wrong(ground_.verify())
    assert check.endswith("sessions is back")
    assert "sessions_made" in message
    assert "40" in message


def test_drift_that_is_not_of_this_migration_does_not_count(ground_: Verified) -> None:
    ground_.made.up()
    ground_.made.query("CREATE TABLE by_hand (id INTEGER PRIMARY KEY)")
    ground_.made.query("ALTER TABLE users ADD COLUMN by_hand INTEGER")
    assert wrong(ground_.verify()) == []


def test_what_a_later_migration_changed_is_expected(ground_: Verified) -> None:
    ground_.made.write(3, "-- migrate:up\nALTER TABLE users DROP COLUMN ip;\n-- migrate:down\nSELECT 1;\n")
    ground_.made.up()
    found = ground_.verify(version(2))
    assert wrong(found) == []


def test_several_rollbacks_are_verified_with_one_replay(ground_: Verified) -> None:
    ground_.made.up()
    with ground_.made.migrator() as migrator:
        report = migrator.down(to="0")
        if ground_.server:
            migrator.environment = migrator.environment.replace(test=_on(migrator, ground_.server))
        found = verifying.verify_rollbacks(migrator, [step.version for step in report.steps])
    assert [item.version for item in found] == [version(2), version(1)]
    assert [wrong(item) for item in found] == [[], []]
    assert len(found[0].checks) == 3
    assert len(found[1].checks) == 2


def _on(migrator: Migrator, server: str) -> object:
    from msgspec.structs import replace

    return replace(migrator.environment.test, server=server)


KEPT = """-- migrate:up
-- instar:backup table=users columns=email
UPDATE users SET email = 'x';
-- migrate:down
-- instar:restore
"""


def rows(ground_: Verified, down: str = KEPT) -> Verification:
    ground_.made.up()
    ground_.made.query("INSERT INTO users (id, email) VALUES (1, 'A'), (2, 'B')")
    ground_.made.write(3, KEPT)
    ground_.made.up()
    found = ground_.verify()
    assert wrong(found) == []
    assert found.checks[-1].check.startswith("backup of ")
    ground_.made.write(3, down)
    ground_.made.down()
    return ground_.verify()


def test_restored_rows_are_compared_with_the_backup(ground_: Verified) -> None:
    found = rows(ground_)
    assert wrong(found) == []
    assert found.checks[-1].message.startswith("2 rows compared with ")


def test_rows_that_were_not_restored_fail(ground_: Verified) -> None:
    found = rows(ground_, KEPT.replace("-- instar:restore", "UPDATE users SET email = 'A' WHERE id = 1;"))
    ((check, message),) = wrong(found)
    assert check.endswith("are restored")
    assert message.startswith("1 of 2 rows are not as they were in ")
    assert message.endswith("the down has no -- instar:restore")


def test_rows_that_changed_after_the_restore_fail(ground_: Verified) -> None:
    rows(ground_)
    ground_.made.query("UPDATE users SET email = 'new' WHERE id = 2")
    ((_, message),) = wrong(ground_.verify())
    assert message.startswith("1 of 2 rows are not as they were")


def test_newer_rows_that_were_left_alone_pass(ground_: Verified) -> None:
    ground_.made.up()
    ground_.made.query("INSERT INTO users (id, email) VALUES (1, 'A'), (2, 'B')")
    ground_.made.write(3, KEPT.replace("instar:restore", "instar:restore keep=newer"))
    ground_.made.up()
    ground_.made.query("UPDATE users SET email = 'new' WHERE id = 2")
    ground_.made.down()
    found = ground_.verify()
    assert wrong(found) == []
    assert found.checks[-1].message.endswith("1 newer ones were left as they are")


def test_a_backup_that_was_dropped_is_not_a_pass(ground_: Verified) -> None:
    rows(ground_)
    with ground_.made.migrator() as migrator:
        verifying.drop_backups(migrator, verifying.backups_of(migrator))
        assert verifying.backups_of(migrator) == []
    assert wrong(ground_.verify()) == [("backups of rows", "1 of 1 are not there: dropped, or never made")]


def test_what_an_earlier_up_has_kept_does_not_count(ground_: Verified) -> None:
    ground_.made.up()
    ground_.made.query("INSERT INTO users (id, email) VALUES (1, 'A'), (2, 'B')")
    ground_.made.query("INSERT INTO sessions (id, token, made) VALUES (2, 'u', 2)")
    second = "-- instar:backup table=sessions columns=made\nUPDATE sessions SET made = 0;\n"
    ground_.made.write(3, KEPT.replace("-- migrate:down", f"{second}-- migrate:down"))
    ground_.made.up()
    ground_.made.down()
    ground_.made.write(3, KEPT)
    ground_.made.up()
    found = ground_.verify()
    assert wrong(found) == []
    assert [item for item in short(found) if "backup" in item] == ["backup of users"]
    ground_.made.query("INSERT INTO sessions (id, token, made) VALUES (1, 't', 1)")
    ground_.made.down()
    found = ground_.verify()
    assert wrong(found) == []
    assert [item for item in short(found) if "rows of" in item] == ["rows of users are restored"]


def test_its_own_checks_are_run(ground_: Verified) -> None:
    ground_.made.up()
    ground_.made.write(
        3,
        "-- migrate:before\nSELECT id FROM users WHERE email = 'bad';\n"
        "-- migrate:up\nDELETE FROM users WHERE id < 0;\n"
        "-- migrate:after\nSELECT id FROM users WHERE email = 'worse';\n"
        "-- migrate:down\nDELETE FROM users WHERE id < 0;\n",
    )
    ground_.made.up()
    assert wrong(ground_.verify()) == []
    ground_.made.query("INSERT INTO users (id, email) VALUES (1, 'worse')")
    assert [check for check, _ in wrong(ground_.verify())] == ["its own checks (after)"]
    ground_.made.query("UPDATE users SET email = 'bad'")
    ground_.made.down()
    assert [check for check, _ in wrong(ground_.verify())] == ["its own checks (before)"]


def test_without_a_server_the_schema_is_not_checked(mariadb: str, tmp_path: Path) -> None:
    made = ground(mariadb, tmp_path)
    made.write(1, USERS)
    made.up()
    (_, schema) = Verified(made, "").verify().checks
    assert schema.status is Status.NOT_CHECKED
    assert schema.message.endswith("name one in [test] server, or with `instar verify --server URL`")


def test_a_replay_that_takes_too_long_is_not_checked(
    sqlite: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ground(sqlite, tmp_path)
    made.write(1, USERS)
    made.write(2, SESSIONS)
    made.up()
    monkeypatch.setattr(verifying, "PATIENCE", 0.0)
    with made.migrator() as migrator:
        migrator.down()
        ((found),) = verifying.verify_rollbacks(migrator, [version(2)])
    assert [(item.check, item.status) for item in found.checks] == [
        ("history row is gone", Status.PASS),
        ("schema", Status.NOT_CHECKED),
    ]
    assert "more than 0 s" in found.checks[1].message


def test_a_history_row_that_does_not_fit_the_log_fails(sqlite: str, tmp_path: Path) -> None:
    made = ground(sqlite, tmp_path)
    made.write(1, USERS)
    made.up()
    made.query("DELETE FROM schema_migrations")
    found = Verified(made, "").verify()
    assert ("history row is there", "it is not there") in wrong(found)


def test_there_must_be_something_to_verify(sqlite: str, tmp_path: Path) -> None:
    made = ground(sqlite, tmp_path)
    made.write(1, USERS)
    with pytest.raises(UsageError, match="nothing was done here yet"):
        Verified(made, "").verify()
    with pytest.raises(UsageError, match="was never applied here"):
        Verified(made, "").verify(version(1))
    with pytest.raises(UsageError, match="there is no file"):
        Verified(made, "").verify("7")
