"""What `instar verify` found: a table for people, a document for programs."""

from collections import Counter

from instar.model import Action
from instar.render._table import table
from instar.verification import Status, Verification

_DONE = {Action.APPLY: "applied", Action.ROLLBACK: "rolled back"}


def text(found: Verification) -> str:
    """Return a line per check, and one that sums them up."""
    rows = [(item.status.value, item.check, item.message) for item in found.checks]
    return "\n".join([f"{found.version} {found.name}, {_DONE[found.action]}", *table(rows), summary(found)])


def short(found: Verification) -> str:
    """Return the same in one line where all is well, else with what is not."""
    rows = [(item.status.value, item.check, item.message) for item in found.checks if item.status is not Status.PASS]
    head = f"{_head(found)} {found.version}: {summary(found)}"
    return "\n".join([head, *(f"  {line}" for line in table(rows))])


def summary(found: Verification) -> str:
    """Return "5 passed, 1 failed"."""
    words = {
        Status.PASS: "passed",
        Status.FAIL: "failed",
        Status.ERROR: "could not be carried out",
        Status.NOT_CHECKED: "not checked",
    }
    numbers = Counter(item.status for item in found.checks)
    return ", ".join(f"{numbers[status]} {word}" for status, word in words.items() if numbers[status])


def document(found: Verification) -> dict[str, object]:
    """Return what `--json` writes."""
    return {
        "version": found.version,
        "name": found.name,
        "action": found.action.value,
        "passed": not (found.failed or found.erroneous),
        "checks": [
            {"check": item.check, "status": item.status.value, "message": item.message} for item in found.checks
        ],
        "seconds": round(found.seconds, 3),
    }


def _head(found: Verification) -> str:
    return "verified" if not (found.failed or found.erroneous) else "NOT as it should be:"
