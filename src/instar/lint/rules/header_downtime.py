"""The header says that no downtime is needed, and reads and writes of a table stop for seconds.

Reckoned from the sizes in the live catalog: a lock that stops reads is held for more than two seconds of work.

Safe when: the work takes less, or nobody waits for it; sizes are not known (then it cannot be told).
"""

from collections.abc import Iterator

from instar.lint import headers
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "hygiene"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql",)
ON = ("migration",)
SETUP = "CREATE TABLE users (id bigint PRIMARY KEY, points int);"
COUNTS = {"users": 50_000_000}
BAD = """-- /// migration
-- requires_downtime = false
-- ///
ALTER TABLE users ADD COLUMN key uuid NOT NULL DEFAULT gen_random_uuid();
"""
GOOD = """-- /// migration
-- requires_downtime = false
-- ///
ALTER TABLE users ADD COLUMN note varchar(100);
"""
PROOF = Proof("style")


def check(look: Look) -> Iterator[Finding]:
    """Compare the claim with the time that reads wait."""
    if look.migration.header.requires_downtime is not False:
        return
    found = headers.reckoned(look)
    if not found.downtime:
        return
    blocked = [reason.text for reason in found.reasons if reason.hazard == "blocks-reads"]
    yield from headers.finding(
        look,
        "requires_downtime = false, and the application stops",
        key="requires_downtime",
        why="; ".join(blocked),
        advice="make the change in steps that block nobody, or say requires_downtime = true",
    )
