"""Objects while they are put together: what every query found of them, by their place in the catalog."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from instar.dialects import Outcome
from instar.dialects.postgresql.snapshot import texts

_NONE: Mapping[str, Any] = {}

Row = tuple[Any, ...]
Place = tuple[str, int, int]
"""Where the catalog keeps an object: catalog, number, number of the column (0: none)."""


class Draft(Struct, eq=False, gc=False):
    """An Object of which not all facts are known. `notes` hold what is no fact but is needed to find some.

    `part` is its name below its owner's, `key` the key that the Object will have. The collector
    of garbage does not look at it: there are thousands, and none refers to itself.
    """

    kind: str
    name: str
    part: str
    key: str
    owner: "Draft | None" = None
    facts: dict[str, str] = field(default_factory=dict)
    notes: Mapping[str, Any] = _NONE
    needs: list[str] = field(default_factory=list)

    def put(self, name: str, value: str | None) -> None:
        """Add a fact, if there is one."""
        if value is not None:
            self.facts[name] = value


class Drafts:
    """All drafts: by the place that is their own, and by the places that stand for them (a row type, an index)."""

    def __init__(self) -> None:
        self.own: dict[Place, Draft] = {}
        self.others: dict[Place, Draft] = {}
        self.columns: dict[int, dict[int, Draft]] = defaultdict(dict)
        """What is part of a relation, by the relation's number and its own."""
        self._kinds: dict[str, list[Draft]] = defaultdict(list)

    def at(self, place: Place) -> Draft | None:
        """Return what is at a place of the catalog; None when it is not of this snapshot."""
        return self.own.get(place) or self.others.get(place)

    def kind(self, *kinds: str) -> list[Draft]:
        """Return all drafts of some kinds."""
        return [draft for kind in kinds for draft in self._kinds.get(kind, ())]

    def add(self, catalog: str, outcome: Outcome) -> None:
        """Take over the rows of a query.

        Its columns: number, number of the column, kind, `name` (or `part`: a name below the owner's), the owner's
        number under the name of its catalog, then facts by name. `#catalog` is a place that stands for the object,
        any other `#name` a note. What belongs to an object that is not here is left out.
        """
        owners, below = outcome.columns[4], outcome.columns[3] == "part"
        rows: Sequence[Row] = outcome.rows or ()
        facts, aliases, notes = _layout(outcome.columns, _filled(rows))
        own, others, kinds = self.own, self.others, self._kinds
        made: list[dict[str, str]] = []
        owner, owned = None, None
        for row in rows:
            kind, name, of = row[2], row[3], row[4]
            if of != owned:
                owner, owned = own.get((owners, of, 0)) or others.get((owners, of, 0)), of
            if owner is None and of is not None:
                continue
            whole = f"{owner.name}.{name}" if below and owner else name
            said = {title: value for index, title in facts if (value := row[index]) is not None}
            made.append(said)
            draft = Draft(kind, whole, name, f"{kind} {whole}", owner, said)
            if notes:
                draft.notes = {title: value for index, title in notes if (value := row[index]) is not None}
            own[catalog, row[0], row[1]] = draft
            kinds[kind].append(draft)
            if row[1]:
                self.columns[row[0]][row[1]] = draft
            for index, title in aliases:
                if row[index]:
                    for other in _listed(row[index]):
                        others[title, other, 0] = draft
        for title in texts.CHANGING.intersection(title for _, title in facts):
            _make_canonical(made, title)


def _make_canonical(made: Iterable[dict[str, str]], title: str) -> None:
    time, array = texts.MARKS
    for facts in made:
        text = facts.get(title)
        if text is not None and (time in text or array in text):
            facts[title] = texts.canonical(text)


def _filled(rows: Sequence[Row]) -> Collection[int]:
    """Return the columns in which any row has a value: most facts are true of few objects."""
    return {index for index, values in enumerate(zip(*rows, strict=True)) if values.count(None) < len(values)}


def _layout(
    columns: Sequence[str], filled: Collection[int]
) -> tuple[list[tuple[int, str]], list[tuple[int, str]], list[tuple[int, str]]]:
    facts, aliases, notes = [], [], []
    for index, title in enumerate(columns[5:], start=5):
        if index not in filled:
            continue
        if title.startswith("#pg_"):
            aliases.append((index, title[1:].partition(".")[0]))
        elif title.startswith("#"):
            notes.append((index, title[1:]))
        else:
            facts.append((index, title))
    return facts, aliases, notes


def _listed(value: Any) -> Sequence[int]:
    return value if isinstance(value, list) else (value,)
