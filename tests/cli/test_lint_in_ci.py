"""The pre-commit hooks and the GitHub Action: their files are well formed, and what they call runs."""

import os
import shlex
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
