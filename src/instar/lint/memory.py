"""A schema that knows what was read from it and written to it, so that judging a migration can be remembered.

Judging a migration is a function of its text, the rules, and those values of the schema that were looked at. Each value
has a token, a hash of its content. A remembered verdict holds while the tokens of all that was read are the same; what
the migration wrote is put on the shelves as bytes and decoded when somebody looks.
"""

from collections.abc import Iterator, Mapping, MutableMapping
from collections.abc import Set as AbstractSet
from hashlib import blake2b
from typing import Any

from msgspec import msgpack

from instar.catalog import Function, Schema, Table, Type

_ENCODER = msgpack.Encoder(order="deterministic")
_READS = msgpack.Decoder(dict[str, int])
_WRITES = msgpack.Decoder(dict[str, bytes])
_ABSENT = 0
_ALL = "*"
_SHELVES: Mapping[str, tuple[str, Any]] = {
    "tables": ("t", Table),
    "types": ("y", Type),
    "functions": ("f", Function),
    "_indexes": ("i", str),
    "_children": ("c", frozenset[str]),
    "_fans": ("k", frozenset[str]),
    "_views": ("v", frozenset[str]),
}
"""The shelves of a Schema: the letter that their labels begin with, and the type of their values."""

ALL_OF = frozenset(letter + _ALL for letter, _ in _SHELVES.values())
"""The labels of whole shelves: somebody looked at all there is."""

DOUBT, MADE = "v", "i"
"""The labels of what instar.catalog.Schema.doubt writes, and of what says that relations have been made."""


class State:
    """A schema under observation. `begin` and `end` stand around one migration."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._reads: dict[str, int] = {}
        self._written: set[str] = set()
        self._shelves: dict[str, _Shelf] = {}
        self._later: list[bytes] = []
        for name, (letter, kind) in _SHELVES.items():
            shelf = _Shelf(letter, kind, self._reads, self._written)
            for key, value in getattr(schema, name).items():
                shelf[key] = value
            shelf.settle()
            self._shelves[letter] = shelf
            setattr(schema, name, shelf)

    def begin(self) -> None:
        """Forget what was read and written before."""
        self._catch_up()
        self._reads.clear()
        self._written.clear()

    def end(self) -> tuple[bytes, bytes]:
        """Return what was read and what was written since `begin`, for `holds` and `apply`.

        The same writes on the same schema give the same bytes.
        """
        written: dict[str, bytes] = {}
        for shelf in self._shelves.values():
            written.update(shelf.settle())
        return msgpack.encode(self._reads), msgpack.encode(written)

    def holds(self, reads: bytes) -> bool:
        """Whether everything that was read is still the same."""
        self._catch_up()
        return all(self._shelves[label[0]].token(label) == token for label, token in _READS.decode(reads).items())

    @staticmethod
    def labels(reads: bytes) -> AbstractSet[str]:
        """Return the labels of what was read."""
        return _READS.decode(reads).keys()

    @staticmethod
    def doubts(written: bytes) -> bool:
        """Whether what was written says that there may be more than is known: then that holds for all that follow."""
        return DOUBT in _WRITES.decode(written)

    def apply(self, written: bytes) -> None:
        """Write what a remembered migration wrote."""
        self._later.append(written)

    def _catch_up(self) -> None:
        """Put on the shelves what remembered migrations wrote, now that somebody looks: only the last of each label."""
        last: dict[str, bytes] = {}
        for written in self._later:
            last.update(_WRITES.decode(written))
        self._later.clear()
        for label, raw in last.items():
            self._shelves[label[0]].place(label[1:], raw)


class _Shelf(MutableMapping[str, Any]):
    def __init__(self, letter: str, kind: Any, reads: dict[str, int], written: set[str]) -> None:
        self._letter = letter
        self._decoder: msgpack.Decoder[Any] = msgpack.Decoder(kind)
        self._values: dict[str, Any] = {}
        self._raw: dict[str, bytes] = {}
        self.tokens: dict[str, int] = {}
        self._sum = 0
        self._fresh: set[str] = set()
        self._reads = reads
        self._written = written
        self._dirty: dict[str, int] = {}

    def token(self, label: str) -> int:
        """Return the token of a label; _ABSENT for what is not there."""
        key = label[1:]
        if key != _ALL:
            return self._token(key)
        for each in tuple(self._fresh):
            self._token(each)
        return self._sum

    def place(self, key: str, raw: bytes) -> None:
        """Put bytes on the shelf. Their token is made when somebody asks for it."""
        self._values.pop(key, None)
        self._retoken(key, b"")
        if raw:
            self._raw[key] = raw
            self._fresh.add(key)
        else:
            self._raw.pop(key, None)
            self._fresh.discard(key)

    def _token(self, key: str) -> int:
        if key in self._fresh:
            self._fresh.discard(key)
            self._retoken(key, self._raw[key])
        return self.tokens.get(key, _ABSENT)

    def settle(self) -> Iterator[tuple[str, bytes]]:
        """Give new tokens to what was written; return what is other than before."""
        changed: list[tuple[str, bytes]] = []
        for key, before in self._dirty.items():
            value = self._values.get(key)
            raw = b"" if value is None else _ENCODER.encode(value)
            self._retoken(key, raw)
            if self.tokens.get(key, _ABSENT) != before:
                changed.append((self._letter + key, raw))
        self._dirty.clear()
        return iter(changed)

    def _retoken(self, key: str, raw: bytes) -> None:
        token = int.from_bytes(blake2b(raw, digest_size=7, key=key.encode()[:64]).digest(), "big") if raw else _ABSENT
        self._sum ^= self.tokens.get(key, _ABSENT) ^ token
        if raw:
            self.tokens[key] = token
        else:
            self.tokens.pop(key, None)

    def _look(self, key: str) -> None:
        label = self._letter + key
        if label not in self._reads and label not in self._written:
            self._reads[label] = self.token(label)

    def _write(self, key: str) -> None:
        self._written.add(self._letter + key)
        if key not in self._dirty:
            self._dirty[key] = self._token(key)

    def __getitem__(self, key: str) -> Any:
        value = self.get(key)
        if value is None:
            raise KeyError(key)
        return value

    # Called a hundred times for each migration, by everyone: nothing is called from here that need not be.
    def get(self, key: str, default: Any = None) -> Any:
        label = self._letter + key
        if label not in self._reads and label not in self._written:
            self._reads[label] = self._token(key) if key in self._fresh else self.tokens.get(key, _ABSENT)
        value = self._values.get(key)
        if value is not None:
            return value
        raw = self._raw.get(key)
        if raw is None:
            return default
        self._token(key)
        del self._raw[key]
        value = self._values[key] = self._decoder.decode(raw)
        return value

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.get(key) is not None

    def __setitem__(self, key: str, value: Any) -> None:
        self._write(key)
        self._raw.pop(key, None)
        self._values[key] = value

    def __delitem__(self, key: str) -> None:
        if key not in self:
            raise KeyError(key)
        self._write(key)
        self._raw.pop(key, None)
        self._values.pop(key, None)

    def __iter__(self) -> Iterator[str]:
        self._look(_ALL)
        return iter([*self._values, *self._raw])

    def __len__(self) -> int:
        self._look(_ALL)
        return len(self._values) + len(self._raw)
