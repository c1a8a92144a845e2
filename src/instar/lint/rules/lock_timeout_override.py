"""The script gives up the lock time-out that keeps the application from queueing behind it.

instar waits a tenth of a second for a lock, then lets everybody pass and tries again. A script that sets lock_timeout
to 0 or to many seconds takes that away: while it waits for an old transaction, every query on the table waits behind
it.

Safe when: what follows takes no lock that stops anybody; the time-out is a second at most.
"""

import re
from collections.abc import Iterator

from instar.effects import LockMode
from instar.lint import around
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "transaction"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql",)
ON = ("",)
DOWN = True
SETUP = "CREATE TABLE orders (id bigint PRIMARY KEY);"
BAD = """
SET lock_timeout = 0;
ALTER TABLE orders ADD COLUMN note text;
"""
GOOD = """
SET lock_timeout = '500ms';
ALTER TABLE orders ADD COLUMN note text;
"""
PROOF = Proof("style")

_LONGEST = 1.0
_SET = re.compile(
    r"(?:set\s+(?:session\s+|local\s+)?lock_timeout\s*(?:=|\bto\b)|"
    r"select\s+(?:pg_catalog\s*\.\s*)?set_config\s*\(\s*'lock_timeout'\s*,)\s*(?P<value>'[^']*'|[\w.]+)",
    re.IGNORECASE,
)
_VALUE = re.compile(r"'?\s*(\d+(?:\.\d+)?)\s*(us|ms|s|min|h|d)?\s*'?$", re.IGNORECASE)
_UNITS = {"us": 1e-6, "ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


def check(look: Look) -> Iterator[Finding]:
    """Flag a time-out that is none, or too long, before something that blocks."""
    if "lock_timeout" not in look.effect.text.lower():
        return
    match = _SET.match(look.effect.text)
    seconds = _seconds(match["value"]) if match else None
    if match is None or seconds is None or 0 < seconds <= _LONGEST:
        return
    blocked = "" if look.depth else _blocked(look)
    if not blocked and not look.depth:
        return
    shown = look.name(blocked) if blocked else "the tables that it changes"
    waits = "for ever" if not seconds else f"up to {seconds:g} s"
    yield look.finding(
        f"every query on {shown} may wait {waits} behind this migration",
        why=f"with lock_timeout at {match['value']} the migration queues for its lock on {shown}, and later queries "
        "queue behind it",
        advice="leave the time-out to instar, which tries again, or keep it at a second or less",
        relation=blocked,
        start=match.start("value"),
        end=match.end("value"),
    )


def _seconds(value: str) -> float | None:
    """Return a time-out in seconds; a bare number is in milliseconds. None for DEFAULT and what is not a time."""
    found = _VALUE.match(value)
    return float(found[1]) * _UNITS[(found[2] or "ms").lower()] if found else None


def _blocked(look: Look) -> str:
    """Return the first existing table that a later statement locks against reads or writes."""
    made = set(look.unit.created)
    for _, effect in around.ahead(look):
        for lock in effect.locks:
            if lock.kind == "table" and lock.mode >= LockMode.SHARE and lock.relation not in made:
                return lock.relation
        made |= set(effect.creates)
    return ""
