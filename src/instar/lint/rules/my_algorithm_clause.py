"""ALTER TABLE without ALGORITHM= lets the server fall back to a copy of the table without a word.

What is INSTANT on the developer's server may be a COPY in production: another version, another row format, a FULLTEXT
index, 64 instant changes already. With the clause the server refuses instead, at once and at no cost.

Where the clause asks for less than the server can do, the statement fails: that is an error here.

Safe when: the table is new in this migration; the change is one that no version copies a table for (a default, a
dropped index or constraint); it stands in a `down`.
"""

from collections.abc import Iterator

from instar.lint import online_ddl
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Fix, Severity

GROUP = "blocking"
SEVERITY = Severity.INFO
DIALECTS = ("mysql", "mariadb")
ON = ("",)
DOWN = True
SETUP = "CREATE TABLE orders (id INT PRIMARY KEY);"
BAD = "ALTER TABLE orders ADD COLUMN note VARCHAR(50);"
GOOD = "ALTER TABLE orders ADD COLUMN note VARCHAR(50), ALGORITHM=INSTANT;"
PROOF = Proof("style")
FIXED = True

_NEVER_COPY = frozenset({"drop index", "rename index", "set default", "drop default", "drop constraint"})
_SILENT = frozenset({
    "rename table", "add partition", "drop partition", "truncate partition", "change partitions", "rebuild table",
    "other",
})  # fmt: skip


def check(look: Look) -> Iterator[Finding]:
    """Suggest the clause that keeps the server from doing something dearer."""
    effect = look.effect
    first = next(iter(effect.changes), None)
    if first is None or effect.verb not in {"ALTER TABLE", "CREATE INDEX", "DROP INDEX"} or not effect.algorithm:
        return
    table = look.name(first.relation)
    if "is not supported" in effect.error:
        yield look.finding(
            f"the server refuses this for {table}: {effect.error}",
            why="the clause asks for a cheaper way than there is",
            advice="split the statement, or find another way than this change",
            severity=Severity.ERROR,
            relation=first.relation,
        )
        return
    if effect.error or effect.algorithm == "COPY" or look.new(first.relation) or _said(look) or _sure(look):
        return
    yield look.finding(
        f"nothing keeps the server from copying {table}",
        why=f"without ALGORITHM= it takes whatever way it finds, and a copy makes writes to {table} wait",
        advice=f"ask for {online_ddl.clause(look)}: the server then refuses anything dearer",
        fix=None if look.depth else Fix(online_ddl.with_clause(look), same=True),
        relation=first.relation,
    )


def _sure(look: Look) -> bool:
    """Whether nobody needs to be told: in a `down`, and where no server copies the table."""
    return look.unit.up is not None or all(item.kind in _NEVER_COPY for item in look.effect.changes)


def _said(look: Look) -> bool:
    flags = {flag for change in look.effect.changes for flag in change.flags}
    kinds = {change.kind for change in look.effect.changes}
    unknown = any(work.unknown for work in look.effect.work)
    return unknown or bool(kinds & _SILENT) or any(flag.startswith("algorithm=") for flag in flags)
