"""REVOKE, a changed policy, row level security or another owner: the released application is allowed something else.

What it may not do any more fails with "permission denied"; rows that a policy hides are missing without an error. Off
by default: rights are often managed elsewhere, and what the application needs cannot be seen here.

Safe when: this migration has created the table.
"""

from collections.abc import Iterator

from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "compatibility"
SEVERITY: Severity | None = None
DIALECTS = ("postgresql",)
ON = ("revoke", "row security", "create policy", "alter policy", "drop policy", "set owner")
SETUP = """CREATE TABLE orders (id bigint PRIMARY KEY, total numeric(10,2));
GRANT SELECT ON orders TO PUBLIC;
"""
BAD = "REVOKE SELECT ON orders FROM PUBLIC;"
GOOD = "GRANT INSERT ON orders TO PUBLIC;"
PROOF = Proof(
    "shows",
    "SELECT 1 FROM pg_class WHERE relname = 'orders' "
    "AND NOT EXISTS (SELECT FROM aclexplode(relacl) WHERE grantee = 0 AND privilege_type = 'SELECT')",
)


def check(look: Look) -> Iterator[Finding]:
    """Flag a change of what roles are allowed on a table in use."""
    change = look.change
    if change is None or change.relation in look.unit.created:
        return
    relation = change.relation or next(iter(change.others), "")
    name = look.name(relation) if relation else "it"
    yield look.finding(
        f"roles of the released application are allowed something else on {name} from now on",
        why='what they may not do any more fails with "permission denied"; rows that a policy hides are just missing',
        advice=f"try the queries of the released application on {name} under its own role",
        relation=relation,
    )
