"""What every suite of measured truth is held to: the analysis on the live catalog, and on the replayed model."""

from collections.abc import Iterator
from contextlib import contextmanager

import truth
from truth import Case, Observed, Score

from conftest import Servers
from instar.catalog import Schema

LEAST_LOCKS = 0.99


class Measured:
    """One version's server: what was seen there, and the two schemas that the analysis may know."""

    def __init__(self, url: str, version: int, suite: str) -> None:
        truth.load(url, version, suite)
        self.version = version
        self.live = truth.live(url)
        self.model = truth.replayed(version, suite)
        self.seen: list[tuple[Case, Observed]] = truth.observed(url, version, suite)

    def score(self, schema: Schema) -> Score:
        return truth.score(self.seen, schema)


@contextmanager
def measured(servers: Servers, name: str, suite: str) -> Iterator[Measured]:
    """Measure a suite on a fresh database of a server."""
    with servers.postgresql(name).fresh() as url:
        yield Measured(url, int(name.removeprefix("postgresql-")), suite)


def the_server_takes_and_refuses_what_the_cases_say(found: Measured) -> None:
    wrong = [f"{case.name}: {seen.error}" for case, seen in found.seen if bool(seen.error) is not case.refused]
    assert wrong == []


def with_the_live_catalog_every_verdict_is_right(found: Measured) -> None:
    score, text = _scored(found, found.live, "live catalog")
    assert score.locks >= LEAST_LOCKS, text
    assert score.index_locks >= LEAST_LOCKS, text
    assert score.recall == 1, text
    assert score.precision == 1, text


def with_the_replayed_model_nearly_every_verdict_is_right(found: Measured) -> None:
    score, text = _scored(found, found.model, "replayed model")
    assert score.locks >= LEAST_LOCKS, text
    assert score.index_locks >= LEAST_LOCKS, text
    assert score.recall >= 0.98, text
    assert score.precision >= 0.95, text


def _scored(found: Measured, schema: Schema, what: str) -> tuple[Score, str]:
    """Return the score, and it with every disagreement: what `pytest -s` prints, and what a failure shows."""
    score = found.score(schema)
    text = "\n".join([f"PostgreSQL {found.version}, {what}: {score.line()}", *truth.disagreements(score)])
    print(text)  # noqa: T201 - for `pytest -s`
    return score, text
