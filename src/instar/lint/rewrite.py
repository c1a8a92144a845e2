"""The same ALTER TABLE in steps that do not stop the application: pieces that rules make their rewrites of."""

import re
from collections.abc import Iterable, Iterator

from instar.effects import ROWS, Change, LockMode, Work, WorkKind
from instar.lint.look import Look
from instar.model import Fix

LONGEST = 63
"""Bytes of a name that PostgreSQL keeps (NAMEDATALEN - 1)."""
NOT_NULL_CONSTRAINTS = 18
"""The first PostgreSQL in which NOT NULL is a constraint that can be NOT VALID."""

_APART = frozenset({"replica identity", "set clustered", "validate constraint", "alter constraint", "inherit"})
"""What may need the constraint that is taken out of the statement."""
_COMMENT = re.compile(r"--|/\*")
_ADD = re.compile(r"add\s+(?:constraint\s+(?:\"(?:[^\"]|\"\")+\"|[\w$]+)\s+)?", re.IGNORECASE)
_NAMED = re.compile(r"constraint\s+(?:\"(?:[^\"]|\"\")+\"|[\w$]+)\s+", re.IGNORECASE)


def doubt(work: Iterable[Work], kinds: Iterable[WorkKind] = ROWS) -> str | None:
    """Say whether work of these kinds is done: "" for certain, the fact that decides it, or None for no."""
    wanted = frozenset(kinds)
    found = [item.unknown for item in work if item.kind in wanted]
    if not found:
        return None
    return "" if not all(found) else found[0]


def idle(look: Look) -> bool:
    """Whether nobody waits for the change: the table is new, empty or small, or the code is only stored."""
    return look.effect.stored or look.new() or look.small()


def name(look: Look, identifier: str) -> str:
    """Write the name of a column, a constraint or an index (without its schema) in SQL."""
    return look.dialect.quote(identifier) if "." in identifier else look.name(identifier)


def names(look: Look, identifiers: Iterable[str]) -> str:
    """Write a list of names in SQL."""
    return ", ".join(name(look, item) for item in identifiers)


def free_name(look: Look, *parts: str) -> str:
    """Make a name for a helper that no constraint of the table has, as long as PostgreSQL keeps it."""
    whole = "_".join(part.rpartition(".")[2] for part in parts)
    made = whole if len(whole.encode()) <= LONGEST else whole.encode()[: LONGEST - 4].decode(errors="ignore") + "_tmp"
    taken = {item.name for item in look.table().constraints}
    number = 1
    while made in taken:
        number += 1
        made = f"{made.encode()[: LONGEST - 3].decode(errors='ignore')}_{number}"
    return made


def inline(look: Look, change: Change) -> Change | None:
    """Return the ADD COLUMN inside which a constraint stands, None for one that stands by itself."""
    return next(
        (
            item
            for item in look.effect.changes
            if item.kind == "add column" and item is not change and item.start < change.start < item.end
        ),
        None,
    )


def head(look: Look) -> str:
    """Return what the statement begins with: "ALTER TABLE orders"."""
    start = min((item.start for item in look.effect.changes), default=0)
    text = look.part(0, start).rstrip()
    return text if text and not _COMMENT.search(text) else head_plain(look)


def body(look: Look, change: Change) -> str:
    """Return the subcommand's own text, without ADD and without a constraint's name: "CHECK (total > 0)"."""
    text = look.part(change.start, change.end)
    match = _ADD.match(text) or _NAMED.match(text)
    return text[match.end() :].strip() if match else text


def rest(look: Look, change: Change) -> list[str]:
    """Return the statement without this change: none when nothing is left."""
    text = look.effect.text
    if inline(look, change) is not None:
        return [f"{text[: change.start].rstrip()}{text[change.end :]}".rstrip()]
    spans = [(first, last) for first, last in _spans(look.effect.changes) if not first <= change.start < last]
    if not spans:
        return []
    return [f"{head(look)} " + ", ".join(text[first:last] for first, last in spans)]


def _spans(changes: Iterable[Change]) -> Iterator[tuple[int, int]]:
    """Yield the spans of the subcommands; one that stands inside another one belongs to it."""
    end = 0
    for first, last in sorted({(item.start, item.end) for item in changes}, key=lambda span: (span[0], -span[1])):
        if first >= end:
            end = last
            yield first, last


def separable(look: Look, change: Change) -> bool:
    """Whether the rest of the statement can run before this change, and the outcome is the same for certain."""
    if look.depth or not change.end or re.search(r"\bonly\b", head(look), re.IGNORECASE):
        return False
    others = [item for item in look.effect.changes if item is not change]
    return not any(_needs(item, change) for item in others)


def _needs(other: Change, change: Change) -> bool:
    if other.kind in _APART:
        return True
    return other.constraint is not None and other.constraint.references == change.relation


def waiting(mode: LockMode) -> str:
    """Say who waits for a lock, in front of the name of what is locked: "writes to"."""
    return f"{mode.blocks} of" if mode is LockMode.ACCESS_EXCLUSIVE else f"{mode.blocks} to"


def steps(statements: Iterable[str], *, same: bool) -> Fix:
    """Make a fix of statements that each need a transaction of their own."""
    return Fix("\n".join(f"{item.rstrip().removesuffix(';')};" for item in statements), same=same, segments=True)


def not_null(look: Look, columns: Iterable[str], table: str = "") -> list[str]:
    """Return the steps that make columns NOT NULL while readers and writers go on."""
    made: list[str] = []
    for column in columns:
        made += _not_null(look, column, table or f"ALTER TABLE {look.name()}")
    return made


def _not_null(look: Look, column: str, start: str) -> list[str]:
    table = look.table()
    written = name(look, column)
    known = table.column(column)
    if known is not None and known.proof:
        return [f"{start} VALIDATE CONSTRAINT {name(look, known.proof)}"]
    if look.version >= NOT_NULL_CONSTRAINTS:
        made = name(look, free_name(look, table.name, column, "not_null"))
        return [f"{start} ADD CONSTRAINT {made} NOT NULL {written} NOT VALID", f"{start} VALIDATE CONSTRAINT {made}"]
    final = f"{start} ALTER COLUMN {written} SET NOT NULL"
    proof = next((item for item in table.constraints if column in item.not_null and item.enforced), None)
    if proof is not None:
        return [*([] if proof.validated else [f"{start} VALIDATE CONSTRAINT {name(look, proof.name)}"]), final]
    check = name(look, free_name(look, "chk", table.name, column, "not_null"))
    return [
        f"{start} ADD CONSTRAINT {check} CHECK ({written} IS NOT NULL) NOT VALID",
        f"{start} VALIDATE CONSTRAINT {check}",
        final,
        f"{start} DROP CONSTRAINT {check}",
    ]


def by_index(look: Look, change: Change, kind: str) -> list[str] | None:
    """Return the steps that add a unique constraint or a primary key by an index built CONCURRENTLY.

    None where there is no such way: a partitioned table, or a clause that USING INDEX does not take.
    """
    constraint = change.constraint
    if constraint is None or look.table().kind == "partitioned":
        return None
    clauses = _clauses(look, change, kind)
    if clauses is None:
        return None
    before, after = clauses
    made = name(look, constraint.name)
    return [
        f"CREATE UNIQUE INDEX CONCURRENTLY {made} ON {look.name()} ({names(look, constraint.columns)}){before}",
        f"{head_plain(look)} ADD CONSTRAINT {made} {kind} USING INDEX {made}{after}",
    ]


_CLAUSES = re.compile(
    r"(?:unique|primary\s+key)\s*(?P<nulls>nulls\s+(?:not\s+)?distinct)?\s*(?:\([^()]*\))?"
    r"\s*(?P<include>include\s*\([^()]*\))?\s*(?P<with>with\s*\([^()]*\))?"
    r"\s*(?P<rest>(?:(?:not\s+)?deferrable|initially\s+(?:deferred|immediate)|\s)*)$",
    re.IGNORECASE,
)


def _clauses(look: Look, change: Change, kind: str) -> tuple[str, str] | None:
    """Return what goes behind the index's columns, and what behind USING INDEX."""
    del kind
    match = _CLAUSES.match(body(look, change))
    if match is None:
        return None
    before = [match[word] for word in ("include", "nulls", "with") if match[word]]
    return "".join(f" {item}" for item in before), f" {match['rest'].strip()}".rstrip()


def head_plain(look: Look) -> str:
    """Return "ALTER TABLE orders", whatever else the statement says."""
    return f"ALTER TABLE {look.name()}"


def rewritten(look: Look, change: Change) -> bool:
    """Whether the column of an inline constraint makes PostgreSQL write the table anew: that is the greater evil."""
    column = inline(look, change)
    return column is not None and any(item.kind is WorkKind.REWRITE and not item.unknown for item in column.work)


def why_anew(look: Look, change: Change, unknown: str) -> str:
    """Say why a change writes the table anew, and who waits; or what decides whether it does (see `doubt`)."""
    if unknown:
        return f"whether the rows of {look.name()} stay as they are depends on {unknown}"
    reason = next(item.reason for item in change.work if item.kind is WorkKind.REWRITE)
    return f"{reason}; an ACCESS EXCLUSIVE lock on {look.name()} lasts until every index is built again"


def on_partitions(look: Look, change: Change) -> list[str]:
    """Return the steps that build an index of a partitioned table while writers go on; [] when none are known."""
    leaves = [item for item in look.schema.children(change.relation) if item.kind == "table"]
    if change.index is None or len(leaves) != len(list(look.schema.children(change.relation))):
        return []
    clause = look.effect.text[change.end :].strip()
    unique = "UNIQUE " if change.index.unique else ""
    parent = look.name(change.name)
    made = [f"CREATE {unique}INDEX {parent.rpartition('.')[2]} ON ONLY {look.name()} {clause}"]
    for leaf in leaves:
        index = free_name(look, leaf.name, *(item or "expr" for item in change.index.columns), "idx")
        schema, dot, _ = leaf.name.rpartition(".")
        written = look.name(f"{schema}{dot}{index}")
        made += [
            f"CREATE {unique}INDEX CONCURRENTLY {name(look, index)} ON {look.name(leaf.name)} {clause}",
            f"ALTER INDEX {parent} ATTACH PARTITION {written}",
        ]
    return made if leaves else []
