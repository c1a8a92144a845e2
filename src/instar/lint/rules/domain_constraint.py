"""A constraint of a domain is checked in every table that uses the domain while nobody can write to them.

ALTER DOMAIN ... ADD CHECK, VALIDATE CONSTRAINT and SET NOT NULL lock every table with a column of the domain SHARE
and read all of them: writers wait, in all of these tables at once. ADD CONSTRAINT ... NOT VALID locks no table and
holds for new values at once. There is no way to validate it later without that lock; validate it in a quiet hour, or
leave it NOT VALID. A CHECK on each table can be validated without stopping anybody.

Safe when: NOT VALID; no table uses the domain; those that do are new, empty, or small by the live catalog.
"""

from collections.abc import Iterator

from instar.effects import Change
from instar.lint import rewrite
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Fix, Severity

GROUP = "blocking"
SEVERITY = Severity.ERROR
DIALECTS = ("postgresql",)
ON = ("alter domain",)
SETUP = """
CREATE DOMAIN amount AS integer;
CREATE TABLE payments (id bigint PRIMARY KEY, paid amount);
"""
ROWS = "INSERT INTO payments (id, paid) SELECT g, g FROM generate_series(1, 2000) AS g;"
BAD = "ALTER DOMAIN amount ADD CONSTRAINT chk_amount CHECK (VALUE > 0);"
GOOD = "ALTER DOMAIN amount ADD CONSTRAINT chk_amount CHECK (VALUE > 0) NOT VALID;"
PROOF = Proof("work", "payments")


def check(look: Look) -> Iterator[Finding]:
    """Flag a domain's constraint that is checked in tables."""
    change = look.change
    assert change is not None
    unknown = rewrite.doubt(change.work)
    tables = [key for key in change.others if not look.new(key) and not look.small(key)]
    if unknown is None or look.effect.stored or not (tables or unknown):
        return
    domain, names = look.name(change.name), ", ".join(look.name(key) for key in tables)
    if unknown:
        yield look.finding(
            f"writes to every table that uses {domain} wait while all of its values are checked",
            why="a SHARE lock on each of them lasts until the last row is read",
            advice=_advice(change),
            fix=_fix(look, change),
            unknown=unknown,
        )
        return
    yield look.finding(
        f"writes to {names} wait while every value of {domain} is checked",
        why=f"ALTER DOMAIN holds a SHARE lock on {names} until the last row is read",
        advice=_advice(change),
        fix=_fix(look, change),
        relation=tables[0],
    )


def _advice(change: Change) -> str:
    if "validate constraint" in change.flags:
        return "leave it NOT VALID, or validate it in a quiet hour: there is no other way for a domain"
    if "set not null" in change.flags:
        return "make the columns NOT NULL in their tables, each by a constraint that is validated"
    return "add it NOT VALID: it holds for new values, and no table is locked"


def _fix(look: Look, change: Change) -> Fix | None:
    if "add constraint" not in change.flags or look.depth:
        return None
    return Fix(f"{look.effect.text.rstrip().removesuffix(';')} NOT VALID;")
