"""money has two decimal places and the currency of whoever looks at it.

What it holds is shown, and read back, by the session's lc_monetary: the same value is $12.50 here and 12,50 € there.
Fractions of a cent are rounded off. numeric with a currency column beside it says what is meant.
"""

from collections.abc import Iterator

from instar.lint.around import typed
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "design"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql",)
ON = ("migration",)
NEEDS = frozenset({"create table", "create table as", "add column", "change type", "modify column"})
BAD = """CREATE TABLE prices (id bigint PRIMARY KEY, amount money NOT NULL);
INSERT INTO prices (id, amount) VALUES (1, 0.125::numeric::money);
"""
GOOD = """CREATE TABLE prices (id bigint PRIMARY KEY, amount numeric(12,3) NOT NULL);
INSERT INTO prices (id, amount) VALUES (1, 0.125);
"""
PROOF = Proof("shows", "SELECT id FROM prices WHERE amount::numeric <> 0.125")


def check(look: Look) -> Iterator[Finding]:
    """Flag columns of type money."""
    for name, _, (start, end) in typed(look, lambda kind: kind == "money"):
        yield look.finding(
            f"{name} is money: it rounds to cents, and its currency is that of whoever looks at it",
            why="what it shows depends on the lc_monetary of the session",
            advice=f"make {name} numeric, with a currency column beside it",
            start=start,
            end=end,
        )
