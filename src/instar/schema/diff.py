"""Two snapshots compared: what was added, removed, changed, and which of it does not count. Pure."""

import re
from collections.abc import Callable, Iterable, Mapping

from instar.difference import POSITION, Change, Difference, Fact, What
from instar.schema import layout
from instar.snapshot import Object, Snapshot

__all__ = ["compare", "generated"]

ORDER = "order of columns"
NAMED = "a name that the server made"
LAYOUT = "white space and comments only"
TABLES = frozenset({"table", "partitioned table", "foreign table"})
_NAMED_BY_SERVER = frozenset({"constraint", "index", "sequence"})
_SUFFIX = re.compile(r"_(?:pkey|key|fkey|check|excl|idx|seq|not_null)\d*$")
_OTHERS = re.compile(r"^(?:CONSTRAINT_\d+|sqlite_autoindex_.*|.*_ibfk_\d+)$")
_TRUNCATED = 20
_WORD = re.compile(r'[\w$"]+')


def compare(before: Snapshot, after: Snapshot, labels: tuple[str, str] = ("before", "after")) -> Difference:
    """Say what turns `before` into `after`. What goes or comes with its owner is a part of that one's change.

    Benign is: another order of a table's columns, another name that the server made for the same thing, and white
    space or comments in the body of a function or a view. Positions that shift because a column is new or gone are no
    difference.
    """
    if before == after:
        return Difference((), labels)
    names = _renamed_by_server(before, after)
    changed = [_changed(before[key], after[key], before, after, names) for key in before if key in after]
    gone = _alone(before, after, What.REMOVED, names)
    new = _alone(after, before, What.ADDED, {value: key for key, value in names.items()})
    found = [*_hinted(gone, new, before, after), *(each for each in changed if each is not None)]
    return Difference(tuple(sorted(found, key=lambda change: (change.key, change.what))), labels)


def generated(name: str, owner: str) -> bool:
    """Whether a bare name looks as if the server made it for something of the table `owner` (a bare name)."""
    plain, table = name.strip('"'), owner.strip('"')
    if _OTHERS.match(plain):
        return True
    return plain.startswith(table[:_TRUNCATED]) and _SUFFIX.search(plain) is not None


def bare(name: str) -> str:
    """Return the last part of a name, without its schema and table."""
    return re.split(r'\.(?=(?:[^"]*"[^"]*")*[^"]*$)', name)[-1]


# Changed


def _changed(before: Object, after: Object, old: Snapshot, new: Snapshot, names: Mapping[str, str]) -> Change | None:
    facts = [
        fact
        for name in sorted({*before.facts, *after.facts})
        if (fact := _fact(name, before, after, old, new, names)) is not None
    ]
    if before.of != after.of and names.get(before.of) != after.of:
        facts.insert(0, Fact("belongs to", before.of, after.of))
    if not facts:
        return None
    reasons = dict.fromkeys(fact.benign for fact in facts)
    return Change(What.CHANGED, before, after, tuple(facts), benign="" if "" in reasons else "; ".join(reasons))


def _fact(
    name: str, before: Object, after: Object, old: Snapshot, new: Snapshot, names: Mapping[str, str]
) -> Fact | None:
    was, becomes = before.facts.get(name, ""), after.facts.get(name, "")
    if was == becomes and (name in before.facts) == (name in after.facts):
        return None
    if name == POSITION and before.kind == "column" and _kind_of(before, old) in TABLES:
        return Fact(name, was, becomes, ORDER) if _moved(before, old, new) else None
    return Fact(name, was, becomes, _reason(before, name, was, becomes, names))


def _kind_of(item: Object, whole: Snapshot) -> str:
    return whole[item.of].kind if item.of in whole else item.of.partition(" ")[0]


def _moved(column: Object, old: Snapshot, new: Snapshot) -> bool:
    """Whether a column stands elsewhere among those columns that its table has in both."""
    return _shared(column, old, new).index(column.key) != _shared(column, new, old).index(column.key)


def _shared(column: Object, whole: Snapshot, other: Snapshot) -> list[str]:
    columns = [part for part in whole.parts.get(column.of, ()) if part.kind == "column" and part.key in other]
    return [part.key for part in sorted(columns, key=lambda part: int(part.facts.get(POSITION, "0")))]


def _reason(item: Object, name: str, was: str, becomes: str, names: Mapping[str, str]) -> str:
    if _translated(was, names) == becomes:
        return NAMED
    if layout.free(item, name) and layout.plain(was) == layout.plain(becomes):
        return LAYOUT
    return ""


def _translated(text: str, names: Mapping[str, str]) -> str:
    """Return a text with the names that the server made replaced by those that it made on the other side."""
    known = {bare(old.partition(" ")[2]): bare(new.partition(" ")[2]) for old, new in names.items()}
    return _WORD.sub(lambda word: known.get(word[0], word[0]), text) if known else text


# Added and removed


def _alone(here: Snapshot, there: Snapshot, what: What, names: Mapping[str, str]) -> list[Change]:
    """Return what is only here, folded: what goes with its owner is a part of the owner's change."""
    only = {key for key in here if key not in there}
    folded: dict[str, list[Object]] = {}
    for key in sorted(only):
        owners = [owner for owner in here.owners(key) if owner in only]
        if owners:
            folded.setdefault(owners[-1], []).append(here[key])
    inside = {part.key for parts in folded.values() for part in parts}
    return [_lone(what, here[key], tuple(folded.get(key, ())), names) for key in sorted(only - inside)]


def _lone(what: What, item: Object, parts: tuple[Object, ...], names: Mapping[str, str]) -> Change:
    before, after = (None, item) if what is What.ADDED else (item, None)
    benign = NAMED if item.key in names else ""
    return Change(what, before, after, parts=parts, benign=benign, counterpart=names.get(item.key, ""))


def _renamed_by_server(before: Snapshot, after: Snapshot) -> dict[str, str]:
    """Return the keys of what is the same but for a name that the server made, before -> after."""
    gone = [before[key] for key in before if key not in after and _by_server(before[key])]
    new = [after[key] for key in after if key not in before and _by_server(after[key])]
    return _pairs(gone, new, before, after)


def _by_server(item: Object) -> bool:
    if item.kind not in _NAMED_BY_SERVER:
        return False
    owner = bare(item.of.partition(" ")[2]) if item.of else ""
    parts = item.of.partition(" ")[2].split(".")
    return generated(bare(item.name), parts[-2] if item.of.startswith("column ") and len(parts) > 1 else owner)


def _hinted(gone: Iterable[Change], new: Iterable[Change], before: Snapshot, after: Snapshot) -> list[Change]:
    """Name the other side where something is gone and something of the same making is new."""
    from msgspec.structs import replace

    lost, made = list(gone), list(new)
    pairs = _pairs(
        [change.item for change in lost if not change.benign],
        [change.item for change in made if not change.benign],
        before,
        after,
    )
    back = {value: key for key, value in pairs.items()}
    return [
        replace(change, counterpart=found) if (found := names.get(change.key, "")) else change
        for changes, names in ((lost, pairs), (made, back))
        for change in changes
    ]


def _pairs(gone: Iterable[Object], new: Iterable[Object], before: Snapshot, after: Snapshot) -> dict[str, str]:
    """Pair what differs in nothing but the name, where only one comes into question on each side."""
    left, right = _by_making(gone, before), _by_making(new, after)
    found: dict[str, str] = {}
    for making, items in left.items():
        others = right.get(making, [])
        if len(items) == len(others) and (len(items) == 1 or all(map(_by_server, (*items, *others)))):
            found.update({mine.key: other.key for mine, other in zip(items, others, strict=True)})
    return found


def _by_making(items: Iterable[Object], whole: Snapshot) -> dict[str, list[Object]]:
    found: dict[str, list[Object]] = {}
    for item in sorted(items, key=lambda item: item.name):
        found.setdefault(_making(item, whole), []).append(item)
    return found


def _making(item: Object, whole: Snapshot) -> str:
    """Describe an object and its parts without its name: equal for what differs in nothing else."""
    nameless: Callable[[str], str] = lambda text: _without(text, item)  # noqa: E731
    own = [item.kind, item.of, *_facts(item, nameless)]
    parts = sorted(
        "\0".join([part.kind, nameless(part.name), *_facts(part, nameless)]) for part in whole.parts.get(item.key, ())
    )
    return "\n".join([*own, *parts])


def _facts(item: Object, nameless: Callable[[str], str]) -> list[str]:
    positioned = item.kind == "column"
    return [
        f"{name}={nameless(value)}"
        for name, value in sorted(item.facts.items())
        if not (positioned and name == POSITION)
    ]


def _without(text: str, item: Object) -> str:
    name = bare(item.name)
    return _WORD.sub(lambda word: "?" if word[0] == name else word[0], text)
