"""Views and sequences."""

from instar.dialects.mysql.writing.session import within
from instar.dialects.mysql.writing.text import literal
from instar.snapshot import Object, Snapshot


def creating(item: Object, whole: Snapshot) -> tuple[str, ...]:  # noqa: ARG001 - the contract
    """Return CREATE VIEW, in a session like that of its making."""
    return within(item, f"CREATE {_view(item)}")


def altering(before: Object, after: Object, whole: Snapshot) -> tuple[str, ...]:  # noqa: ARG001 - the contract
    """Return CREATE OR REPLACE VIEW."""
    return within(after, f"CREATE OR REPLACE {_view(after)}")


def _view(item: Object) -> str:
    facts = item.facts
    columns = f" ({facts['columns']})" if "columns" in facts else ""
    option = f" WITH {facts['check option']} CHECK OPTION" if "check option" in facts else ""
    algorithm, security = facts.get("algorithm", "UNDEFINED"), facts.get("security", "DEFINER")
    definer = f" DEFINER={facts['definer']}" if "definer" in facts else ""
    heading = f"ALGORITHM={algorithm}{definer} SQL SECURITY {security} VIEW"
    return f"{heading} {item.name}{columns} AS {facts['definition']}{option}"


def creating_sequence(item: Object, whole: Snapshot) -> tuple[str, ...]:  # noqa: ARG001 - the contract
    """Return CREATE SEQUENCE."""
    facts = item.facts
    kind = f" AS {facts['type']}" if "type" in facts else ""
    comment = f" COMMENT={literal(facts['comment'])}" if "comment" in facts else ""
    engine = f" ENGINE={facts['engine']}" if "engine" in facts else ""
    return (f"CREATE SEQUENCE {item.name}{kind} START WITH {facts['start']} {_bounds(item)}{comment}{engine}",)


def _bounds(item: Object) -> str:
    facts = item.facts
    cycle = "CYCLE" if "cycle" in facts else "NOCYCLE"
    limits = f"MINVALUE {facts['minimum']} MAXVALUE {facts['maximum']}"
    return f"{limits} INCREMENT BY {facts['increment']} CACHE {facts['cache']} {cycle}"


def altering_sequence(before: Object, after: Object, whole: Snapshot) -> tuple[str, ...] | None:  # noqa: ARG001
    """Return ALTER SEQUENCE, which leaves the sequence where it is; None for another type or comment."""
    changed = {name for name in {*before.facts, *after.facts} if before.facts.get(name) != after.facts.get(name)}
    if changed & {"type", "comment"}:
        return None
    engine = (f"ALTER TABLE {after.name} ENGINE={after.facts['engine']}",) if "engine" in changed else ()
    if changed == {"engine"}:
        return engine
    return (f"ALTER SEQUENCE {after.name} START WITH {after.facts['start']} {_bounds(after)}", *engine)
