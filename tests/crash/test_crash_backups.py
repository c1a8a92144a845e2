"""Backups: whenever the process is killed, the same command run again keeps all rows, and the `down` restores them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL

import pytest
from crash_runs import Order

from conftest import query
from instar import Migrator

MIGRATION = """-- migrate:up
-- instar:backup table=users columns=email where="email IS NOT NULL"
UPDATE users SET email = lower(email) WHERE email IS NOT NULL;
-- instar:backup table=users columns=phone
ALTER TABLE users DROP COLUMN phone;
{alone}
-- instar:backup table=users where="id > 2"
DELETE FROM users WHERE id > 2;
-- migrate:down
ALTER TABLE users ADD COLUMN phone VARCHAR(20);
-- instar:restore
"""
ROWS = [(1, "A@X", "11"), (2, None, "22"), (3, "C@X", None), (4, "d@x", "44")]
ALL = "SELECT id, email, phone FROM users ORDER BY id"
LEFT = [(1, "a@x"), (2, None)]
ALONE = {
    "postgresql": "-- instar:backup table=users columns=email\n-- instar:idempotent\nVACUUM users;",
    "mariadb": "-- instar:backup table=users columns=email\nALTER TABLE users ADD COLUMN more INTEGER;\n"
    "ALTER TABLE users DROP COLUMN more;",
    "sqlite": "",
}
SERVERS = {"postgresql": "postgresql-15", "mariadb": "mariadb", "sqlite": "sqlite"}
CALLS = {"postgresql": 56, "mariadb": 92, "sqlite": 48}


@dataclass(frozen=True, slots=True)
class Ground:
    engine: str
    url: str
    folder: Path

    def fill(self) -> None:
        query(self.url, "CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(20), phone VARCHAR(20))")
        for number, email, phone in ROWS:
            values = ", ".join("NULL" if value is None else f"'{value}'" for value in (email, phone))
            query(self.url, f"INSERT INTO users (id, email, phone) VALUES ({number}, {values})")

    def run(self, action: str, at: int = -1, moment: str = "before", record: Path | None = None) -> int:
        return Order(self.engine, self.url, self.folder, action, at, moment, record=record).carry_out().returncode

    def finish(self, action: str) -> None:
        with Migrator(self.url, directory=self.folder) as migrator:
            migrator.up(wait_lock=30) if action == "up" else migrator.down(to="0", wait_lock=30)

    def backups(self) -> list[tuple[int, int]]:
        table = "instar.backups" if self.engine == "postgresql" else "instar_backups"
        return query(self.url, f"SELECT number, kept_rows FROM {table} ORDER BY number")


@pytest.fixture
def ground(fresh: Callable[[str], str], tmp_path: Path) -> Callable[[str], Ground]:
    def make(engine: str) -> Ground:
        folder = tmp_path / "migrations"
        folder.mkdir()
        (folder / "20240101000001_kept.sql").write_text(MIGRATION.format(alone=ALONE[engine]))
        made = Ground(engine, fresh(SERVERS[engine]), folder)
        made.fill()
        return made

    return make


def cases(action: str) -> list[tuple[str, str, str, int]]:
    return [
        (engine, action, moment, number)
        for engine, calls in CALLS.items()
        for number in range(calls)
        for moment in ("before", "during")
    ]


def broken(made: Ground, action: str, moment: str, number: int, tmp_path: Path) -> None:
    """Break a run at its call with that number; a run that has fewer calls is not broken."""
    calls = tmp_path / "calls.json"
    code = made.run(action, number, moment, calls)
    assert code == -SIGKILL or (code == 0 and len(json.loads(calls.read_text())) <= number)


@pytest.mark.parametrize("engine", list(CALLS))
def test_the_matrix_reaches_every_call(ground: Callable[[str], Ground], tmp_path: Path, engine: str) -> None:
    made, record = ground(engine), tmp_path / "calls.json"
    for action in ("up", "down", "up"):
        assert made.run(action, record=record) == 0
        assert len(json.loads(record.read_text())) <= CALLS[engine], action


@pytest.mark.crash(sample=40)
@pytest.mark.parametrize(("engine", "action", "moment", "number"), cases("up"))
def test_an_up_that_is_killed_keeps_all_rows(
    ground: Callable[[str], Ground], tmp_path: Path, engine: str, action: str, moment: str, number: int
) -> None:
    made = ground(engine)
    broken(made, action, moment, number, tmp_path)
    made.finish("up")
    assert query(made.url, "SELECT id, email FROM users ORDER BY id") == LEFT
    kept = [rows for _, rows in made.backups()]
    assert kept == ([3, 4, 2] if engine == "sqlite" else [3, 4, 4, 2])
    made.finish("down")
    assert query(made.url, ALL) == ROWS


@pytest.mark.crash(sample=40)
@pytest.mark.parametrize(("engine", "action", "moment", "number"), cases("down"))
def test_a_down_that_is_killed_restores_all_rows(
    ground: Callable[[str], Ground], tmp_path: Path, engine: str, action: str, moment: str, number: int
) -> None:
    made = ground(engine)
    made.finish("up")
    broken(made, action, moment, number, tmp_path)
    made.finish("down")
    assert query(made.url, ALL) == ROWS


@pytest.mark.crash(sample=20)
@pytest.mark.parametrize(("engine", "action", "moment", "number"), cases("up"))
def test_an_up_after_a_down_that_is_killed_keeps_the_rows_of_its_own_time(
    ground: Callable[[str], Ground], tmp_path: Path, engine: str, action: str, moment: str, number: int
) -> None:
    made = ground(engine)
    made.finish("up")
    made.finish("down")
    query(made.url, "UPDATE users SET email = 'NEW' WHERE id = 4")
    broken(made, action, moment, number, tmp_path)
    made.finish("up")
    made.finish("down")
    assert query(made.url, ALL) == [*ROWS[:3], (4, "NEW", "44")]
