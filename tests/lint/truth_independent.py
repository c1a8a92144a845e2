"""A second suite of measured truth, written without looking at the analysis: another schema, other habits.

A shop and its blog in several schemas, with names in capitals, and what teams and testers run against it. The result
of some statements hangs on the planner or on a table being empty; these are kept and counted like every other.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import truth
from truth import Case, Observed, Score

from conftest import Servers
from instar.catalog import Schema

SUITE = "truth_independent"


class Measured:
    """One version's server: what was seen there, and the two schemas that the analysis may know."""

    def __init__(self, url: str, version: int) -> None:
        truth.load(url, version, SUITE)
        self.version = version
        self.live = truth.live(url)
        self.model = truth.replayed(version, SUITE)
        self.seen: list[tuple[Case, Observed]] = truth.observed(url, version, SUITE)

    def score(self, schema: Schema) -> Score:
        return truth.score(self.seen, schema)


@contextmanager
def measured(servers: Servers, name: str) -> Iterator[Measured]:
    """Measure the suite on a fresh database of a server."""
    with servers.postgresql(name).fresh() as url:
        yield Measured(url, int(name.removeprefix("postgresql-")))


def without_absent(score: Score) -> Score:
    """Leave out the statements that name, with IF EXISTS, what is not there: only the live catalog knows that."""
    return Score(tuple(item for item in score.results if not item.case.absent), score.refusals)
