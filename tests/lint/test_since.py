"""`lint --since`: what git says has changed, in real repositories."""

import subprocess
from pathlib import Path

import pytest

from instar.config import Environment
from instar.errors import UsageError
from instar.linting import Request, lint
from instar.linting.changed import changed
from instar.linting.places import repository

BUILD = "CREATE INDEX {0} ON orders ({0});\n"


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", folder, *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def here(tmp_path: Path) -> Environment:
    """A repository whose branch `main` has one migration, with a branch of its own checked out."""
    folder = tmp_path / "db" / "migrations"
    folder.mkdir(parents=True)
    git(tmp_path, "init", "-q", "-b", "main")
    (folder / "20240101000000_a.sql").write_text(BUILD.format("a"))
    commit(tmp_path)
    git(tmp_path, "checkout", "-q", "-b", "feature")
    return Environment(root=tmp_path / "db", directories=(folder,), seeds=(), templates=folder)


def commit(root: Path) -> None:
    git(root, "add", "--all")
    git(root, "commit", "-q", "-m", "x")


def versions(here: Environment, since: str = "main", **asked: object) -> list[str]:
    found = lint(here, Request(since=since, **asked))  # type: ignore[arg-type]
    return [each.migration.version for each in found.judged]


def test_committed_changed_and_unknown_files_are_judged(here: Environment) -> None:
    folder = here.directories[0]
    assert versions(here) == []

    (folder / "20240102000000_b.sql").write_text(BUILD.format("b"))
    commit(here.root.parent)
    (folder / "20240101000000_a.sql").write_text(BUILD.format("c"))
    (folder / "20240103000000_c.sql").write_text(BUILD.format("c"))

    assert versions(here) == ["20240101000000", "20240102000000", "20240103000000"]
    assert versions(here, since="HEAD") == ["20240101000000", "20240103000000"]
    assert versions(here, only=("20240103000000",)) == ["20240103000000"]


def test_what_the_other_branch_has_got_since_is_not_ours(here: Environment) -> None:
    root = here.root.parent
    git(root, "checkout", "-q", "main")
    (here.directories[0] / "20240102000000_b.sql").write_text(BUILD.format("b"))
    commit(root)
    git(root, "checkout", "-q", "feature")
    (here.directories[0] / "20240103000000_c.sql").write_text(BUILD.format("c"))

    assert versions(here) == ["20240103000000"]


def test_files_with_spaces_and_other_letters_are_found(here: Environment) -> None:
    (here.root / "größe von x.sql").write_text(BUILD.format("b"))

    assert changed(here.root.parent, "main") == ["db/größe von x.sql"]


def test_what_is_new_is_one_release(here: Environment) -> None:
    folder = here.directories[0]
    (folder / "20240102000000_b.sql").write_text("CREATE TABLE carts (id bigint PRIMARY KEY, note text);\n")
    (folder / "20240103000000_c.sql").write_text("CREATE INDEX n ON carts (note);\nCREATE INDEX m ON orders (a);\n")
    found = lint(here, Request(since="main", rules=("idx-not-concurrent",))).findings

    assert [each.relation for each in found] == ["orders"]


def test_a_reference_that_git_does_not_know_is_refused_with_what_fetches_it(here: Environment) -> None:
    with pytest.raises(UsageError, match="git knows no commit 'origin/main'") as caught:
        versions(here, since="origin/main")

    assert "git fetch origin main" in caught.value.hint
    with pytest.raises(UsageError, match="is no git reference"):
        versions(here, since="--output=x")


def test_branches_that_have_nothing_in_common_are_refused(here: Environment) -> None:
    git(here.root.parent, "checkout", "-q", "--orphan", "other")
    (here.root / "other.txt").write_text("x")
    commit(here.root.parent)

    with pytest.raises(UsageError, match="no common ancestor of HEAD and main"):
        versions(here)


def test_outside_a_repository_git_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"git cannot say what has changed|knows no commit"):
        changed(tmp_path, "main")
    assert repository(tmp_path) == tmp_path
