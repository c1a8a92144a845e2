"""How fast a database works is learned from its own execution log."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from instar import dialects
from instar.lint.engine import Linter
from instar.linting import Request, rates
from instar.migrator import Migrator
from instar.model import Attempt, Migration, Script

UP = "CREATE TABLE users (id bigint PRIMARY KEY, email text);\nCREATE INDEX idx_users_email ON users (email);\n"
CHANGE = "UPDATE users SET email = lower(email);\n"
FIRST, SECOND = (Migration(str(number), "m", "m", up=(Script(text, "m"),)) for number, text in enumerate((UP, CHANGE)))


def attempt(version: str, index: int, seconds: float, **more: object) -> Attempt:
    record = {"index": index, "line": index + 1, "ms": seconds * 1000, **more}
    return Attempt(1, version, "apply", "completed", context={"statements": [record]})


def learned(*attempts: Attempt) -> dict[str, tuple[float, float]]:
    dialect = dialects.load("postgresql")
    schema = dialect.schema()
    list(Linter(dialect, schema).judge([FIRST], wanted=()))
    schema.put(replace(schema.tables["users"], rows=1e6))
    rates.learn(schema, attempts, [FIRST, SECOND], dialect)
    return schema.rates


def test_an_update_is_counted_by_the_rows_that_the_log_has() -> None:
    slow, fast = learned(attempt("1", 0, 2, rows=400_000))["change of rows"]

    assert slow < 200_000 < fast


def test_an_index_is_counted_by_the_rows_of_its_table() -> None:
    assert learned(attempt("0", 1, 2), attempt("0", 1, 4)) == {"text index": (250_000, 500_000)}


@pytest.mark.parametrize(
    "one",
    [
        attempt("1", 0, 0.01, rows=400),
        attempt("1", 0, 2),
        attempt("1", 5, 2, rows=400),
        attempt("9", 0, 2, rows=400),
        Attempt(1, "1", "apply", "failed", context={"statements": [{"index": 0, "line": 1, "ms": 5000, "rows": 9}]}),
        Attempt(1, "1", "apply", "completed", context={"text": "not ours"}),
        Attempt(1, "1", "apply", "completed", context={"statements": ["what", {"ms": "is"}, {}]}),
    ],
)
def test_what_says_nothing_teaches_nothing(one: Attempt) -> None:
    assert learned(one) == {}


@given(st.lists(st.floats(1, 1e9), min_size=1, max_size=30))
def test_the_range_lies_among_what_was_measured(found: list[float]) -> None:
    slow, fast = rates.spread(found)

    assert slow <= fast
    assert slow >= min(found) / 1.5
    assert fast <= max(found) * 1.5


def test_a_live_database_is_judged_by_its_own_rates(postgres: str, tmp_path: Path) -> None:
    (tmp_path / "20240101000000_a.sql").write_text(
        "CREATE TABLE a (id int, note text);\nINSERT INTO a SELECT n, 'x' FROM generate_series(1, 200000) n;\n"
        "ANALYZE a;\n"
    )
    (tmp_path / "20240102000000_b.sql").write_text("UPDATE a SET note = note || pg_sleep(0.25)::text WHERE id = 1;\n")
    with Migrator(postgres, directory=tmp_path) as migrator:
        migrator.up()
    (tmp_path / "20240103000000_c.sql").write_text("UPDATE a SET note = 'y';\n")
    with Migrator(postgres, directory=tmp_path) as migrator:
        (judged,) = migrator.lint(Request(live=True)).judged

    assert judged.risk is not None
    assert judged.risk.duration is not None
    assert "learned from this database" in judged.risk.duration.basis
