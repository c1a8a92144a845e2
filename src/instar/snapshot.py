"""A database's schema as a value: every object with its facts, complete, canonical and in order.

Two databases whose schemas are the same give equal snapshots, on whatever server and in whatever order their objects
were made. What says nothing about the schema (object numbers, statistics, rows) is not in it; nor are instar's own
tables, or what belongs to an extension.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from hashlib import sha256

from msgspec import Struct, field, json


class Object(Struct, frozen=True, gc=False):
    """One object of a schema: a table, a column, a grant, a comment's owner, ...

    `kind` is the word of the engine in lower case ("table", "column", "materialized view"). `name` identifies it
    among its kind, in SQL spelling and always with its schema: "public.users", "public.users.email",
    "public.area(integer, integer)". `of` is the key of the object that it goes away with ("" = it stands alone).
    `facts` are its properties in canonical text, by name; a property at its default is left out. `needs` are the keys
    of the objects that must be there before it can be made.
    """

    kind: str
    name: str
    of: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What it is called among all objects: kind and name."""
        return f"{self.kind} {self.name}"


class Snapshot(Mapping[str, Object]):
    """All objects of a database by key, in the order of their keys. Equal when every kind, name, owner and fact is.

    `dialect` and `version` say which server it was read from; they and `needs` are not compared.
    """

    def __init__(self, objects: Iterable[Object], *, dialect: str = "", version: tuple[int, ...] = ()) -> None:
        found = {item.key: item for item in objects}
        self._objects = {key: found[key] for key in sorted(found)}
        self.dialect = dialect
        self.version = version

    def __getitem__(self, key: str) -> Object:
        return self._objects[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._objects)

    def __len__(self) -> int:
        return len(self._objects)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Snapshot) and self.compared == other.compared

    def __hash__(self) -> int:
        return hash(self.digest)

    @cached_property
    def compared(self) -> dict[str, tuple[str, dict[str, str]]]:
        """What equality looks at: owner and facts by key."""
        return {key: (item.of, dict(item.facts)) for key, item in self._objects.items()}

    @cached_property
    def digest(self) -> str:
        """SHA-256 in hex of all that is compared: the same schema gives the same text on every machine."""
        return sha256(json.encode(self.compared, order="deterministic")).hexdigest()

    @cached_property
    def parts(self) -> Mapping[str, tuple[Object, ...]]:
        """The objects that go away with another one, by that one's key."""
        found: dict[str, list[Object]] = {}
        for item in self._objects.values():
            if item.of:
                found.setdefault(item.of, []).append(item)
        return {key: tuple(items) for key, items in found.items()}

    def owners(self, key: str) -> Iterator[str]:
        """Yield the objects that `key` goes away with: its owner, that one's owner, and so on."""
        item = self._objects.get(key)
        while item is not None and item.of:
            yield item.of
            item = self._objects.get(item.of)

    def reaches(self, start: str, goal: str) -> bool:
        """Whether `goal` must be there before `start` can be made, directly or through others."""
        return goal in self.needed(start)

    def needed(self, start: str) -> frozenset[str]:
        """Return the keys of all objects that must be there before `start` can be made."""
        found: set[str] = set()
        waiting = [start]
        while waiting:
            fresh = self.requirements(waiting.pop()) - found
            found |= fresh
            waiting += fresh
        return frozenset(found)

    def requirements(self, key: str) -> frozenset[str]:
        """Return what must be there before `key` can be made, directly: what it needs, and its owner.

        A sequence is made before the column that owns it, which draws its default from it; but not that of an identity.
        """
        item = self._objects.get(key)
        if item is None:
            return frozenset()
        owner = () if item.kind == "sequence" and "identity" not in item.facts else (item.of,)
        return frozenset(each for each in (*item.needs, *owner) if each in self._objects and each != key)
