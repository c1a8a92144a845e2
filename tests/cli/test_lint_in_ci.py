"""The pre-commit hooks and the GitHub Action: their files are well formed, and what they call runs."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
ALTER = "CREATE INDEX idx_orders_note ON orders (note);\n"


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", folder, *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of a repository with one migration, and a second migration that nobody has committed."""
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    (origin / "migrations").mkdir(parents=True)
    (origin / "instar.toml").write_text("")
    (origin / "migrations" / "20240101000000_a.sql").write_text("CREATE TABLE orders (id bigint, note text);\n")
    git(tmp_path, "init", "-q", "-b", "main", "origin")
    git(origin, "add", "--all")
    git(origin, "commit", "-q", "-m", "x")
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{origin}", "clone")
    (clone / "migrations" / "20240102000000_b.sql").write_text(ALTER)
    return clone


def environ(**extra: str) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "DATABASE_URL": "", **extra}


def step(name: str) -> dict[str, Any]:
    return next(each for each in ACTION["runs"]["steps"] if each.get("name") == name)


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: str(hook["id"]))
def test_every_hook_finds_what_is_wrong(hook: dict[str, Any], clone: Path) -> None:
    git(clone, "add", "--all")
    done = subprocess.run(
        shlex.split(hook["entry"]), cwd=clone, env=environ(), capture_output=True, text=True, check=False
    )

    assert {"id", "name", "entry", "language"} <= hook.keys()
    assert done.returncode == 4
    assert "error[idx-not-concurrent]" in done.stdout


def test_the_hook_looks_only_at_what_is_being_committed(clone: Path) -> None:
    git(clone, "add", "--all")
    git(clone, "commit", "-q", "-m", "y")
    done = subprocess.run(shlex.split(HOOKS[0]["entry"]), cwd=clone, env=environ(), capture_output=True, check=False)

    assert done.returncode == 0


def test_the_hook_leaves_files_alone_that_are_not_being_committed(clone: Path) -> None:
    (clone / "migrations" / "20240103000000_c.sql").write_text("CREATE TABLE carts (id bigint PRIMARY KEY);\n")
    git(clone, "add", "migrations/20240103000000_c.sql")
    done = subprocess.run(
        shlex.split(HOOKS[0]["entry"]), cwd=clone, env=environ(), capture_output=True, text=True, check=False
    )

    assert "idx-not-concurrent" not in done.stdout
    assert "20240102000000" not in done.stdout


def test_the_hook_judges_the_first_commit_of_a_repository(clone: Path) -> None:
    shutil.rmtree(clone / ".git")
    git(clone, "init", "-q", "-b", "main")
    (clone / "migrations" / "20240101000000_a.sql").write_text("ALTER TABLE orders ALTER COLUMN note SET NOT NULL;\n")
    git(clone, "add", "--all")
    done = subprocess.run(
        shlex.split(HOOKS[0]["entry"]), cwd=clone, env=environ(), capture_output=True, text=True, check=False
    )

    assert done.returncode == 4, done.stderr
    assert "set-not-null-scan" in done.stdout


@pytest.mark.parametrize("given", ["", "HEAD"])
def test_the_action_annotates_summarises_and_fails(clone: Path, tmp_path: Path, given: str) -> None:
    names = {"GITHUB_STEP_SUMMARY": "summary", "GITHUB_OUTPUT": "output", "RUNNER_TEMP": "."}
    files = {name: str(tmp_path / file) for name, file in names.items()}
    inputs = {"SINCE": given, "ARGUMENTS": "--rule idx-not-concurrent", "DEFAULT_BRANCH": "main", "GITHUB_BASE_REF": ""}
    done = subprocess.run(
        ["bash", "-e", "-c", step("Lint")["run"]],
        cwd=clone,
        env=environ(**files, **inputs),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 4, done.stderr
    assert done.stdout.startswith("::error file=migrations/20240102000000_b.sql,line=1,")
    assert "| `20240102000000` b |" in (tmp_path / "summary").read_text()
    outputs = dict(line.split("=", 1) for line in (tmp_path / "output").read_text().splitlines())
    assert outputs.keys() == ACTION["outputs"].keys()
    assert all(Path(file).is_file() for file in outputs.values())


def test_every_input_of_the_action_is_explained_and_used() -> None:
    text = (ROOT / "action.yml").read_text()

    for name, about in ACTION["inputs"].items():
        assert about["description"]
        assert text.count(f"inputs.{name}") >= 1
    assert all(each.get("shell") == "bash" for each in ACTION["runs"]["steps"] if "run" in each)


def test_the_action_leaves_nothing_of_an_earlier_run_where_this_one_fails(clone: Path, tmp_path: Path) -> None:
    names = {"GITHUB_STEP_SUMMARY": "summary", "GITHUB_OUTPUT": "output", "RUNNER_TEMP": "."}
    files = {name: str(tmp_path / file) for name, file in names.items()}
    inputs = {"SINCE": "HEAD", "DEFAULT_BRANCH": "main", "GITHUB_BASE_REF": ""}
    codes = []
    for arguments in ("", "--rule nope"):
        (tmp_path / "summary").write_text("")
        done = subprocess.run(
            ["bash", "-e", "-c", step("Lint")["run"]],
            cwd=clone, env=environ(**files, **inputs, ARGUMENTS=arguments), capture_output=True, check=False,
        )  # fmt: skip
        codes.append(done.returncode)

    assert codes == [4, 2]
    assert (tmp_path / "summary").read_text() == ""


GITHUB = """\
#!/bin/sh
# Stands for GitHub: keeps what it is asked for, and answers with the comments that are there.
printf '%s\\n' "$*" >> "$ASKED"
case "$*" in *--paginate*) cat "$COMMENTS" ;; esac
"""
BOT = "github-actions[bot]"


@pytest.mark.parametrize(
    ("directory", "asked"),
    [
        (".", "--method PATCH repos/o/r/issues/comments/12 "),
        ("billing", "--method PATCH repos/o/r/issues/comments/14 "),
        ("shop", "--method POST repos/o/r/issues/7/comments "),
    ],
)
def test_the_comment_of_the_same_folder_is_written_anew_and_no_other(
    tmp_path: Path, directory: str, asked: str
) -> None:
    (tmp_path / "gh").write_text(GITHUB)
    (tmp_path / "gh").chmod(0o755)
    comments = [
        (11, "somebody", "<!-- instar lint: . -->"),
        (12, BOT, "<!-- instar lint: . -->"),
        (13, BOT, "coverage is 80 %"),
        (14, BOT, "<!-- instar lint: billing -->"),
        (15, BOT, "coverage is 81 %"),
    ]
    (tmp_path / "comments").write_text("".join(f"{number}\t{who}\t{line}\n" for number, who, line in comments))
    (tmp_path / "lint.md").write_text("### instar lint: no findings\n")
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", step("Comment on the pull request")["run"]],
        env=environ(
            PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}", ASKED=str(tmp_path / "asked"),
            COMMENTS=str(tmp_path / "comments"), MARKDOWN=str(tmp_path / "lint.md"), NUMBER="7",
            GITHUB_REPOSITORY="o/r", DIRECTORY=directory,
        ),
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert f" {asked}" in (tmp_path / "asked").read_text().splitlines()[-1] + " "
    said = (tmp_path / "lint.md.body").read_text().splitlines()
    assert said[0] == f"<!-- instar lint: {directory} -->"
    assert said[-1] == "### instar lint: no findings"
