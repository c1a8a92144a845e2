"""What rules about headers share: the claim, what was reckoned, and the finding at the claim."""

from collections.abc import Iterator

from instar.judgement import Reason, Risk
from instar.lint import risk
from instar.lint.look import Look
from instar.model import Finding, Place


def reckoned(look: Look) -> Risk:
    """Return the risk of the migration that is looked at."""
    return risk.of(look.unit, look.dialect, look.options)


def foreseen(look: Look) -> bool:
    """Whether all that the migration does is known: neither Python, nor SQL that is built while it runs."""
    return not any(reason.hazard in {"unforeseen", "refused"} for reason in reckoned(look).reasons)


def worst(found: Risk) -> list[Reason]:
    """Return the reasons that give a migration its level."""
    return list(found.worst)


def finding(
    look: Look, message: str, *, key: str = "", why: str = "", advice: str = "", unknown: str = ""
) -> Iterator[Finding]:
    """Yield a finding at a key of the header; without one at its first line, or that of a file that has none."""
    places = dict(look.migration.claims)
    place = places.get(key) or places.get("") or Place(look.migration.path, 1)
    yield look.finding(message, why=why, advice=advice, unknown=unknown, place=place)
