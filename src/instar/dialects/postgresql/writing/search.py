"""Text search: parsers, templates, dictionaries, configurations."""

from collections.abc import Iterator

from instar.dialects.postgresql.writing import _common as common
from instar.snapshot import Object, Snapshot

KINDS = (
    "text search configuration", "text search dictionary", "text search parser", "text search template",
)  # fmt: skip


def creating(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield CREATE TEXT SEARCH ..., and a configuration's mappings."""
    facts, head = item.facts, f"CREATE {common.word(item.kind)} {item.name}"
    if "definition" in facts:
        yield facts["definition"]
    elif "template" in facts:
        yield f"{head} (TEMPLATE = {facts['template']}{', ' + facts['options'] if 'options' in facts else ''})"
    else:
        yield f"{head} (PARSER = {facts['parser']})"
        yield from _mappings(Object(item.kind, item.name), item)
    yield from common.finishing(item, whole)


def dropping(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield DROP TEXT SEARCH ..."""
    del whole
    yield f"DROP {common.word(item.kind)} {item.name}"


def altering(before: Object, after: Object, whole: Snapshot) -> list[str] | None:
    """Return what changes a configuration's mappings; a dictionary is made anew."""
    if common.others(before, after, ("mapping ",)):
        return None
    return [*_mappings(before, after), *common.finished(before, after, whole)]


def _mappings(before: Object, after: Object) -> Iterator[str]:
    head = f"ALTER TEXT SEARCH CONFIGURATION {after.name}"
    for name in common.differing(before.facts, after.facts, "mapping "):
        token = name.removeprefix("mapping ")
        if name in before.facts:
            yield f"{head} DROP MAPPING FOR {token}"
        if name in after.facts:
            yield f"{head} ADD MAPPING FOR {token} WITH {after.facts[name]}"
