"""The analysis of PostgreSQL's statements on a schema, and with statements, that were written apart from it."""

from collections.abc import Iterator

import pytest
import truth
import truth_independent
from truth import Score
from truth_independent import Measured

from conftest import POSTGRESQL, Servers
from instar.effects import Verdict

LEAST_LOCKS = 0.99


@pytest.fixture(scope="module", params=POSTGRESQL)
def measured(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Measured]:
    with truth_independent.measured(servers, request.param) as found:
        yield found


def told(score: Score, what: str) -> str:
    """Return the score and every disagreement: what `pytest -s` prints, and what a failure shows."""
    text = "\n".join([f"{what}: {score.line()}", *truth.disagreements(score)])
    print(text)  # noqa: T201 - for `pytest -s`
    return text


def test_the_server_takes_and_refuses_what_the_cases_say(measured: Measured) -> None:
    wrong = [f"{case.name}: {seen.error}" for case, seen in measured.seen if bool(seen.error) is not case.refused]
    assert wrong == []


def test_with_the_live_catalog_every_verdict_is_right(measured: Measured) -> None:
    score = measured.score(measured.live)
    text = told(score, f"PostgreSQL {measured.version}, live catalog")
    assert score.locks >= LEAST_LOCKS, text
    assert score.index_locks >= LEAST_LOCKS, text
    assert score.recall == 1, text
    assert score.precision == 1, text
    assert all(item.verdict is not Verdict.UNKNOWN for item in score.results), text


def test_with_the_replayed_model_nearly_every_verdict_is_right(measured: Measured) -> None:
    score = measured.score(measured.model)
    text = told(score, f"PostgreSQL {measured.version}, replayed model")
    there = truth_independent.without_absent(score)
    told(there, f"PostgreSQL {measured.version}, replayed model, of what is there")
    assert there.locks >= LEAST_LOCKS, text
    assert there.index_locks >= LEAST_LOCKS, text
    assert score.recall >= 0.98, text
    assert score.precision >= 0.95, text


def test_nothing_that_the_server_takes_is_called_an_error(measured: Measured) -> None:
    for schema in (measured.live, measured.model):
        called = [f"{item.case.sql}: {item.said.error}" for item in measured.score(schema).results if item.said.error]
        assert called == []
