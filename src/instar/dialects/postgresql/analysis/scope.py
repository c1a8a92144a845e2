"""What a handler works with: the statement's text, the schema before it, and readers of small nodes."""

from functools import cached_property

from msgspec import Struct

from instar.catalog import Schema, Table
from instar.dialects.postgresql.tree import Node
from instar.effects import Change, Effect

_SYSTEM = ("pg_", "information_schema.")
"""How the keys begin of relations that the catalog leaves out."""


class Parts(Struct):
    """What a handler found: the pieces of an Effect."""

    changes: tuple[Change, ...] = ()
    creates: tuple[str, ...] = ()
    inner: tuple[Effect, ...] = ()
    dynamic: bool = False
    error: str = ""
    at: int = 0
    verb: str = ""


class Scope:
    """One statement. Locations in nodes count bytes; `character` makes characters of them."""

    def __init__(self, text: str, schema: Schema) -> None:
        self.text = text
        self.schema = schema

    @cached_property
    def _raw(self) -> bytes:
        return self.text.encode()

    def character(self, byte: int) -> int:
        """Return the character that a byte offset of a node stands at."""
        return byte if len(self._raw) == len(self.text) else len(self._raw[:byte].decode(errors="replace"))

    def key(self, range_var: Node) -> str:
        """Return the key of the existing relation that a RangeVar names."""
        return self.schema.resolve(range_var.get("schemaname", ""), range_var["relname"])

    def new_key(self, range_var: Node) -> str:
        """Return the key of the relation that a RangeVar makes."""
        return self.schema.key(range_var.get("schemaname", ""), range_var["relname"])

    def table(self, range_var: Node) -> Table:
        """Return the relation that a RangeVar names; incomplete when it is not known."""
        return self.schema.known(self.key(range_var))

    def absent(self, range_var: Node) -> str:
        """Return what the server says of a relation that the whole catalog does not have; "" where it may be there."""
        key = self.key(range_var)
        if not self.schema.complete or self.schema.table(key) is not None or key.startswith(_SYSTEM):
            return ""
        name = ".".join(filter(None, (range_var.get("schemaname"), range_var["relname"])))
        return f'relation "{name}" does not exist'


def words(nodes: list[Node]) -> tuple[str, ...]:
    """Return the strings of a list of String nodes."""
    return tuple(item["String"].get("sval", "") for item in nodes if "String" in item)
