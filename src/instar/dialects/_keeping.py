"""What backups of rows need of an engine: a table's shape, and the SQL that engines write differently."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256

from msgspec import Struct

from instar.dialects import Names, Session

_STANDARD = "schema_migrations"
_PLAIN = re.compile(r"(?:instar|backup)[a-z0-9_]*")


class Field(Struct, frozen=True):
    """A column: `type` as a copy of it is declared; `key` is its place in the primary key, from 1 (0: not in it).

    `generated` columns can be neither written nor restored; `always` ones (identities) only with their row.
    """

    name: str
    type: str
    key: int = 0
    generated: bool = False
    always: bool = False


class Shape(Struct, frozen=True):
    """A table as the catalog has it; `table` is its name in SQL, the same whatever the search_path is."""

    table: str
    fields: tuple[Field, ...]

    @property
    def key(self) -> tuple[str, ...]:
        """The columns of the primary key, in its order."""
        return tuple(item.name for item in sorted(self.fields, key=lambda item: item.key) if item.key)

    def field(self, name: str) -> Field | None:
        """Return the column of that name, in whatever case it is written where that is no question; None if none is."""
        found = [item for item in self.fields if item.name == name]
        found = found or [item for item in self.fields if item.name.lower() == name.lower()]
        return found[0] if len(found) == 1 else None


class Keeping(ABC):
    """How one engine keeps rows and puts them back; what most of them share.

    In conditions and values `o` is the table that is changed, `s` the other one.
    """

    overriding = ""
    """What an INSERT says so that it may fill in identity columns."""

    def __init__(self, quote: Callable[[str], str]) -> None:
        self.quote = quote

    def ours(self, name: str) -> str:
        """Return a name that we give as SQL spells it: quoted where it might be a word of SQL, or is odd."""
        return name if _PLAIN.fullmatch(name) else self.quote(name)

    @abstractmethod
    def shape(self, session: Session, table: str) -> Shape | None:
        """Return the table of that name (in SQL spelling) as the catalog has it, None where there is none."""

    @abstractmethod
    def referred(self, session: Session, table: str) -> frozenset[str]:
        """Return the tables that the foreign keys of a table refer to, spelled as `shape` does."""

    @abstractmethod
    def store(self, names: Names, version: str, number: int) -> str:
        """Return the name in SQL of the table that keeps the backup with that number of a version."""

    def locking(self, table: str) -> list[str]:
        """Return what keeps others from changing rows of `table` until the transaction ends; readers go on."""
        del table
        return []

    def locked(self) -> str:
        """Return what stands behind a SELECT that is to lock what it reads."""
        return ""

    def declared(self, item: Field) -> str:
        """Return the declaration of a column that holds values of another one, and NULL."""
        return f"{self.quote(item.name)} {item.type}".rstrip()

    def updating(self, target: str, source: str, values: Mapping[str, str], where: str) -> str:
        """Return an UPDATE of the rows of `target` with values of those rows of `source` that `where` joins."""
        changes = ", ".join(f"{self.quote(name)} = {value}" for name, value in values.items())
        return f"UPDATE {target} AS o SET {changes} FROM {source} AS s WHERE {where}"

    @abstractmethod
    def differs(self, one: str, other: str) -> str:
        """Return the condition that two values of one column are not exactly the same; two NULLs are."""

    def equal(self, columns: Sequence[str]) -> str:
        """Return the condition that `o` and `s` are the same row."""
        return " AND ".join(f"o.{self.quote(name)} = s.{self.quote(name)}" for name in columns)


def label(version: str, number: int, history: str) -> str:
    """Name a backup after its version and number; two histories that share a place have different names."""
    text = f"backup_{version}_{number}"
    return text if history == _STANDARD else f"{text}_{sha256(history.encode()).hexdigest()[:8]}"


def parts(name: str, quotes: str) -> tuple[str, str]:
    """Return schema ("" where none is named) and name without their quotes: 'shop."order items"' -> shop, order items.

    Two empty texts for what is no name.
    """
    word = rf"[{quotes}](?:[^{quotes}]|[{quotes}][{quotes}])*[{quotes}]|[^.{quotes}\s]+"
    if not re.fullmatch(rf"\s*(?:{word})\s*(?:\.\s*(?:{word})\s*)?", name):
        return "", ""
    *schema, last = [_bare(found) for found in re.findall(word, name)]
    return "".join(schema), last


def _bare(word: str) -> str:
    first = word[0]
    return word[1:-1].replace(first * 2, first) if first in '"`' and word[-1] == first else word
