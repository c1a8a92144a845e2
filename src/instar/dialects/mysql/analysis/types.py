"""Types of columns in one spelling, and the sizes that decide whether a column can be changed in place."""

import re
from collections.abc import Sequence

from msgspec import Struct

from instar.dialects._reader import Reader

_SYNONYMS = {
    "integer": "int", "int4": "int", "int1": "tinyint", "int2": "smallint", "int3": "mediumint", "int8": "bigint",
    "middleint": "mediumint", "dec": "decimal", "numeric": "decimal", "fixed": "decimal", "real": "double",
    "float8": "double", "float4": "float", "character": "char", "nchar": "char", "nvarchar": "varchar",
    "varcharacter": "varchar", "long": "mediumtext", "clob": "longtext", "varchar2": "varchar",
}  # fmt: skip
_INTEGERS = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint"})
_DEFAULTS = {"decimal": "(10,0)", "char": "(1)", "binary": "(1)", "bit": "(1)", "year": "(4)"}
_ATTRIBUTES = frozenset({"unsigned", "signed", "zerofill"})
_SECOND = {("double", "precision"), ("char", "varying"), ("long", "varchar"), ("long", "varbinary")}
TEXT = frozenset({"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"})
"""Base types that have a character set."""
_BYTES = {
    "utf8mb4": 4, "utf8mb3": 3, "utf8": 3, "latin1": 1, "ascii": 1, "binary": 1, "ucs2": 2, "utf16": 4, "utf32": 4,
    "latin2": 1, "latin5": 1, "cp1251": 1, "cp1250": 1, "koi8r": 1, "gbk": 2, "big5": 2, "sjis": 2, "ujis": 3,
}  # fmt: skip
_TYPE = re.compile(r"([a-z0-9_]+)(?:\((.*)\))?( unsigned)?( zerofill)?", re.DOTALL)


class Kind(Struct, frozen=True):
    """A type in its parts: "varchar(50)" is base "varchar" with size 50."""

    base: str
    inside: str = ""
    unsigned: bool = False

    @property
    def size(self) -> int | None:
        """The number in its parenthesis."""
        return int(self.inside) if self.inside.isdigit() else None

    @property
    def values(self) -> tuple[str, ...]:
        """An ENUM's or SET's values, as literals."""
        return tuple(re.findall(r"'(?:[^'\\]|\\.|'')*'", self.inside))


def kind(spelled: str) -> Kind:
    """Take a canonical type to pieces."""
    match = _TYPE.match(spelled)
    return Kind(match[1], match[2] or "", bool(match[3])) if match else Kind(spelled)


def read(reader: Reader, *, mariadb: bool) -> str:
    """Take a type and return its canonical spelling: without display width, with the engine's defaults."""
    base = reader.word()
    if base == "national":
        reader.skip()
        base = reader.word()
    if (base, reader.word(1)) in _SECOND:
        reader.skip()
        base = {"char": "varchar", "double": "double"}.get(base, "mediumtext")
    reader.skip()
    base = _SYNONYMS.get(base, base)
    if base == "varchar" and reader.word() == "varying":
        reader.skip()
    group = reader.group()
    inside = _inside(group) if group is not None else ""
    said = set(iter(lambda: reader.one_of(_ATTRIBUTES), ""))
    return canonical(base, inside, said, mariadb=mariadb)


def _inside(group: Reader) -> str:
    return "".join(token.text for token in group.stream[group.at : group.end])


def canonical(base: str, inside: str, said: set[str] | frozenset[str], *, mariadb: bool) -> str:
    """Spell a type as information_schema of a MySQL 8 would, display widths left out."""
    if base in {"bool", "boolean"} or (base == "tinyint" and inside == "1"):
        return "tinyint(1)"
    if base == "serial":
        return "bigint unsigned"
    if base == "json" and mariadb:
        return "longtext"
    if base in _INTEGERS or (base in {"float", "double"} and "," not in inside):
        base = "double" if base == "float" and inside.isdigit() and int(inside) > 24 else base  # noqa: PLR2004 - manual
        inside = ""
    if base == "decimal" and inside and "," not in inside:
        inside += ",0"
    if base in {"datetime", "timestamp", "time"} and inside == "0":
        inside = ""
    shown = f"({inside})" if inside else _DEFAULTS.get(base, "")
    unsigned = " unsigned" if {"unsigned", "zerofill"} & said else ""
    return f"{base}{shown}{unsigned}{' zerofill' if 'zerofill' in said else ''}"


def spelled(shown: str, *, mariadb: bool) -> str:
    """Return the canonical spelling of a COLUMN_TYPE of information_schema."""
    match = _TYPE.match(shown)
    if match is None:
        return shown
    said = frozenset(word for word in ("unsigned", "zerofill") if f" {word}" in shown)
    return canonical(match[1], match[2] or "", said, mariadb=mariadb)


def charset(collation: str) -> str:
    """Return the character set of a collation (or of a character set's own name); "" when not known."""
    name = collation.partition("_")[0].lower()
    return "utf8mb3" if name == "utf8" else name


def width(collation: str) -> int | None:
    """Return the most bytes that a character takes; None when the character set is not known."""
    return _BYTES.get(charset(collation))


def bytes_of(spelling: str, collation: str) -> int | None:
    """Return the most bytes that a VARCHAR or VARBINARY holds; None when that depends on something unknown."""
    found = kind(spelling)
    if found.size is None:
        return None
    if found.base == "varbinary":
        return found.size
    each = width(collation)
    return None if each is None else found.size * each


def appended(old: Sequence[str], new: Sequence[str]) -> bool:
    """Whether values were only added at the end."""
    return list(new[: len(old)]) == list(old)
