"""money has two decimal places and the currency of whoever looks at it.

What it holds is shown, and read back, by the session's lc_monetary: the same value is $12.50 here and 12,50 € there.
Fractions of a cent are rounded off. numeric with a currency column beside it says what is meant.
"""

from instar.lint.around import COLUMNS_MADE, of_type
from instar.lint.rule import Proof
from instar.model import Severity

GROUP = "design"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql",)
ON = ("migration",)
NEEDS = COLUMNS_MADE
BAD = """CREATE TABLE prices (id bigint PRIMARY KEY, amount money NOT NULL);
INSERT INTO prices (id, amount) VALUES (1, 0.125::numeric::money);
"""
GOOD = """CREATE TABLE prices (id bigint PRIMARY KEY, amount numeric(12,3) NOT NULL);
INSERT INTO prices (id, amount) VALUES (1, 0.125);
"""
PROOF = Proof("shows", "SELECT id FROM prices WHERE amount::numeric <> 0.125")

check = of_type(
    lambda kind: kind == "money",
    "{name} is money: it rounds to cents, and its currency is that of whoever looks at it",
    why="what it shows depends on the lc_monetary of the session",
    advice="make {name} numeric, with a currency column beside it",
)
