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


def test_what_an_old_file_makes_is_not_new(here: Environment) -> None:
    folder = here.directories[0]
    (folder / "20240101000000_a.sql").write_text("CREATE TABLE users (id bigint PRIMARY KEY, email text);\n")
    commit(here.root.parent)
    with (folder / "20240101000000_a.sql").open("a") as old:
        old.write("-- a remark\nCREATE INDEX idx_users_id ON users (id);\n")
    (folder / "20240102000000_b.sql").write_text("CREATE INDEX idx_users_email ON users (email);\nDROP TABLE users;\n")
    found = lint(here, Request(since="HEAD", rules=("idx-not-concurrent", "drop-table"))).findings

    assert [each.rule for each in found] == ["idx-not-concurrent", "drop-table"]
    assert {each.version for each in found} == {"20240102000000"}


def test_a_file_that_was_only_renamed_is_not_new(here: Environment) -> None:
    folder = here.directories[0]
    old, new = folder / "20240101000000_a.sql", folder / "20240101000000_users.sql"
    old.write_text("CREATE TABLE users (id bigint PRIMARY KEY, email text);\n")
    commit(here.root.parent)
    old.rename(new)
    (folder / "20240102000000_b.sql").write_text("CREATE INDEX idx_users_email ON users (email);\n")
    git(here.root.parent, "add", "--all")
    found = lint(here, Request(since="HEAD", rules=("idx-not-concurrent",))).findings

    assert [each.relation for each in found] == ["users"]


def test_one_of_several_new_files_knows_that_the_others_are_new(here: Environment) -> None:
    folder = here.directories[0]
    (folder / "20240102000000_b.sql").write_text("CREATE TABLE carts (id bigint PRIMARY KEY, note text);\n")
    (folder / "20240103000000_c.sql").write_text("CREATE INDEX n ON carts (note);\nCREATE INDEX m ON orders (a);\n")
    narrowed = Request(since="main", only=("20240103000000",), rules=("idx-not-concurrent",))

    assert [each.relation for each in lint(here, narrowed).findings] == ["orders"]


def test_so_it_is_in_a_project_whose_findings_are_remembered(here: Environment) -> None:
    folder = here.directories[0]
    for number in range(120):
        (folder / f"20230101000{number:03}_x{number}.sql").write_text("SELECT 1;\n")
    commit(here.root.parent)
    (folder / "20240102000000_b.sql").write_text("CREATE TABLE carts (id bigint PRIMARY KEY, note text);\n")
    (folder / "20240103000000_c.sql").write_text("CREATE INDEX n ON carts (note);\nCREATE INDEX m ON orders (a);\n")
    rules = ("idx-not-concurrent",)
    lint(here, Request())
    for asked in (Request(since="HEAD", only=("20240103000000",), rules=rules), Request(since="HEAD", rules=rules)):
        assert [each.relation for each in lint(here, asked).findings] == ["orders"]

    commit(here.root.parent)
    for name in ("20240102000000_b", "20240103000000_c"):
        with (folder / f"{name}.sql").open("a") as old:
            old.write("-- a remark\n")
    found = lint(here, Request(since="HEAD", rules=rules)).findings
    assert [each.relation for each in found] == ["carts", "orders"]


def test_what_is_staged_is_judged_and_nothing_else(here: Environment) -> None:
    folder = here.directories[0]
    (folder / "20240102000000_b.sql").write_text(BUILD.format("b"))
    git(here.root.parent, "add", "--all")
    (folder / "20240103000000_c.sql").write_text(BUILD.format("c"))

    assert versions(here, since="", staged=True) == ["20240102000000"]
    assert versions(here, since="", staged=True, only=("20240101000000",)) == []


@pytest.mark.parametrize("asked", [Request(since="HEAD"), Request(staged=True)], ids=["since", "staged"])
def test_before_the_first_commit_everything_is_new(tmp_path: Path, asked: Request) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    git(tmp_path, "init", "-q", "-b", "main")
    (folder / "20240101000000_a.sql").write_text(BUILD.format("a"))
    git(tmp_path, "add", "--all")
    here = Environment(root=tmp_path, directories=(folder,), seeds=(), templates=folder)

    assert [each.migration.version for each in lint(here, asked).judged] == ["20240101000000"]
    with pytest.raises(UsageError, match="git knows no commit 'other'"):
        lint(here, Request(since="other"))


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
