"""`-- instar:ignore` that ignores nothing: no such rule, no statement below it, or nothing is found there.

What is ignored must be there. A directive that has lost its finding hides the next one, which nobody has thought about;
one whose rule is misspelt has never ignored anything.

Safe when: the rule was not looked for, because it is off, for another engine, or left out by `--rule`; or the migration
was judged on a live catalog, which clears findings that hold elsewhere.
"""

from collections.abc import Iterator

from instar.lint import suppress
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "hygiene"
SEVERITY = Severity.WARNING
DIALECTS = ("postgresql", "mysql", "mariadb", "sqlite")
ON = ("findings",)
DOWN = True
BAD = """\
-- instar:ignore drop-table: nobody reads it
CREATE TABLE parcels (id bigint PRIMARY KEY);"""
GOOD = "CREATE TABLE parcels (id bigint PRIMARY KEY);"
PROOF = Proof("style")


def check(look: Look) -> Iterator[Finding]:
    """Flag a directive for each of its rules that has found nothing there."""
    for ignore in suppress.of_section(look.migration, look.unit.section, look.unit.statements, look.unit.effects):
        for name in ignore.names:
            message = _said(look, ignore, name)
            if message:
                yield look.finding(message, advice=_advice(name), place=ignore.place)


def _said(look: Look, ignore: suppress.Ignore, name: str) -> str:
    if name not in suppress.known():
        return f"there is no rule {name!r} to ignore"
    if name in suppress.ALWAYS:
        return f"{name} cannot be ignored"
    if ignore.statement is None and not ignore.first:
        return f"no statement follows for which {name} could be ignored"
    if name not in look.ran or look.schema.live:
        return ""
    covered = any(finding.rule == name and ignore.covers(finding, look.unit.statements) for finding in look.found)
    return "" if covered else f"{name} finds nothing here to ignore"


def _advice(name: str) -> str:
    from instar.registry import did_you_mean

    known = suppress.known()
    hint = did_you_mean(name, sorted(known))
    return hint if name not in known and "did you mean" in hint else "take the directive out"
