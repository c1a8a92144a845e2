"""The samples of every layout go up on PostgreSQL, and down where they have the way back."""

import re
import shutil
from pathlib import Path

import pytest

from conftest import query
from instar import Migrator
from instar.errors import PlanError
from instar.model import MigrationKind, State

SAMPLES = Path(__file__).parents[1] / "examples" / "formats"
FORMATS = {
    "native": "native", "dbmate": "dbmate", "goose": "goose", "golang-migrate": "golang-migrate",
    "flyway/db/migration": "flyway", "diesel": "diesel", "sqlx": "sqlx", "node-pg-migrate": "node-pg-migrate",
}  # fmt: skip
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN ('schema_migrations', 'migration_execution_log')"


@pytest.fixture(params=FORMATS)
def folder(request: pytest.FixtureRequest) -> Path:
    return SAMPLES / str(request.param)


def test_a_sample_goes_up_on_postgresql_and_stays_valid(postgresql: str, folder: Path) -> None:
    with Migrator(postgresql, directory=folder) as migrator:
        report = migrator.up()
        assert report.steps
        assert {item.state for item in migrator.status()} <= {State.APPLIED, State.CONTRACT_PENDING}
        assert migrator.validate() == []
        assert migrator.up().steps == ()
    assert query(postgresql, TABLES)


def test_a_sample_goes_down_as_far_as_it_says(postgres: str, folder: Path) -> None:
    with Migrator(postgres, directory=folder) as migrator:
        migrator.up()
        known = {item.version: item for item in migrator.migrations() if item.kind is not MigrationKind.REPEATABLE}
        while entries := [item.entry for item in migrator.status() if item.entry and item.version in known]:
            last = max(entries, key=lambda entry: (entry.applied_at, known[entry.version].order))
            if not entries or not entry_reversible(migrator, last.version):
                with pytest.raises(PlanError, match="cannot be rolled back"):
                    migrator.down()
                return
            migrator.down()
        assert query(postgres, TABLES) == []


def entry_reversible(migrator: Migrator, version: str) -> bool:
    return any(item.version == version and item.reversible for item in migrator.migrations())
