"""How MySQL and MariaDB carry out a change, for the rules about it."""

from instar.effects import Change, LockMode, Work, WorkKind
from instar.lint.look import Look

SERVERS = ("mysql", "mariadb")


def rewrite(change: Change | None) -> Work | None:
    """Return the work of writing every row anew, if the change does that."""
    return next((item for item in change.work if item.kind is WorkKind.REWRITE), None) if change is not None else None


def combined(look: Look) -> Work | None:
    """Return the rewrite that only the combination of a statement's changes asks for, at the first of them."""
    changes = look.effect.changes
    if not changes or look.change is not changes[0] or any(rewrite(change) for change in changes):
        return None
    return next((item for item in look.effect.work if item.kind is WorkKind.REWRITE), None)


def copies(change: Change) -> bool:
    """Whether the server copies the table for it."""
    return "copy" in change.flags


def writes_wait(change: Change) -> bool:
    """Whether writes wait as long as it works."""
    return any(lock.mode is LockMode.SHARE and lock.relation == change.relation for lock in change.locks)


def places(change: Change) -> bool:
    """Whether it costs what it costs because a column gets a place of its own."""
    return change.kind in {"add column", "modify column"} and bool(change.flags & {"first", "after"})


def listing(change: Change) -> bool:
    """Whether it redefines an ENUM or a SET."""
    return change.column is not None and change.column.type.startswith(("enum(", "set("))


def clause(look: Look) -> str:
    """Return the clause that makes the server refuse rather than do something dearer."""
    algorithm = look.effect.algorithm
    if algorithm == "INSTANT":
        return "ALGORITHM=INSTANT"
    waits = any(lock.mode is LockMode.SHARE for lock in look.effect.locks)
    return f"ALGORITHM={algorithm}, LOCK={'SHARED' if waits else 'NONE'}"


def with_clause(look: Look) -> str:
    """Return the statement with that clause at its end."""
    text = look.effect.text.rstrip()
    if look.effect.verb == "ALTER TABLE":
        return f"{text}, {clause(look)};"
    return f"{text} {clause(look).replace(',', '')};"
