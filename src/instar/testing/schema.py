"""A schema as tests ask about it: `assert schema.table("users").has_index("idx_users_email")`."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import TypeVar

from instar.difference import Difference
from instar.schema.diff import compare
from instar.snapshot import Object, Snapshot

_RELATIONS = ("table", "partitioned table", "view", "materialized view", "foreign table")
P = TypeVar("P", bound="Part")


class Unchanged:
    """The answer to `unchanged_since`: true when nothing differs; its text is the difference, for the assertion."""

    def __init__(self, difference: Difference) -> None:
        self.difference = difference

    def __bool__(self) -> bool:
        """Whether the schemas are the same, but for what does not count."""
        return not self.difference.real

    def __repr__(self) -> str:
        """Return what differs, as a tree."""
        return str(self.difference) or "unchanged"


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

    def has_column(self, name: str, type: str = "", *, nullable: bool | None = None) -> bool:  # noqa: A002 - SQL's word
        """Whether there is such a column, of the type and nullability if they are given."""
        found = self.columns.get(name)
        if found is None or (type and found.facts.get("type") != type):
            return False
        return nullable is None or ("not null" not in found.facts) is nullable

    def has_index(self, name: str, *, unique: bool | None = None) -> bool:
        """Whether there is an index, of itself or of a constraint."""
        if name in self.constraints:
            kind = self.constraints[name].facts.get("type", "")
            return kind in {"PRIMARY KEY", "UNIQUE", "EXCLUDE"} and unique is not False
        if name not in self.indexes:
            return False
        return unique is None or self.indexes[name].facts.get("definition", "").startswith("CREATE UNIQUE") is unique

    def has_constraint(self, name: str, kind: str = "") -> bool:
        """Whether there is a constraint, of the kind ("foreign key") if it is given."""
        found = self.constraints.get(name)
        return found is not None and (not kind or found.facts.get("type", "").lower() == kind.lower())

    def has_trigger(self, name: str) -> bool:
        """Whether there is a trigger."""
        return name in self.triggers


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

    def has_table(self, name: str) -> bool:
        """Whether there is a table or view, with or without its schema."""
        return self._find(name) is not None

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
        near = get_close_matches(name, parts, 1)
        hint = f"; did you mean {near[0]}?" if near else f"; there are: {', '.join(parts) or 'none'}"
        raise AssertionError(f"{what} {name}{hint}")
    return found
