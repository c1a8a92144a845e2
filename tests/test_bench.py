"""The measurements run to their end with a handful of migrations. Times are not looked at."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

BENCH = Path(__file__).parent.parent / "bench"
LAYOUTS = {"native": 3, "goose": 3, "yoyo": 6, "alembic": 3, "psql": 2}

Bench = Callable[..., str]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Return a function that runs a script of bench/ and returns what it printed."""

    def run(script: str, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, BENCH / script, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "FAILED:" not in done.stdout, done.stdout
        return done.stdout

    return run


@pytest.fixture
def server(postgres: str) -> str:
    """Return the URL of a server on which databases may be made."""
    return postgres


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_written(layout: str, bench: Bench, tmp_path: Path) -> None:
    bench("make.py", "made", "--layout", layout, "--n", "3")
    written = [path for path in tmp_path.rglob("*") if path.suffix in {".sql", ".py"} and path.name != "env.py"]
    assert len(written) == LAYOUTS[layout]
    assert all("item_00003" in path.read_text() for path in written if path.stem in {"up", "down"})


def test_up_on_a_server_of_its_own(bench: Bench) -> None:
    table = bench("up.py", "--n", "3", "--rounds", "2", "--tools", "psql,instar")
    assert "at most 1.1 of psql's floor (measured" in table


def test_down(bench: Bench, server: str) -> None:
    table = bench("down.py", "--n", "3", "--rounds", "1", "--tools", "psql,instar", "--url", server)
    assert "at most 1.3 of psql's floor (measured" in table


def test_status(bench: Bench, server: str) -> None:
    table = bench("status.py", "--n", "3", "--many", "5", "--rounds", "1", "--tools", "instar", "--url", server)
    assert "of the bare program, 3 (measured" in table
    assert "status 5: at most 0.5 s more than 3 (measured" in table


def test_startup(bench: Bench) -> None:
    assert "--help: at most 100 ms more (measured" in bench("startup.py", "--rounds", "1")


def test_a_missed_bar_is_an_error_only_when_asked_for(bench: Bench, server: str) -> None:
    arguments = ("--n", "1", "--rounds", "1", "--tools", "psql", "--url", server)
    assert "not measured" in bench("up.py", *arguments)
    with pytest.raises(AssertionError):
        bench("up.py", *arguments, "--check")


def test_work_that_was_not_done_has_no_time(server: str, tmp_path: Path) -> None:
    idle = tmp_path / "psql"
    idle.write_text("#!/bin/sh\n")
    idle.chmod(0o755)
    done = subprocess.run(
        [sys.executable, BENCH / "up.py", "--n", "2", "--rounds", "1", "--tools", "psql", "--url", server],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "FAILED: it left 0 tables" in done.stdout


def test_what_is_said_of_statements_is_compared_with_what_is_seen(bench: Bench) -> None:
    told = bench("truth.py", "--version", "18", "--alone")
    assert "PostgreSQL 18" in told
    assert "recall 1.000, precision 1.000" in told
