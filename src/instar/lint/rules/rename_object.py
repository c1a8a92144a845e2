"""A new name for an enum value, type, function, sequence or schema, or a move to another schema, breaks its users.

The released application writes the old label, casts to the old type, calls the old function, or looks for the table
where it was. Make the new one beside the old one and drop the old one when no release uses it; for a table in another
schema, a view in the old place does it.

Safe when: this migration has created the object.
"""

from collections.abc import Iterator

from instar.effects import Change
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "compatibility"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql",)
ON = ("rename enum value", "rename type", "rename schema", "rename object", "move table", "move object")
SETUP = """CREATE TYPE status AS ENUM ('open', 'done');
CREATE TABLE orders (id bigint PRIMARY KEY, status status);
"""
BAD = "ALTER TYPE status RENAME VALUE 'done' TO 'closed';"
GOOD = "ALTER TYPE status ADD VALUE 'closed';"
PROOF = Proof("breaks", "SELECT id FROM orders WHERE status = 'done'")

_SILENT = frozenset({"index", "constraint", "trigger", "policy", "rule", "statistics"})
"""Names that no query of an application uses."""


def check(look: Look) -> Iterator[Finding]:
    """Flag a name that a released application uses."""
    change = look.change
    if change is None or change.flags & _SILENT or _new(look, change):
        return
    old, new = _names(look, change)
    yield look.finding(
        f"the released application asks for {old}, which is {new} from now on",
        why=f"what it says about {old} fails until the next release runs everywhere; going back fails too",
        advice=_advice(change, old, new),
    )


def _new(look: Look, change: Change) -> bool:
    created = look.unit.created
    if change.relation in created:
        return True
    names = {change.relation, change.name}
    return any(
        item.kind.startswith("create ") and names & {item.relation, item.name} - {""}
        for effect in look.unit.effects
        for item in effect.changes
    )


def _names(look: Look, change: Change) -> tuple[str, str]:
    if change.kind == "rename enum value":
        owner = look.name(change.name)
        return f"{change.text!r} of {owner}", f"{change.new_name!r}"
    old = look.name(change.relation or change.name)
    new = look.name(change.new_name) if change.new_name else "in another place"
    return old, new


def _advice(change: Change, old: str, new: str) -> str:
    if change.kind == "rename enum value":
        return f"add {new} as a value of its own, write it from the next release on, then change the rows in batches"
    if change.kind == "move table":
        return f"put a view in the old place of {old}, in the same transaction, with the rights of the table"
    return f"make {new} beside {old}, and drop {old} when no release uses it"
