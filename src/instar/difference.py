"""What differs between two schemas, as a value: for assertions, people and programs."""

from collections.abc import Iterator, Sequence
from enum import StrEnum

from msgspec import Struct

from instar.snapshot import Object


class What(StrEnum):
    """What became of an object."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


POSITION = "position"
"""The property of a column that says where it stands."""
MARKS = {What.ADDED: "+", What.REMOVED: "-", What.CHANGED: "~"}


class Fact(Struct, frozen=True):
    """One property that differs; "" where it is not there. `benign` says why that does not count ("" = it does)."""

    name: str
    before: str
    after: str
    benign: str = ""


class Change(Struct, frozen=True):
    """One object that differs. `facts` are the properties of a changed one, `parts` what came or went with it.

    `benign` says why it does not count ("" = it does). `counterpart` is the key of the object on the other side that
    is the same but for its name: perhaps this is a rename.
    """

    what: What
    before: Object | None
    after: Object | None
    facts: tuple[Fact, ...] = ()
    parts: tuple[Object, ...] = ()
    benign: str = ""
    counterpart: str = ""

    @property
    def item(self) -> Object:
        """The object as it is afterwards, or as it was."""
        found = self.after or self.before
        assert found is not None
        return found

    @property
    def key(self) -> str:
        """The object's key."""
        return self.item.key


class Difference(Struct, frozen=True):
    """All that differs between two schemas. Nothing: it is false. `real` leaves out what is benign.

    `str()` is a tree of text, fit for an assertion's message. `labels` say what was compared.
    """

    changes: tuple[Change, ...] = ()
    labels: tuple[str, str] = ("before", "after")

    def __bool__(self) -> bool:
        return bool(self.changes)

    def __len__(self) -> int:
        return len(self.changes)

    def __iter__(self) -> Iterator[Change]:
        return iter(self.changes)

    def __str__(self) -> str:
        return "\n".join(self.lines())

    @property
    def real(self) -> "Difference":
        """The same without what is benign: objects, and properties of objects that differ in more."""
        kept = tuple(_without_benign(change) for change in self.changes if not change.benign)
        return Difference(kept, self.labels)

    @property
    def benign(self) -> "Difference":
        """Only what is benign."""
        return Difference(tuple(change for change in self.changes if change.benign), self.labels)

    @property
    def shown(self) -> int:
        """How many objects its tree shows: columns that do nothing but stand elsewhere are one with their table."""
        moved = _moved(self)
        return len(self) - sum(max(len(columns) - 1, 0) for columns in moved.values())

    def of(self, what: What) -> tuple[Change, ...]:
        """Return what was added, removed or changed."""
        return tuple(change for change in self.changes if change.what is what)

    def lines(self) -> list[str]:
        """Return the tree as lines: each object below the one that it belongs to."""
        return [f"{'  ' * depth}{text}" for depth, _, text in rows(self)]


def rows(difference: Difference) -> Iterator[tuple[int, Change | None, str]]:
    """Yield the tree of a difference: depth, what the line is about (None: an owner that is the same), text."""
    shown: set[str] = set()
    moved = _moved(difference)
    for change in sorted(difference.changes, key=_place):
        depth = 0
        if change.item.of:
            depth = 1
            if change.item.of not in shown:
                shown.add(change.item.of)
                yield 0, None, f"  {change.item.of}"
        shown.add(change.key)
        if change.key in moved:
            if columns := moved.pop(change.item.of, []):
                yield depth, columns[0], f"~ {_order(columns)}"
            continue
        yield depth, change, f"{MARKS[change.what]} {change.key}{_remark(change)}"
        for fact in change.facts:
            yield depth + 1, change, f"  {said(fact)}"


def _moved(difference: Difference) -> dict[str, list[Change]]:
    """Return the columns that do nothing but stand elsewhere: of each owner, and by their own keys."""
    found: dict[str, list[Change]] = {}
    for change in difference.changes:
        if change.benign and all(fact.name == POSITION for fact in change.facts) and change.facts:
            found.setdefault(change.item.of, []).append(change)
            found[change.key] = []
    return found


def _order(columns: Sequence[Change]) -> str:
    """Say in one line where columns stood, and where they stand: "order of columns: a, b -> b, a"."""
    before = sorted(columns, key=lambda change: int(change.facts[0].before or 0))
    after = sorted(columns, key=lambda change: int(change.facts[0].after or 0))
    old, new = (", ".join(change.item.name.rpartition(".")[2] for change in each) for each in (before, after))
    return f"{columns[0].benign}: {old} -> {new}  (benign)"


def said(fact: Fact) -> str:
    """Say how a property differs, in a line, or where it has several in a line for each that is not on both sides."""
    note = f"  (benign: {fact.benign})" if fact.benign else ""
    if "\n" not in fact.before + fact.after:
        return f"{fact.name}: {fact.before or 'none'} -> {fact.after or 'none'}{note}"
    return f"{fact.name}: {_lines(fact)}{note}"


def _lines(fact: Fact) -> str:
    """Name the lines that differ in a text of several lines."""
    before, after = fact.before.splitlines(), fact.after.splitlines()
    gone = [line.strip() for line in before if line not in after]
    new = [line.strip() for line in after if line not in before]
    parts = [*(f"- {line}" for line in gone if line), *(f"+ {line}" for line in new if line)]
    return " | ".join(parts) or "the order of its lines"


def _remark(change: Change) -> str:
    parts = []
    if change.parts:
        parts.append(f"with {_counted(change.parts)}")
    if change.counterpart:
        parts.append(f"the same as {change.counterpart}: renamed?")
    if change.benign:
        parts.append(f"benign: {change.benign}")
    return f"  ({'; '.join(parts)})" if parts else ""


def _counted(parts: Sequence[Object]) -> str:
    """Say "3 columns, 1 index"."""
    numbers: dict[str, int] = {}
    for part in parts:
        numbers[part.kind] = numbers.get(part.kind, 0) + 1
    return ", ".join(f"{number} {kind if number == 1 else _plural(kind)}" for kind, number in numbers.items())


def _plural(kind: str) -> str:
    if kind.endswith(("x", "s")):
        return f"{kind}es"
    return f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"


def _place(change: Change) -> tuple[str, bool, str, str]:
    """Sort what belongs to an object below that."""
    item = change.item
    return item.of or item.key, bool(item.of), item.kind, item.name


def _without_benign(change: Change) -> Change:
    from msgspec.structs import replace

    kept = tuple(fact for fact in change.facts if not fact.benign)
    return change if len(kept) == len(change.facts) else replace(change, facts=kept)


def document(difference: Difference) -> dict[str, object]:
    """Return what `--json` writes."""
    return {
        "before": difference.labels[0],
        "after": difference.labels[1],
        "same": not difference,
        "same_but_benign": not difference.real,
        "changes": [_document(change) for change in difference.changes],
    }


def _document(change: Change) -> dict[str, object]:
    item = change.item
    return {
        "what": change.what.value,
        "kind": item.kind,
        "name": item.name,
        "of": item.of or None,
        "facts": [
            {
                "name": each.name,
                "before": each.before or None,
                "after": each.after or None,
                "benign": each.benign or None,
            }
            for each in change.facts
        ],
        "parts": [part.key for part in change.parts],
        "benign": change.benign or None,
        "renamed": change.counterpart or None,
    }
