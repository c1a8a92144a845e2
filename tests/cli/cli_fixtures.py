"""The command line, run in this process on a project of its own."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from cli_project import ORDERS, USERS, Instar, Result, Write

from instar.cli.main import run


@pytest.fixture
def instar(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Result]:
    """Run the program in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "INSTAR_ENVIRONMENT", "PGPASSWORD", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str, cwd: Path = tmp_path) -> Result:
        monkeypatch.chdir(cwd)
        capsys.readouterr()
        code = run(arguments)
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return call


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write migrations by their names."""

    def write(files: Mapping[str, str]) -> None:
        (tmp_path / "migrations").mkdir(exist_ok=True)
        for name, text in files.items():
            (tmp_path / "migrations" / f"{name}.sql").write_text(text)

    return write


@pytest.fixture
def project(tmp_path: Path, instar: Instar, write: Write) -> Instar:
    """A project on SQLite with two migrations."""
    (tmp_path / "instar.toml").write_text('[environments.development]\nurl = "sqlite:///app.db"\n')
    write({"20240101000000_users": USERS, "20240102000000_orders": ORDERS})
    return instar
