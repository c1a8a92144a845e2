"""The analysis of PostgreSQL's statements against what servers do: every kind of statement, on every version."""

from collections.abc import Callable, Iterator

import pytest
import truth
from truth import Case, Observed, Score

from conftest import POSTGRESQL, Servers
from instar.catalog import Schema, Table
from instar.effects import Verdict, verdict

LEAST_LOCKS = 0.99


class Measured:
    """One version's server: what was seen there, and the two schemas that the analysis may know."""

    def __init__(self, url: str, version: int) -> None:
        truth.load(url, version)
        self.version = version
        self.live = truth.live(url)
        self.model = truth.replayed(version)
        self.seen: list[tuple[Case, Observed]] = truth.observed(url, version)

    def score(self, schema: Schema) -> Score:
        return truth.score(self.seen, schema)


@pytest.fixture(scope="module", params=POSTGRESQL)
def measured(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Measured]:
    with servers.postgresql(request.param).fresh() as url:
        yield Measured(url, int(request.param.removeprefix("postgresql-")))


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


def test_with_the_replayed_model_nearly_every_verdict_is_right(measured: Measured) -> None:
    score = measured.score(measured.model)
    text = told(score, f"PostgreSQL {measured.version}, replayed model")
    assert score.locks >= LEAST_LOCKS, text
    assert score.index_locks >= LEAST_LOCKS, text
    assert score.recall >= 0.98, text
    assert score.precision >= 0.95, text


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


Fresh = Callable[[str], str]


def test_the_model_knows_types_and_functions(measured: Measured) -> None:
    for name, found in measured.live.types.items():
        known = measured.model.types[name]
        assert (known.kind, known.labels, known.base, known.constrained) == (
            found.kind, found.labels, found.base, found.constrained,
        )  # fmt: skip
    for name, function in measured.live.functions.items():
        knows = measured.model.functions[name]
        assert (knows.volatility, knows.constant) == (function.volatility, function.constant)
