"""The samples of every layout go up on PostgreSQL, and down where they have the way back."""

from contextlib import suppress
from pathlib import Path

import pytest

from conftest import query
from instar import Migrator
from instar.errors import PlanError
from instar.model import State

SAMPLES = Path(__file__).parents[1] / "examples" / "formats"
FORMATS = {
    "native": "native", "dbmate": "dbmate", "goose": "goose", "golang-migrate": "golang-migrate",
    "flyway/db/migration": "flyway", "diesel": "diesel", "sqlx": "sqlx", "node-pg-migrate": "node-pg-migrate",
}  # fmt: skip
OURS = "'schema_migrations', 'migration_execution_log'"
TABLES = f"SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN ({OURS})"


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
        stuck = [item for item in migrator.migrations() if not item.reversible and item.version in applied(migrator)]
        with suppress(PlanError):
            while migrator.down().steps:
                pass
        left = applied(migrator)
        if left:
            with pytest.raises(PlanError, match=r"cannot be rolled back: it has no down"):
                migrator.down()
            assert any(item.version in left for item in stuck)
        else:
            assert query(postgres, TABLES) == []


def applied(migrator: Migrator) -> set[str]:
    return {item.version for item in migrator.status() if item.entry}
