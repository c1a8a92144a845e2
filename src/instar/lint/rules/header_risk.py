"""The header claims a lower risk than the migration has.

`risk_level` decides how many people look at a migration. instar reckons it by the standards' classification, refined by
what is known of the tables; a claim below that is a mistake, or news that belongs into the review.

Safe when: the claim is at least what was reckoned, or there is none.
"""

from collections.abc import Iterator

from instar.judgement import Level
from instar.lint import headers
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "hygiene"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql", "mysql", "mariadb", "sqlite")
ON = ("migration",)
SETUP = "CREATE TABLE users (id bigint PRIMARY KEY, email varchar(100));"
BAD = """-- /// migration
-- risk_level = "low"
-- ///
DROP TABLE users;
"""
GOOD = """-- /// migration
-- risk_level = "high"
-- ///
DROP TABLE users;
"""
PROOF = Proof("style")

_LEVELS = tuple(level.value for level in Level)


def check(look: Look) -> Iterator[Finding]:
    """Compare the claim with what was reckoned."""
    claim = look.migration.header.risk_level.strip().lower()
    if not claim:
        return
    if claim not in _LEVELS:
        message = f"risk_level = {look.migration.header.risk_level!r} is no level"
        yield from headers.finding(look, message, key="risk_level", advice="say low, medium or high")
        return
    found = headers.reckoned(look)
    if _LEVELS.index(claim) >= _LEVELS.index(found.level.value):
        return
    reasons = headers.worst(found)
    unknown = reasons[0].unknown if all(reason.unknown for reason in reasons) else ""
    yield from headers.finding(
        look,
        f'risk_level = "{claim}", and the risk is {found.level}',
        key="risk_level",
        why="; ".join(reason.text for reason in reasons),
        advice=f'risk_level = "{found.level}"',
        unknown=unknown,
    )
