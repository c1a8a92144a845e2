"""Projects of a few migrations, proved on a real server."""

from pathlib import Path

import pytest
from proofs_project import Run

from instar import config
from instar.proof import Proof
from instar.proving import Request, prove
from instar.testing import PostgreSQL


@pytest.fixture(scope="module")
def server(servers: object) -> PostgreSQL:
    return servers.postgresql("postgresql-18")  # type: ignore[attr-defined, no-any-return]


@pytest.fixture
def proofs(tmp_path: Path, server: PostgreSQL) -> Run:
    """Prove migrations given as pairs of up and down (None: there is no down)."""

    def run(*migrations: tuple[str, str | None], header: str = "", **asked: object) -> list[Proof]:
        folder = tmp_path / "migrations"
        folder.mkdir()
        for number, (up, down) in enumerate(migrations, 1):
            about = f"-- /// migration\n{header}\n-- ///\n" if header and number == len(migrations) else ""
            back = f"\n-- migrate:down\n{down}" if down is not None else ""
            (folder / f"2024010100000{number}_step_{number}.sql").write_text(f"{about}-- migrate:up\n{up}{back}\n")
        request = Request(server=server.url(), **({"rows": 0} | asked))  # type: ignore[arg-type]
        return list(prove(config.load(tmp_path, environ={}).environment(None, offline=True), request).proofs)

    return run
