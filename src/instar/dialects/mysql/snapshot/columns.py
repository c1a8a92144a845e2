"""Columns, as they stand in SHOW CREATE TABLE."""

import re
from collections.abc import Iterator
from functools import lru_cache

from instar.dialects._reader import Reader
from instar.dialects.mysql.analysis.types import TEXT
from instar.dialects.mysql.identifiers import part
from instar.dialects.mysql.parse import words
from instar.dialects.mysql.snapshot.reading import Place, canonical, other, string
from instar.snapshot import Object

_NAME = re.compile(r"`(?:[^`]|``)*+`")
_AFTER_TYPE = frozenset({
    "character", "charset", "collate", "generated", "as", "not", "null", "default", "on", "auto_increment", "comment",
    "check", "invisible", "without", "with", "ref_system_id", "srid", "column_format", "storage", "engine_attribute",
})  # fmt: skip
_AFTER_DEFAULT = frozenset({
    "on", "auto_increment", "comment", "check", "invisible", "without", "with", "srid", "column_format", "storage",
    "engine_attribute",
})  # fmt: skip
_FLAGS: dict[tuple[str, ...], dict[str, str]] = {
    ("not", "null"): {"not null": "true"},
    ("null",): {},
    ("auto_increment",): {"auto_increment": "true"},
    ("invisible",): {"invisible": "true"},
    ("without", "system", "versioning"): {"system versioning": "false"},
}
_WITHOUT_DEFAULT = ("text", "blob", "json", "geometry", "point", "linestring", "polygon", "collection")
"""Types that MySQL shows no DEFAULT NULL for."""


def column(text: str, table: Object, place: Place, position: int, before: str) -> Object:
    """Read a column; `before` is the key of the one before it."""
    match = _NAME.match(text)
    assert match is not None
    name = match[0][1:-1].replace("``", "`")
    known, sequences = _read(text[match.end() :])
    facts = {"position": str(position), **known}
    if "system versioning" not in table.facts:
        facts.pop("system versioning", None)  # what is left of a versioning that was dropped; no server loads it
    _collated(facts, place, table.facts.get("collation", ""))
    needs = (table.key, *([before] if before else ()), *(f"sequence {part(each)}" for each in sequences))
    return Object("column", f"{table.name}.{part(name)}", of=table.key, facts=facts, needs=needs)


@lru_cache(maxsize=4096)
def _read(text: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """Read what stands behind a column's name: its facts, and the sequences that it takes its value from."""
    reader = Reader(words(text))
    facts = {"type": canonical(reader.until(_AFTER_TYPE))}
    sequences = tuple(dict.fromkeys(_sequences(reader)))
    while reader:
        _attribute(reader, facts)
    _defaulted(facts)
    return facts, sequences


def _collated(facts: dict[str, str], place: Place, collation: str) -> None:
    charset = facts.pop("charset", "")
    if facts["type"].partition("(")[0].partition(" ")[0] in TEXT:
        own = place.collations.get(charset, charset)
        facts.setdefault("collation", own or collation)


def _defaulted(facts: dict[str, str]) -> None:
    """Leave DEFAULT NULL out, and say so where a column that may be NULL has no default at all."""
    if facts.get("default") == "NULL":
        del facts["default"]
        return
    silent = facts["type"].partition("(")[0].endswith(_WITHOUT_DEFAULT)
    bare = not {"default", "not null", "generated", "auto_increment"} & facts.keys()
    if bare and not silent:
        facts["no default"] = "true"


def _attribute(reader: Reader, facts: dict[str, str]) -> None:
    """Take one property of a column."""
    flag = next((words for words in _FLAGS if reader.accept(*words)), None)
    if flag is not None:
        facts.update(_FLAGS[flag])
    elif reader.accept("character", "set") or reader.accept("charset"):
        facts["charset"] = reader.name()
    elif reader.accept("collate"):
        facts["collation"] = reader.name()
    elif reader.accept("generated", "always", "as") or reader.accept("as"):
        _generated(reader, facts)
    elif reader.accept("default"):
        facts["default"] = canonical(reader.until(_AFTER_DEFAULT))
    elif reader.accept("on", "update"):
        facts["on update"] = canonical(reader.until(_AFTER_DEFAULT))
    elif reader.accept("comment"):
        facts["comment"] = string(reader.skip())
    elif reader.accept("check"):
        facts["check"] = canonical(reader.group() or Reader([]))
    else:
        other(reader, facts)


def _generated(reader: Reader, facts: dict[str, str]) -> None:
    if reader.accept("row"):
        facts["generated"] = f"ROW {reader.one_of({'start', 'end'}).upper()}"
        return
    group = reader.group()
    facts["expression"] = canonical(group) if group is not None else ""
    stored = reader.one_of({"stored", "persistent", "virtual"}) in {"stored", "persistent"}
    facts["generated"] = "STORED" if stored else "VIRTUAL"


def _sequences(reader: Reader) -> Iterator[str]:
    """Yield the sequences of this database that a default takes its value from."""
    coming = Reader(reader.stream, reader.at, reader.end)
    while coming:
        if coming.word() in {"nextval", "lastval"} and coming.word(1) == "(":
            coming.skip()
            coming.skip()
            first, second = coming.qualified()
            if second and not first:
                yield second
        else:
            coming.skip()
