"""Views and materialized views."""

from collections.abc import Iterator

from instar.dialects.postgresql.writing import _common as common
from instar.snapshot import Object, Snapshot

KINDS = ("view", "materialized view")


def creating(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield CREATE VIEW with the names of its columns. A materialized view is filled with what its query gives."""
    facts = item.facts
    names = [common.local(part) for part in _columns(item, whole)]
    again = "OR REPLACE " if item.kind == "view" and whole.reaches(item.key, item.key) else ""
    parts = [f"CREATE {again}{common.word(item.kind)} {item.name}", f" ({', '.join(names)})" if names else ""]
    if "access method" in facts:
        parts.append(f" USING {facts['access method']}")
    if with_options := common.options(facts):
        parts.append(f" WITH ({with_options})")
    if "tablespace" in facts:
        parts.append(f" TABLESPACE {facts['tablespace']}")
    yield "".join(parts) + f" AS\n{facts['definition'].strip().removesuffix(';')}"
    yield from common.finishing(item, whole)


def shell(item: Object, whole: Snapshot) -> str:
    """Return a view with the same columns and no query: what its query needs may need the view."""
    columns = [f"NULL::{part.facts['type']} AS {common.local(part)}" for part in _columns(item, whole)]
    return f"CREATE OR REPLACE VIEW {item.name} AS\nSELECT {', '.join(columns)}"


def _columns(item: Object, whole: Snapshot) -> list[Object]:
    columns = [part for part in whole.parts.get(item.key, ()) if part.kind == "column"]
    return sorted(columns, key=lambda part: int(part.facts["position"]))


def dropping(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield DROP VIEW."""
    del whole
    yield f"DROP {common.word(item.kind)} {item.name}"


def altering(before: Object, after: Object, whole: Snapshot) -> list[str] | None:
    """Return what changes a view's options; another query makes it anew."""
    if common.others(before, after, ("option ", "tablespace", "access method")):
        return None
    was, becomes = before.facts, after.facts
    head = f"ALTER {common.word(after.kind)} {after.name}"
    found = list(common.changed_options(head, was, becomes))
    if was.get("tablespace") != becomes.get("tablespace"):
        found.append(f"{head} SET TABLESPACE {becomes.get('tablespace', 'pg_default')}")
    if was.get("access method") != becomes.get("access method"):
        found.append(f"{head} SET ACCESS METHOD {becomes.get('access method', 'heap')}")
    return [*found, *common.finished(before, after, whole)]
