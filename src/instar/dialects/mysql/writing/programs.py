"""Functions, procedures, triggers and events."""

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from instar.dialects.mysql.writing.session import within
from instar.dialects.mysql.writing.text import literal
from instar.snapshot import Object, Snapshot


def creating(item: Object, whole: Snapshot) -> tuple[str, ...]:  # noqa: ARG001 - the contract
    """Return CREATE, in a session like that of the first making."""
    return within(_moded(item), f"CREATE {_program(item)}")


def adding(item: Object, whole: Snapshot) -> tuple[str, ...]:
    """Return the same for a trigger of a table that is there: where another one moved, it is there already."""
    if whole.dialect == "mysql" or "follows" not in item.facts:
        return creating(item, whole)
    return within(_moded(item), f"CREATE OR REPLACE {_program(item)}")


def altering(before: Object, after: Object, whole: Snapshot) -> tuple[str, ...] | None:
    """Return CREATE OR REPLACE, which keeps grants; MySQL does not know it.

    A trigger that is made anew is the last one: those that follow it are made after it.
    """
    if whole.dialect == "mysql" or before.of != after.of:
        return None
    statements = list(within(_moded(after), f"CREATE OR REPLACE {_program(after)}"))
    for item in _following(after, whole):
        statements += within(_moded(item), f"CREATE OR REPLACE {_program(item)}")
    return tuple(statements)


def _following(item: Object, whole: Snapshot) -> Iterator[Object]:
    """Yield the triggers behind this one, in their order."""
    same = (item.facts.get("timing"), item.facts.get("event"))
    triggers = [part for part in whole.parts.get(item.of, ()) if part.kind == "trigger"]
    name = item.name if item.kind == "trigger" else ""
    while name:
        after = [part for part in triggers if part.facts.get("follows") == name]
        found = [part for part in after if (part.facts.get("timing"), part.facts.get("event")) == same]
        yield from found
        name = found[0].name if found else ""


def _moded(item: Object) -> Object:
    """Say the empty mode, too: the session's own would be kept else."""
    return replace(item, facts={"sql mode": "", **item.facts})


def _program(item: Object) -> str:
    facts = item.facts
    definer = f"DEFINER={facts['definer']} " if "definer" in facts else ""
    if item.kind == "trigger":
        return f"{definer}TRIGGER {item.name} {_trigger(item)}"
    if item.kind == "event":
        return f"{definer}EVENT {item.name} {_event(facts)}"
    return f"{definer}{_routine(item)}"


def _trigger(item: Object) -> str:
    facts, table = item.facts, item.of.removeprefix("table ")
    follows = f" FOLLOWS {facts['follows']}" if "follows" in facts else ""
    return f"{facts['timing']} {facts['event']} ON {table} FOR EACH ROW{follows}\n{facts['body']}"


def _event(facts: Mapping[str, str]) -> str:
    parts = [f"ON SCHEDULE {facts['schedule']}"]
    parts += [f"{word.upper()} {facts[word]}" for word in ("starts", "ends") if word in facts]
    parts.append(f"ON COMPLETION {facts.get('on completion', 'NOT PRESERVE')} {facts.get('status', 'ENABLE')}")
    if "comment" in facts:
        parts.append(f"COMMENT {literal(facts['comment'])}")
    return f"{' '.join(parts)} DO\n{facts['body']}"


def _routine(item: Object) -> str:
    facts = item.facts
    aggregate = "AGGREGATE " if "aggregate" in facts else ""
    word = "RETURN" if "ORACLE" in facts.get("sql mode", "").split(",") else "RETURNS"
    returns = f" {word} {facts['returns']}" if "returns" in facts else ""
    heading = f"{aggregate}{item.kind.upper()} {item.name}({facts.get('parameters', '')}){returns}"
    return "\n".join([heading, *_characteristics(facts), facts["body"]])


def _characteristics(facts: Mapping[str, str]) -> Iterator[str]:
    if "data access" in facts:
        yield facts["data access"]
    if "deterministic" in facts:
        yield "DETERMINISTIC"
    if "security" in facts:
        yield f"SQL SECURITY {facts['security']}"
    if "comment" in facts:
        yield f"COMMENT {literal(facts['comment'])}"
