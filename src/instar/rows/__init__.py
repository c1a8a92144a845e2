"""Rows for empty tables, and the content of tables compared.

`fill` puts rows into every empty table; `make` puts some into one table, for tests; `fingerprints` sums up what all
tables hold, and `compare` names what differs between two such sums.
"""

from instar.rows.factory import make
from instar.rows.filling import Filled, Part, fill
from instar.rows.fingerprint import Difference, Fingerprints, compare, fingerprints

__all__ = ["Difference", "Filled", "Fingerprints", "Part", "compare", "fill", "fingerprints", "make"]
