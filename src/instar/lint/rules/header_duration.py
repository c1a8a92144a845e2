"""The header's `estimated_duration` is not what the sizes of the tables give.

An estimate decides when a migration is run. Where sizes are known (live catalog), the time is reckoned from the rows
and from the rates that this database's own log shows; a claim of less than a third of that is flagged. A text that is
no duration ("a while") says nothing to anybody.

Safe when: the claim is at least a third of what is reckoned; sizes are not known; there is no claim.
"""

from collections.abc import Iterator

from instar.lint import headers
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity
from instar.spans import claimed, seconds

GROUP = "hygiene"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql", "mysql", "mariadb", "sqlite")
ON = ("migration",)
SETUP = "CREATE TABLE users (id bigint PRIMARY KEY, points int);"
BAD = """-- /// migration
-- estimated_duration = "a while"
-- ///
ALTER TABLE users ADD COLUMN note varchar(100);
"""
GOOD = """-- /// migration
-- estimated_duration = "30 seconds"
-- ///
ALTER TABLE users ADD COLUMN note varchar(100);
"""
PROOF = Proof("style")

_CLOSE = 3.0


def check(look: Look) -> Iterator[Finding]:
    """Compare the claim with the estimate."""
    text = look.migration.header.estimated_duration
    if not text:
        return
    claim, found = claimed(text), headers.reckoned(look).duration
    if claim is None:
        message = f"estimated_duration = {text!r} is no duration"
        advice = 'say "30 seconds", "5 minutes" or "2 hours"'
        yield from headers.finding(look, message, key="estimated_duration", advice=advice)
    elif found is not None and claim * _CLOSE < found.low:
        lasting = seconds(found.low, found.high)
        yield from headers.finding(
            look,
            f'estimated_duration = "{text}", and it takes about {lasting}',
            key="estimated_duration",
            why=found.basis,
            advice=f'estimated_duration = "{lasting}"',
        )
