"""Foreign data wrappers, servers, user mappings."""

from collections.abc import Iterator

from instar.dialects.postgresql.writing import _common as common
from instar.snapshot import Object, Snapshot

KINDS = ("foreign data wrapper", "server", "user mapping")


def creating(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield CREATE SERVER and the like."""
    facts = item.facts
    if item.kind == "user mapping":
        yield f"CREATE USER MAPPING FOR {item.name}{common.fdw_options(facts)}"
        return
    parts = [f"CREATE {common.word(item.kind)} {item.name}"]
    if item.kind == "server":
        parts += [f" {name.upper()} {facts[name]}" for name in ("type", "version") if name in facts]
        parts.append(f" FOREIGN DATA WRAPPER {facts['wrapper']}")
    else:
        parts += [f" {name.upper()} {facts[name]}" for name in ("handler", "validator") if name in facts]
    yield "".join(parts) + common.fdw_options(facts)
    yield from common.finishing(item, whole)


def dropping(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield DROP SERVER and the like."""
    del whole
    word = "USER MAPPING FOR" if item.kind == "user mapping" else common.word(item.kind)
    yield f"DROP {word} {item.name}"


def altering(before: Object, after: Object, whole: Snapshot) -> list[str] | None:
    """Return what changes options, a server's version, a wrapper's functions."""
    if common.others(before, after, ("fdw option ", "version", "handler", "validator")):
        return None
    was, becomes = before.facts, after.facts
    word = "USER MAPPING FOR" if after.kind == "user mapping" else common.word(after.kind)
    head = f"ALTER {word} {after.name}"
    found = []
    if was.get("version") != becomes.get("version"):
        found.append(f"{head} VERSION {becomes.get('version', 'NULL')}")
    found += [
        f"{head} {name.upper()} {becomes[name]}" if name in becomes else f"{head} NO {name.upper()}"
        for name in ("handler", "validator")
        if was.get(name) != becomes.get(name)
    ]
    found += common.changed_fdw_options(head, was, becomes)
    return [*found, *([] if after.kind == "user mapping" else common.finished(before, after, whole))]
