"""A rule's own file, read for people: its docstring, its examples, and what the tests see of them on a server."""

from collections.abc import Iterator

from instar import registry
from instar.judgement import About
from instar.lint import rules
from instar.lint.engine import UNREADABLE, catalogue, docs
from instar.lint.rule import Proof

_SEEN = {
    "work": "On a real server the first does work over the rows of `{subject}` while it holds a lock that blocks; "
    "the second does not.",
    "lock": "On a real server the first locks `{subject}` as strongly as {lock}; the second locks it less.",
    "held": "On a real server the first holds a blocking lock on `{subject}` while another statement works; the "
    "second does not.",
    "fails": "On a real server the first is refused ({subject}); the second runs.",
    "breaks": "On a real server this works before, fails after the first, and still works after the second: "
    "`{subject}`",
    "changes": "On a real server this gives other rows after the first, and the same after the second: `{subject}`",
    "shows": "On a real server this query of the catalog gives rows after the first, and none after the second: "
    "`{subject}`",
    "algorithm": "On a real server the first cannot run with `ALGORITHM={subject}`; the second can.",
    "undone": "On a real server this gives other rows after the first and its `down`, the same after the second and "
    "its own: `{subject}`",
    "style": "",
}
_UNREADABLE = About(
    UNREADABLE,
    "hygiene",
    "error",
    "A file cannot be cut into statements, a statement is no SQL, or `instar up` would refuse the transactions.",
    "A string, a comment or a dollar quote is not closed, or a directive is not understood: then nothing in the file "
    "has been judged. Or PostgreSQL's own parser finds a mistake in a statement, of which nothing is known then. Or a "
    "BEGIN has no COMMIT, there is a ROLLBACK, or what cannot run in a transaction (CREATE INDEX "
    "CONCURRENTLY) stands inside one: then the statements have been judged as if BEGIN and COMMIT were not there. "
    "`instar up` would refuse the file for the same reason. It is also what is said of a statement, or a rule, that "
    "instar itself stumbles over.",
    ("postgresql", "mysql", "mariadb", "sqlite"),
    bad="CREATE TABLE notes (body text DEFAULT 'it is not closed);",
    good="CREATE TABLE notes (body text DEFAULT 'it is closed');",
)


def about(name: str) -> About:
    """Return what there is to say of a rule. Raises UsageError when there is none of this name."""
    if name == UNREADABLE:
        return _UNREADABLE
    registry.load(rules, name)
    rule = catalogue()[name]
    summary, text = docs(rule)  # type: ignore[arg-type]
    return About(
        name,
        rule.GROUP,
        rule.SEVERITY.value if rule.SEVERITY else "off",
        summary,
        text,
        rule.DIALECTS,
        getattr(rule, "VERSIONS", (None, None)),
        getattr(rule, "SETUP", "").strip(),
        rule.BAD.strip(),
        rule.GOOD.strip(),
        seen(rule.PROOF),
        getattr(rule, "FIXED", False),
    )


def everything() -> Iterator[About]:
    """Yield all rules by name."""
    yield from (about(name) for name in sorted([*registry.names(rules), UNREADABLE]))


def seen(proof: Proof) -> str:
    """Say what the tests see on a real server; "" where there is nothing to see."""
    return _SEEN[proof.kind].format(subject=proof.subject, lock=proof.lock)
