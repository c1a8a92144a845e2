"""The analysis of PostgreSQL's statements against what servers do: every kind of statement, on every version."""

from collections.abc import Iterator

import measured as suite
import pytest
from measured import Measured

from conftest import POSTGRESQL, Servers
from instar.catalog import Table
from instar.effects import Verdict, verdict


@pytest.fixture(scope="module", params=POSTGRESQL)
def measured(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Measured]:
    with suite.measured(servers, request.param, "truth") as found:
        yield found


def test_the_server_takes_and_refuses_what_the_cases_say(measured: Measured) -> None:
    suite.the_server_takes_and_refuses_what_the_cases_say(measured)


def test_with_the_live_catalog_every_verdict_is_right(measured: Measured) -> None:
    suite.with_the_live_catalog_every_verdict_is_right(measured)


def test_with_the_replayed_model_nearly_every_verdict_is_right(measured: Measured) -> None:
    suite.with_the_replayed_model_nearly_every_verdict_is_right(measured)


def test_with_the_live_catalog_nothing_is_unknown(measured: Measured) -> None:
    results = measured.score(measured.live).results
    assert [item.case.name for item in results if verdict(item.said) is Verdict.UNKNOWN] == []


def test_the_model_knows_of_every_relation_what_the_live_catalog_does(measured: Measured) -> None:
    assert sorted(measured.model.tables) == sorted(measured.live.tables)
    for part in (kinds, columns, indexes, constraints, families):
        found = {name: part(table) for name, table in measured.model.tables.items()}
        assert found == {name: part(table) for name, table in measured.live.tables.items()}, part.__name__


def kinds(table: Table) -> object:
    return table.kind, table.persistence, table.populated, sorted(table.sources)


def columns(table: Table) -> object:
    if table.kind in {"view", "materialized view"}:
        return [item.name for item in table.columns]
    return [(c.name, c.type, c.nullable, bool(c.default), c.identity, c.generated, c.proof) for c in table.columns]


def indexes(table: Table) -> object:
    return sorted(
        (i.name, i.columns, i.unique, i.primary, sorted(i.uses), i.method, i.constraint) for i in table.indexes
    )


def constraints(table: Table) -> object:
    return sorted(
        (c.name, c.kind, c.validated, c.enforced, sorted(c.not_null), c.references)
        for c in table.constraints
        if c.kind != "not null" or not c.validated
    )


def families(table: Table) -> object:
    return table.parent, table.inherited, table.default, table.triggers, table.rls


def test_the_model_knows_types_and_functions(measured: Measured) -> None:
    for name, found in measured.live.types.items():
        known = measured.model.types[name]
        assert (known.kind, known.labels, known.base, known.constrained) == (
            found.kind, found.labels, found.base, found.constrained,
        )  # fmt: skip
    for name, function in measured.live.functions.items():
        knows = measured.model.functions[name]
        assert (knows.volatility, knows.constant) == (function.volatility, function.constant)
