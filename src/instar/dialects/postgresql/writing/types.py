"""Enums, domains, ranges, composite and base types."""

import re
from collections.abc import Iterator

from instar.dialects.postgresql.writing import _common as common
from instar.snapshot import Object, Snapshot

KINDS = ("enum", "domain", "range", "type")
_RANGE = ("subtype_opclass", "collation", "canonical", "subtype_diff", "multirange_type_name")
_LABEL = re.compile(r"'(?:[^']|'')*'")


def creating(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield CREATE TYPE or CREATE DOMAIN; a domain's checks are constraints of their own."""
    facts = item.facts
    if item.kind == "enum":
        yield f"CREATE TYPE {item.name} AS ENUM ({facts.get('labels', '')})"
    elif item.kind == "range":
        rest = "".join(f", {name.upper()} = {facts[name]}" for name in _RANGE if name in facts)
        yield f"CREATE TYPE {item.name} AS RANGE (SUBTYPE = {facts['subtype']}{rest})"
    elif item.kind == "domain":
        yield _domain(item)
        if "not null comment" in facts:
            on = f"{_not_null(item)} ON DOMAIN {item.name}"
            yield f"COMMENT ON CONSTRAINT {on} IS {common.literal(facts['not null comment'])}"
    elif "definition" in facts:
        yield facts["definition"]
    else:
        yield f"CREATE TYPE {item.name} AS ({_attributes(item, whole)})"
    yield from common.finishing(item, whole)


def dropping(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield DROP TYPE; a base type takes its functions along, which need it as it needs them."""
    circular = any(item.key in whole[need].needs for need in item.needs if need in whole)
    yield f"DROP {common.word(item.kind)} {item.name}{' CASCADE' if circular else ''}"


def altering(before: Object, after: Object, whole: Snapshot) -> list[str] | None:
    """Return new labels of an enum, another default or NOT NULL of a domain; a label that goes has no statement."""
    known = {"enum": ("labels",), "domain": ("default", "not null", "not null name", "not null comment")}
    if common.others(before, after, known.get(after.kind, ())):
        return None
    found: list[str] = []
    if before.facts.get("labels") != after.facts.get("labels"):
        labels = _new_labels(before, after)
        if labels is None:
            return None
        found += labels
    if after.kind == "domain":
        found += _altered_domain(before, after)
    return [*found, *common.finished(before, after, whole)]


def _domain(item: Object) -> str:
    facts = item.facts
    parts = [f"CREATE DOMAIN {item.name} AS {facts['type']}"]
    if "collation" in facts:
        parts.append(f"COLLATE {facts['collation']}")
    if "default" in facts:
        parts.append(f"DEFAULT {facts['default']}")
    if "not null" in facts:
        named = f"CONSTRAINT {facts['not null name']} " if "not null name" in facts else ""
        parts.append(f"{named}NOT NULL")
    return " ".join(parts)


def _not_null(item: Object) -> str:
    bare = item.name.rpartition(".")[2].strip('"')
    return item.facts.get("not null name", f'"{bare}_not_null"')


def _altered_domain(before: Object, after: Object) -> Iterator[str]:
    was, becomes, head = before.facts, after.facts, f"ALTER DOMAIN {after.name}"
    if was.get("default") != becomes.get("default"):
        yield f"{head} SET DEFAULT {becomes['default']}" if "default" in becomes else f"{head} DROP DEFAULT"
    if (was.get("not null"), was.get("not null name")) != (becomes.get("not null"), becomes.get("not null name")):
        if "not null" in was:
            yield f"{head} DROP NOT NULL"
        if "not null name" in becomes:
            yield f"{head} ADD CONSTRAINT {becomes['not null name']} NOT NULL"
        elif "not null" in becomes:
            yield f"{head} SET NOT NULL"
    if was.get("not null comment") != becomes.get("not null comment") and "not null" in becomes:
        comment = common.literal(becomes["not null comment"]) if "not null comment" in becomes else "NULL"
        yield f"COMMENT ON CONSTRAINT {_not_null(after)} ON DOMAIN {after.name} IS {comment}"


def _attributes(item: Object, whole: Snapshot) -> str:
    found = [part for part in whole.parts.get(item.key, ()) if part.kind == "attribute"]
    ordered = sorted(found, key=lambda part: int(part.facts["position"]))
    return ", ".join(_attribute(part) for part in ordered)


def _attribute(part: Object) -> str:
    collation = f" COLLATE {part.facts['collation']}" if "collation" in part.facts else ""
    return f"{common.local(part)} {part.facts['type']}{collation}"


def _new_labels(before: Object, after: Object) -> list[str] | None:
    """Return ADD VALUE for each label that is new; None where one goes or they change places."""
    old, new = _LABEL.findall(before.facts.get("labels", "")), _LABEL.findall(after.facts.get("labels", ""))
    if [label for label in new if label in old] != old:
        return None
    found = []
    for place, label in enumerate(new):
        if label in old:
            continue
        where = f" AFTER {new[place - 1]}" if place else f" BEFORE {old[0]}" if old else ""
        found.append(f"ALTER TYPE {after.name} ADD VALUE {label}{where}")
    return found
