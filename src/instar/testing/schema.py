"""A schema as tests ask about it: `assert schema.table("users").has_index("idx_users_email")`."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import TypeVar

from instar.difference import Difference
from instar.schema.diff import compare
from instar.snapshot import Object, Snapshot

_INDEXED = frozenset({"PRIMARY KEY", "UNIQUE", "EXCLUDE"})
_RELATIONS = ("table", "partitioned table", "view", "materialized view", "foreign table")
P = TypeVar("P", bound="Part")


class Answer:
    """An answer to a question about the schema: true or false; its text says why, for the assertion."""

    def __init__(self, answer: bool, why: str) -> None:  # noqa: FBT001 - that is what it is
        self._answer = answer
        self._why = why

    def __bool__(self) -> bool:
        """Return the answer."""
        return self._answer

    def __eq__(self, other: object) -> bool:
        """Whether the other one is as true."""
        return isinstance(other, (Answer, bool)) and bool(other) is self._answer

    def __hash__(self) -> int:
        """Return the same for the same answer."""
        return hash(self._answer)

    def __repr__(self) -> str:
        """Say why."""
        return self._why


class Unchanged(Answer):
    """The answer to `unchanged_since`: true when nothing differs that counts; its text is the difference."""

    def __init__(self, difference: Difference) -> None:
        super().__init__(not difference.real, str(difference) or "unchanged")
        self.difference = difference


class Part:
    """An object of the schema: its facts, and what belongs to it."""

    def __init__(self, item: Object, whole: Snapshot) -> None:
        self._item = item
        self._whole = whole

    def __repr__(self) -> str:
        """Return the kind, the name and the facts."""
        facts = ", ".join(f"{name}={value}" for name, value in self._item.facts.items())
        return f"<{self._item.key}{': ' if facts else ''}{facts}>"

    @property
    def name(self) -> str:
        """The full name, as SQL spells it."""
        return self._item.name

    @property
    def facts(self) -> dict[str, str]:
        """The properties, as `instar diff` names them; one at its default is not there."""
        return dict(self._item.facts)

    def _parts(self, kind: str) -> "dict[str, Part]":
        found = (part for part in self._whole.parts.get(self._item.key, ()) if part.kind == kind)
        return {bare(part.name): Part(part, self._whole) for part in found}


class Table(Part):
    """A table or view."""

    @property
    def columns(self) -> dict[str, Part]:
        """The columns by name, in their order."""
        found = self._parts("column")
        return dict(sorted(found.items(), key=lambda pair: int(pair[1].facts.get("position", "0"))))

    @property
    def indexes(self) -> dict[str, Part]:
        """The indexes by name; those of constraints are with the constraints."""
        return self._parts("index")

    @property
    def constraints(self) -> dict[str, Part]:
        """Primary key, unique, foreign key, check and exclusion constraints by name."""
        return self._parts("constraint")

    @property
    def triggers(self) -> dict[str, Part]:
        """The triggers by name."""
        return self._parts("trigger")

    def column(self, name: str) -> Part:
        """Return a column. Raises AssertionError with the nearest name when there is none."""
        return _one(self.columns, name, f"{self._item.key} has no column")

    def has_column(self, name: str, type: str = "", *, nullable: bool | None = None) -> Answer:  # noqa: A002 - SQL's word
        """Whether there is such a column, of the type and nullability if they are given."""
        found = self.columns.get(name)
        if found is None:
            return self._lacks("column", name, self.columns)
        wrong = []
        if type and found.facts.get("type") != type:
            wrong.append(f"is {found.facts.get('type')}, not {type}")
        if nullable is not None and ("not null" not in found.facts) is not nullable:
            wrong.append(f"is {'NOT NULL' if nullable else 'nullable'}")
        return self._is("column", name, wrong)

    def has_index(self, name: str, *, unique: bool | None = None) -> Answer:
        """Whether there is an index, of itself or of a constraint."""
        carried = {each: part for each, part in self.constraints.items() if part.facts.get("type") in _INDEXED}
        found = self.indexes.get(name) or carried.get(name)
        if found is None:
            return self._lacks("index", name, {**self.indexes, **carried})
        is_unique = name in carried or found.facts.get("definition", "").startswith("CREATE UNIQUE")
        other = unique is not None and is_unique is not unique
        return self._is("index", name, [f"is {'' if is_unique else 'not '}unique"] if other else [])

    def has_constraint(self, name: str, kind: str = "") -> Answer:
        """Whether there is a constraint, of the kind ("foreign key") if it is given."""
        found = self.constraints.get(name)
        if found is None:
            return self._lacks("constraint", name, self.constraints)
        other = kind and found.facts.get("type", "").lower() != kind.lower()
        return self._is("constraint", name, [f"is {found.facts.get('type')}, not {kind}"] if other else [])

    def has_trigger(self, name: str) -> Answer:
        """Whether there is a trigger."""
        return self._is("trigger", name, []) if name in self.triggers else self._lacks("trigger", name, self.triggers)

    def _is(self, kind: str, name: str, wrong: list[str]) -> Answer:
        return Answer(not wrong, f"{kind} {name} of {self.name} {' and '.join(wrong) or 'is there'}")

    def _lacks(self, kind: str, name: str, known: Mapping[str, Part]) -> Answer:
        return Answer(False, f"{self.name} has no {kind} {name}{_near(name, known)}")  # noqa: FBT003 - the answer


class View:
    """A whole schema, read once."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    def __iter__(self) -> Iterator[str]:
        """Yield the keys of all objects."""
        return iter(self.snapshot)

    def __eq__(self, other: object) -> bool:
        """Whether everything is the same, also what `unchanged_since` does not count."""
        return isinstance(other, View) and self.snapshot == other.snapshot

    def __hash__(self) -> int:
        """Return the same for the same schema."""
        return hash(self.snapshot)

    @property
    def tables(self) -> dict[str, Table]:
        """All tables and views, by name without the schema where that is the only one of that name."""
        found = [item for item in self.snapshot.values() if item.kind in _RELATIONS]
        return {_short(item, found): Table(item, self.snapshot) for item in found}

    def has_table(self, name: str) -> Answer:
        """Whether there is a table or view, with or without its schema."""
        found = self._find(name)
        return Answer(
            found is not None, repr(found) if found else f"there is no table {name}{_near(name, self.tables)}"
        )

    def table(self, name: str) -> Table:
        """Return a table or view. Raises AssertionError with the nearest name when there is none."""
        found = self._find(name)
        return found if found is not None else _one(self.tables, name, "there is no table")

    def unchanged_since(self, other: "View | Snapshot") -> Unchanged:
        """Compare with an earlier schema: `assert schema.unchanged_since(before)` shows what differs."""
        before = other.snapshot if isinstance(other, View) else other
        return Unchanged(compare(before, self.snapshot))

    def _find(self, name: str) -> Table | None:
        matching = [
            item for item in self.snapshot.values()
            if item.kind in _RELATIONS and (item.name == name or bare(item.name) == name)
        ]  # fmt: skip
        exact = [item for item in matching if item.name in {name, f"public.{name}"}]
        return Table((exact or matching)[0], self.snapshot) if matching else None


def bare(name: str) -> str:
    """Return the last part of a name, without quotes."""
    return name.rpartition(".")[2].strip('"`')


def _short(item: Object, others: list[Object]) -> str:
    alone = sum(bare(other.name) == bare(item.name) for other in others) == 1
    return bare(item.name) if alone else item.name


def _one(parts: Mapping[str, P], name: str, what: str) -> P:
    found = parts.get(name)
    if found is None:
        raise AssertionError(f"{what} {name}{_near(name, parts)}")
    return found


def _near(name: str, known: Mapping[str, object]) -> str:
    near = get_close_matches(name, known, 1)
    return f"; did you mean {near[0]}?" if near else f"; there are: {', '.join(known) or 'none'}"
