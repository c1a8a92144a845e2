"""`instar approve`, and what `up`, `plan` and `history` say of a policy."""

import os
import subprocess
from pathlib import Path

import pytest
from cli_project import ORDERS, USERS, Instar, Write

FIRST, SECOND = "20240101000000", "20240102000000"


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, project: Instar) -> Path:
    """The project under git, written by Ann; Ben sits at it. Its policy asks for reviewers."""
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, os.devnull)
    (tmp_path / "instar.toml").write_text(
        '[environments.development]\nurl = "sqlite:///app.db"\n[environments.development.policy]\nreviewers = true\n'
    )
    run(tmp_path, "init", "--quiet")
    sits(tmp_path, "Ann")
    commit(tmp_path)
    sits(tmp_path, "Ben")
    return tmp_path


def run(root: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(root), *arguments], check=True, capture_output=True)


def sits(root: Path, name: str) -> None:
    run(root, "config", "user.name", name)
    run(root, "config", "user.email", f"{name.lower()}@example.com")


def commit(root: Path) -> None:
    run(root, "add", "--all")
    run(root, "commit", "--quiet", "--message", "change")


def test_up_gives_every_reason_and_exits_with_5(git: Path, project: Instar) -> None:
    result = project("up")

    assert result.code == 5
    assert "the policy of development does not let this run, for 2 reasons; the database was not touched" in result.err
    assert f"\n  {FIRST}\n    reviewers: users is of low risk and needs 1 reviewer, and has 0\n" in result.err
    assert f"instar approve {SECOND}" in result.err


def test_reasons_are_objects_in_json(git: Path, project: Instar) -> None:
    error = project("up", "--json").lines[-1]["error"]

    assert (error["type"], error["exit_code"]) == ("policy", 5)
    assert [(reason["version"], reason["policy"]) for reason in error["reasons"]] == [
        (FIRST, "reviewers"),
        (SECOND, "reviewers"),
    ]


def test_a_plan_says_what_the_policy_has_against_it(git: Path, project: Instar) -> None:
    text, document = project("plan").out, project("plan", "--json").json

    assert "the policy does not let it run:" in text
    assert [reason["policy"] for reason in document["plan"]["refusals"]] == ["reviewers", "reviewers"]


def test_an_approval_lets_it_through(git: Path, project: Instar) -> None:
    result = project("approve", FIRST, "orders")

    assert result.code == 0
    assert result.out.splitlines() == [
        f"approved {FIRST} users as Ben <ben@example.com>",
        f"approved {SECOND} orders as Ben <ben@example.com>",
    ]
    assert project("up").code == 0


def test_the_author_cannot_approve(git: Path, project: Instar) -> None:
    sits(git, "Ann")

    result = project("approve", FIRST)

    assert result.code == 5
    assert f"Ann <ann@example.com> has written {FIRST} users and cannot approve it" in result.err


def test_the_author_of_the_header_cannot_approve(git: Path, project: Instar, write: Write) -> None:
    write({f"{FIRST}_users": f'-- /// migration\n-- author = "ben@example.com"\n-- ///\n{USERS}'})
    sits(git, "Ann")
    commit(git)
    sits(git, "Ben")

    assert "Ben <ben@example.com> has written" in project("approve", FIRST).err


def test_what_is_not_committed_cannot_be_approved(git: Path, project: Instar, write: Write) -> None:
    write({f"{FIRST}_users": f"{USERS}-- more\n"})

    said = project("approve", FIRST).err
    assert "has changes that are not committed" in said
    assert said.splitlines()[-1] == "hint: commit them"


def test_the_hint_is_that_of_the_reason(git: Path, project: Instar, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{git}", clone], check=True, capture_output=True)
    sits(clone, "Ben")
    assert project("approve", FIRST, cwd=clone).err.splitlines()[-1] == "hint: git fetch --unshallow"
    sits(git, "Ann")
    assert project("approve", FIRST, cwd=git).err.splitlines()[-1] == "hint: somebody else has to look at it"


def test_nobody_approves_without_a_name(git: Path, project: Instar) -> None:
    run(git, "config", "--unset", "user.email")

    result = project("approve", FIRST)

    assert result.code == 2
    assert "git does not know who you are: no user.email" in result.err


def test_the_list_says_what_counts(git: Path, project: Instar, write: Write) -> None:
    project("approve", FIRST, SECOND)
    write({f"{SECOND}_orders": ORDERS.replace("id", "number")})

    found = project("approve", "--list", "--json").json["records"]

    assert [(each["version"], each["name"], each["void"]) for each in found] == [
        (FIRST, "Ben", None),
        (SECOND, "Ben", "edited"),
    ]
    assert "does not count: the migration was edited since" in project("approve", "--list").out


def test_an_approval_can_be_taken_back_by_who_gave_it(git: Path, project: Instar) -> None:
    project("approve", FIRST)
    sits(git, "Cay")
    assert project("approve", "--revoke", FIRST).out == "nothing to do\n"
    sits(git, "Ben")

    assert project("approve", "--revoke", FIRST).out == f"took back {FIRST} users as Ben <ben@example.com>\n"
    assert project("approve", "--list").out == "nothing is recorded\n"


def test_an_approval_and_tests_of_one_migration_are_told_apart(git: Path, project: Instar) -> None:
    project("approve", FIRST)
    who = "as Ben <ben@example.com>"
    assert project("approve", FIRST, "--tested", "basic").out == f"recorded basic tests of {FIRST} users {who}\n"
    assert sorted(project("approve", "--revoke", FIRST).out.splitlines()) == [
        f"took back {FIRST} users {who}", f"took back basic tests of {FIRST} users {who}",
    ]  # fmt: skip


def test_an_override_needs_a_reason_and_history_shows_it(git: Path, project: Instar) -> None:
    assert project("up", "--override", " ").code == 2
    result = project("up", "--override", "the shop is down")
    assert result.code == 0
    assert f"policy of development overridden: the shop is down\n  {FIRST}\n    reviewers: users is" in result.err

    assert "policy overridden (reviewers): the shop is down" in project("history").out


def test_another_spelling_of_a_url_does_not_bypass_the_policy(git: Path, project: Instar) -> None:
    (git / "instar.toml").write_text(
        'default_environment = "mine"\n[environments.mine]\nurl = "sqlite:///mine.db"\n'
        '[environments.production]\nurl = "sqlite:///app.db"\n[environments.production.policy]\nreviewers = true\n'
    )

    for url in ("sqlite:///app.db", "sqlite:///./app.db", f"sqlite:////{git}/app.db"):
        assert project("up", "--database", url).code == 5


def test_a_note_says_where_no_policy_holds(git: Path, project: Instar) -> None:
    (git / "instar.toml").write_text(
        'default_environment = "mine"\n[environments.mine]\nurl = "sqlite:///mine.db"\n'
        '[environments.production]\nurl = "sqlite:///app.db"\n[environments.production.policy]\nreviewers = true\n'
    )

    strange = project("up", "--database", "sqlite:///strange.db", "--json")
    assert strange.code == 0
    assert strange.err.startswith("note: no environment has this database, so no policy holds: the environment is mine")
    other = project("plan", "--environment", "mine", "--database", "sqlite:///./app.db")
    assert "note: this is the database of production, whose policy does not hold" in other.err
    assert "note:" not in project("up").err


def test_a_damaged_file_is_named(git: Path, project: Instar) -> None:
    (git / "migrations" / "approvals.toml").write_text("<<<<<<< HEAD\n")

    result = project("up")

    assert result.code == 2
    assert "approvals.toml is damaged" in result.err


def test_an_unknown_migration_is_refused_with_the_nearest(git: Path, project: Instar) -> None:
    result = project("approve", "20240101000001")

    assert result.code == 2
    assert FIRST in result.err
