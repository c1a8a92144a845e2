"""The analysis of PostgreSQL's statements on a schema, and with statements, that were written apart from it.

A shop and its blog in several schemas, with names in capitals, and what teams and testers run against it. The result
of some statements hangs on the planner or on a table being empty; these are kept and counted like every other.
"""

from collections.abc import Iterator

import measured as suite
import pytest
from measured import Measured

from conftest import POSTGRESQL, Servers
from instar.effects import Verdict


@pytest.fixture(scope="module", params=POSTGRESQL)
def measured(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Measured]:
    with suite.measured(servers, request.param, "truth_independent") as found:
        yield found


def test_the_server_takes_and_refuses_what_the_cases_say(measured: Measured) -> None:
    suite.the_server_takes_and_refuses_what_the_cases_say(measured)


def test_with_the_live_catalog_every_verdict_is_right(measured: Measured) -> None:
    suite.with_the_live_catalog_every_verdict_is_right(measured)


def test_with_the_live_catalog_nothing_is_unknown(measured: Measured) -> None:
    results = measured.score(measured.live).results
    assert [item.case.sql for item in results if item.verdict is Verdict.UNKNOWN] == []


def test_with_the_replayed_model_nearly_every_verdict_is_right(measured: Measured) -> None:
    suite.with_the_replayed_model_nearly_every_verdict_is_right(measured)


def test_nothing_that_the_server_takes_is_called_an_error(measured: Measured) -> None:
    for schema in (measured.live, measured.model):
        called = [f"{item.case.sql}: {item.said.error}" for item in measured.score(schema).results if item.said.error]
        assert called == []
