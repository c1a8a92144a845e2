"""Triggers, rules, policies and event triggers."""

from collections.abc import Iterator

from instar.dialects.postgresql.writing import _common as common
from instar.snapshot import Object, Snapshot

KINDS = ("trigger", "rule", "policy", "event trigger")
_STATES = {"DISABLED": "DISABLE", "REPLICA": "ENABLE REPLICA", "ALWAYS": "ENABLE ALWAYS", "ENABLED": "ENABLE"}


def creating(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield CREATE TRIGGER and the like; of a partition's clone only the state is its own."""
    facts = item.facts
    if item.kind == "policy":
        yield _policy(item)
    elif item.kind == "event trigger":
        yield _event_trigger(item)
    elif "definition" in facts:
        yield facts["definition"].rstrip().removesuffix(";")
    if "enabled" in facts:
        yield _state(item)
    yield from common.finishing(item, whole)


def dropping(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield DROP TRIGGER and the like."""
    del whole
    if item.kind == "event trigger":
        yield f"DROP EVENT TRIGGER {item.name}"
    elif "inherited" in item.facts:
        yield _state(Object(item.kind, item.name, item.of))
    else:
        yield f"DROP {common.word(item.kind)} {common.local(item)} ON {common.relation(item)}"


def altering(before: Object, after: Object, whole: Snapshot) -> list[str] | None:
    """Return what switches it on or off; anything else makes it anew."""
    if common.others(before, after, ("enabled",)):
        return None
    differs = before.facts.get("enabled") != after.facts.get("enabled")
    return [*([_state(after)] if differs else []), *common.finished(before, after, whole)]


def _state(item: Object) -> str:
    word = _STATES[item.facts.get("enabled", "ENABLED")]
    if item.kind == "event trigger":
        return f"ALTER EVENT TRIGGER {item.name} {word}"
    table = "FOREIGN TABLE" if item.of.startswith("foreign table ") else "TABLE"
    return f"ALTER {table} {common.relation(item)} {word} {common.word(item.kind)} {common.local(item)}"


def _policy(item: Object) -> str:
    facts = item.facts
    parts = [f"CREATE POLICY {common.local(item)} ON {common.relation(item)}"]
    if "permissive" in facts:
        parts.append(f"AS {facts['permissive']}")
    if "command" in facts:
        parts.append(f"FOR {facts['command']}")
    if "roles" in facts:
        parts.append(f"TO {facts['roles']}")
    if "using" in facts:
        parts.append(f"USING {_in_parentheses(facts['using'])}")
    if "check" in facts:
        parts.append(f"WITH CHECK {_in_parentheses(facts['check'])}")
    return " ".join(parts)


def _in_parentheses(expression: str) -> str:
    return f"({expression})"


def _event_trigger(item: Object) -> str:
    facts = item.facts
    tags = f" WHEN TAG IN ({facts['tags']})" if "tags" in facts else ""
    function = facts["function"].removesuffix("()")
    return f"CREATE EVENT TRIGGER {item.name} ON {facts['event']}{tags} EXECUTE FUNCTION {function}()"
