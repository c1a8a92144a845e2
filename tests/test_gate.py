"""`up` goes through the gate of the environment's policy before it touches anything: on real databases."""

from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import POSTGRESQL
from gate_project import DROPPED, USERS, Team
from instar import gate
from instar.errors import ConfigError, PlanError, PolicyError, SourceError
from instar.model import Refusal

ENGINES = (POSTGRESQL[-1], pytest.param("mariadb", marks=pytest.mark.mariadb), "sqlite")
FIRST = "20240101000000_create_users"
SECOND = "20240102000000_drop_users"
Fresh = Callable[[str], str]


@pytest.fixture(params=ENGINES)
def team(request: pytest.FixtureRequest, fresh: Fresh, tmp_path: Path) -> Team:
    return Team(tmp_path, fresh(request.param)).begin()


@pytest.fixture
def alone(sqlite: str, tmp_path: Path) -> Team:
    """A team whose database is a SQLite file."""
    return Team(tmp_path, sqlite).begin()


def refused(team: Team) -> tuple[Refusal, ...]:
    with pytest.raises(PolicyError) as caught:
        team.up()
    assert caught.value.exit_code == 5
    return caught.value.reasons


def policies(team: Team) -> list[str]:
    return sorted(reason.policy for reason in refused(team))


def test_without_a_policy_nothing_is_refused(team: Team) -> None:
    team.commits("Ann", {FIRST: USERS, SECOND: DROPPED})

    assert len(team.up()) == 2


def test_a_refusal_leaves_the_database_untouched_and_gives_all_reasons_at_once(team: Team) -> None:
    team.settings('reviewers = true\nrequired_headers = ["author"]\nwindows = []')
    team.commits("Ann", {FIRST: USERS, SECOND: DROPPED})

    reasons = refused(team)

    assert team.tables() == []
    assert sorted((reason.version[:8], reason.policy) for reason in reasons) == [
        ("20240101", "required_headers"),
        ("20240101", "reviewers"),
        ("20240102", "required_headers"),
        ("20240102", "reviewers"),
    ]


def test_what_is_applied_stays_as_it_was_when_the_next_is_refused(team: Team) -> None:
    team.commits("Ann", {FIRST: USERS})
    team.up()
    before, log = team.tables(), team.history()
    team.settings('max_risk = "medium"')
    team.commits("Ann", {SECOND: DROPPED})

    assert policies(team) == ["max_risk"]
    assert (team.tables(), team.history()) == (before, log)


def test_as_many_reviewers_as_the_risk_asks_for_let_it_through(team: Team) -> None:
    team.settings("reviewers = true")
    team.commits("Ann", {FIRST: USERS})
    team.approve("Ben")
    assert team.up() == [FIRST[:14]]
    team.commits("Ann", {SECOND: DROPPED})
    team.approve("Ben", "Cay")
    assert policies(team) == ["reviewers"]
    team.approve("Dan")

    assert team.up() == [SECOND[:14]]


def test_an_edit_voids_approvals(alone: Team) -> None:
    alone.settings("reviewers = true")
    alone.commits("Ann", {FIRST: USERS})
    alone.approve("Ben")
    alone.commits("Ann", {FIRST: USERS.replace("VARCHAR(100)", "VARCHAR(200)")})

    (reason,) = refused(alone)

    assert "1 of an earlier text does not count" in reason.message


def test_who_writes_on_after_approving_is_an_author(alone: Team) -> None:
    alone.settings("reviewers = true")
    alone.commits("Ann", {FIRST: USERS})
    alone.approve("Ben")
    assert alone.plan().refusals == ()
    alone.commits("Ben", {FIRST: f"{USERS}-- a remark\n"})
    alone.commits("Ben", {FIRST: USERS})

    (reason,) = refused(alone)

    assert "1 of its author does not count" in reason.message


def test_an_override_runs_and_is_recorded_with_its_reason(team: Team) -> None:
    team.settings("reviewers = true")
    team.commits("Ann", {FIRST: USERS})

    team.up(override="the shop is down, Ben is on the phone")

    (attempt,) = team.history()
    override = attempt.context["override"]
    assert isinstance(override, dict)
    assert override["reason"] == "the shop is down, Ben is on the phone"
    assert len(override["refused"]) == 1
    assert override["refused"][0].startswith(f"reviewers: {FIRST[:14]} create_users is of low risk")


def test_an_override_that_overrides_nothing_is_not_recorded(alone: Team) -> None:
    alone.settings("reviewers = true")
    alone.commits("Ann", {FIRST: USERS})
    alone.approve("Ben")

    alone.up(override="just in case")

    assert "override" not in alone.history()[0].context


def test_a_plan_shows_what_the_policy_would_say(alone: Team) -> None:
    alone.settings("reviewers = true")
    alone.commits("Ann", {FIRST: USERS})

    assert [reason.policy for reason in alone.plan().refusals] == ["reviewers"]
    assert alone.tables() == []


def test_redo_goes_through_the_gate_before_it_rolls_back(alone: Team) -> None:
    alone.commits("Ann", {FIRST: USERS})
    alone.up()
    alone.settings("reviewers = true")

    with alone.migrator() as migrator, pytest.raises(PolicyError):
        migrator.redo()

    assert "users" in alone.tables()


def test_down_is_always_free(alone: Team) -> None:
    alone.commits("Ann", {FIRST: USERS})
    alone.up()
    alone.settings('windows = ["mon 00:00-00:01"]\nmax_risk = "low"\nreviewers = true')

    with alone.migrator() as migrator:
        migrator.down()

    assert "users" not in alone.tables()


@pytest.mark.parametrize("kind", ENGINES)
def test_what_is_promoted_must_be_applied_before_with_the_same_checksum(
    kind: str, fresh: Fresh, tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    team = Team(first, fresh(kind), staging=f"sqlite:///{second}/staging.db", policy='promote_from = "staging"').begin()
    team.commits("Ann", {FIRST: USERS})

    assert [reason.message for reason in refused(team)] == ["create_users is not applied in staging"]
    assert team.tables() == []
    team.up("staging")
    (team.root / "migrations" / f"{FIRST}.sql").write_text(USERS.replace("100", "200"))
    assert "another checksum" in refused(team)[0].message
    (team.root / "migrations" / f"{FIRST}.sql").write_text(USERS)

    assert team.up() == [FIRST[:14]]


def test_a_staging_that_does_not_answer_is_a_reason_among_others(sqlite: str, tmp_path: Path) -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    team = Team(tmp_path, sqlite, staging=nowhere, policy='promote_from = "staging"\nreviewers = true').begin()
    team.commits("Ann", {FIRST: USERS})

    assert policies(team) == ["promote_from", "reviewers"]


def test_an_environment_cannot_be_promoted_from_itself(alone: Team) -> None:
    alone.settings('promote_from = "production"')
    alone.commits("Ann", {FIRST: USERS})

    with pytest.raises(ConfigError, match="itself"):
        alone.up()


def test_tests_are_recorded_by_who_ran_them(alone: Team) -> None:
    alone.settings("require_tests = true")
    alone.commits("Ann", {FIRST: USERS})
    assert policies(alone) == ["require_tests"]

    alone.approve("Ann", tested="basic")

    assert alone.up() == [FIRST[:14]]


def test_findings_of_lint_are_refused_where_the_policy_says_so(alone: Team) -> None:
    alone.settings('lint = "error"\nrules = { "naming-table" = "error" }')
    alone.commits("Ann", {FIRST: USERS.replace("users", "user_account")})

    (reason,) = refused(alone)

    assert reason.policy == "lint"
    assert "naming-table" in reason.message


def test_a_suppressed_finding_does_not_count(alone: Team) -> None:
    alone.settings('lint = "error"\nrules = { "naming-table" = "error" }')
    text = USERS.replace("users", "user_account").replace(
        "CREATE TABLE", "-- instar:ignore naming-table: the name is the ledger's\nCREATE TABLE"
    )
    alone.commits("Ann", {FIRST: text})

    assert alone.up() == [FIRST[:14]]


def test_the_file_of_approvals_does_not_disturb_any_layout(alone: Team) -> None:
    layouts = {
        "native": {FIRST: USERS},
        "goose": {"20240101000000_a": "-- +goose Up\nCREATE TABLE a (id INTEGER);\n-- +goose Down\nDROP TABLE a;\n"},
        "flyway": {"V1__a": "CREATE TABLE a (id INTEGER);\n"},
        "golang-migrate": {"1_a.up": "CREATE TABLE a (id INTEGER);\n", "1_a.down": "DROP TABLE a;\n"},
        "dbmate": {"20240101000000_a": "-- migrate:up\nCREATE TABLE a (id INTEGER);\n-- migrate:down\nDROP TABLE a;\n"},
    }
    for name, files in layouts.items():
        for path in (alone.root / "migrations").iterdir():
            path.unlink()
        for file, text in files.items():
            (alone.root / "migrations" / f"{file}.sql").write_text(text)
        with alone.migrator() as migrator:
            before = migrator.migrations()
        (alone.root / "migrations" / "approvals.toml").write_text("# nothing\n")
        with alone.migrator() as migrator:
            assert migrator.migrations() == before, name


def test_folders_as_migrations_are_not_disturbed_either(alone: Team) -> None:
    folder = alone.root / "migrations" / "2024-01-01-000000_users"
    folder.mkdir()
    (folder / "up.sql").write_text("CREATE TABLE users (id INTEGER);\n")
    (folder / "down.sql").write_text("DROP TABLE users;\n")
    (alone.root / "migrations" / "approvals.toml").write_text("# nothing\n")

    with alone.migrator() as migrator:
        assert [item.format for item in migrator.migrations()] == ["diesel"]


def test_the_same_database_by_another_url_is_none_to_promote_from(alone: Team) -> None:
    alone.staging = alone.url.replace("sqlite:///", "sqlite:///./", 1) if alone.url.count("/") == 3 else alone.url
    alone.settings('promote_from = "staging"')
    alone.commits("Ann", {FIRST: USERS})

    (reason,) = refused(alone)

    assert "it is the same database as production" in reason.message
    assert alone.tables() == []


def test_who_wrote_a_file_under_its_earlier_name_is_an_author(alone: Team) -> None:
    alone.settings("reviewers = true")
    alone.commits("Ann", {FIRST: USERS})
    alone.becomes("Ben")
    alone.git("mv", f"migrations/{FIRST}.sql", f"migrations/{FIRST}_table.sql")
    alone.git("commit", "--quiet", "--message", "rename")

    with pytest.raises(PlanError, match="has written"):
        alone.approve("Ann")


def test_an_approval_holds_whatever_the_placeholders_of_the_environment_are(alone: Team) -> None:
    alone.settings("reviewers = true\n[environments.production.placeholders]\nwidth = 200\n")
    with (alone.root / "instar.toml").open("a") as file:
        file.write('[environments.staging]\nurl = "sqlite:///s.db"\nplaceholders = { width = 100 }\n')
    alone.commits("Ann", {FIRST: USERS.replace("100", "${width}")})
    alone.becomes("Ben")
    with alone.migrator("staging") as migrator:
        gate.approve(migrator.environment, migrator.migrations())

    assert alone.up() == [FIRST[:14]]


def test_a_co_author_is_an_author(alone: Team) -> None:
    alone.settings("reviewers = true")
    (alone.root / "migrations" / f"{FIRST}.sql").write_text(USERS)
    alone.becomes("Ann")
    alone.git("add", "--all")
    alone.git("commit", "--quiet", "--message", "Add\n\nCo-authored-by: Ben Ray <ben@example.com>")

    with pytest.raises(PlanError, match="has written"):
        alone.approve("Ben")


def test_a_mailmap_tells_that_two_addresses_are_one_person(alone: Team) -> None:
    alone.settings("reviewers = true")
    (alone.root / ".mailmap").write_text("Ann <ann@example.com> Annie <annie@example.com>\n")
    alone.commits("Ann", {FIRST: USERS})

    with pytest.raises(PlanError, match="has written"):
        alone.approve("Annie")


@pytest.mark.parametrize(
    "text",
    ["tests = 5\n", "[[tests]]\nversion = '1'\n", "approval = 'x'\n", "[approval]\n"],
)
def test_a_file_of_approvals_that_is_none_is_refused(alone: Team, text: str) -> None:
    alone.settings("reviewers = true")
    alone.commits("Ann", {FIRST: USERS})
    (alone.root / "migrations" / "approvals.toml").write_text(text)

    with pytest.raises(SourceError, match="damaged"):
        alone.up()


def test_a_record_of_nobody_is_refused(alone: Team) -> None:
    alone.settings("reviewers = true")
    alone.commits("Ann", {FIRST: USERS})
    alone.approve("Ben")
    file = alone.root / "migrations" / "approvals.toml"
    file.write_text(file.read_text().replace('"Ben"', '""').replace('"ben@example.com"', '""'))

    with pytest.raises(SourceError, match="damaged"):
        alone.up()


def test_tests_without_a_level_are_no_approval(alone: Team) -> None:
    alone.settings("reviewers = true")
    alone.commits("Ann", {FIRST: USERS})
    alone.approve("Ben")
    file = alone.root / "migrations" / "approvals.toml"
    file.write_text(file.read_text().replace("[[approval]]", "[[tests]]"))

    with pytest.raises(SourceError, match="level"):
        alone.up()
