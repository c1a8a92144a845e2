"""Views and sequences, as SHOW CREATE says them."""

from collections.abc import Collection, Iterator, Mapping

from instar.dialects._reader import Reader
from instar.dialects.mysql.identifiers import part
from instar.dialects.mysql.parse import words
from instar.dialects.mysql.snapshot.reading import Place, definer, spelled, string
from instar.snapshot import Object

_SOURCES = frozenset({"from", "join", "straight_join"})


def view(place: Place, name: str, relations: Mapping[str, str], routines: Collection[str]) -> Object:
    """Read a view; `relations` are the kinds of tables, views and sequences by name, `routines` keys of functions."""
    row = place.show("VIEW", name)
    text = place.without(str(row[1]))
    reader = Reader(words(text))
    reader.accept("create")
    facts: dict[str, str] = {}
    if reader.accept("algorithm", "="):
        facts["algorithm"] = reader.name().upper()
    facts["definer"] = definer(reader)
    if reader.accept("sql", "security"):
        facts["security"] = reader.name().upper()
    reader.accept("view")
    reader.name()
    if (group := reader.group()) is not None:
        facts["columns"] = spelled(group)
    reader.accept("as")
    start, end, option = reader.start, len(text), ""
    said = [token.word for token in reader.stream[-4:]]
    if said[0] == "with" and said[2:] == ["check", "option"]:
        end, option = reader.stream[-4].start, said[1].upper()
    facts |= {"definition": text[start:end].strip(), "check option": option}
    facts |= {"character set client": str(row[2]), "collation connection": str(row[3])}
    usual = {"algorithm": "UNDEFINED", "security": "DEFINER"}
    facts = {key: value for key, value in facts.items() if value and usual.get(key) != value}
    needs = dict.fromkeys(_needs(reader, relations, routines))
    return Object("view", part(name), facts=facts, needs=tuple(need for need in needs if need != f"view {part(name)}"))


def _needs(reader: Reader, relations: Mapping[str, str], routines: Collection[str]) -> Iterator[str]:
    """Yield what a view reads: names behind FROM and JOIN, and functions."""
    source = False
    while reader:
        token = reader.token
        if token is not None and token.kind == "name":
            yield from _used(reader, relations, routines, source=source)
            source = False
        elif reader.word() != "(":
            source = reader.word() in _SOURCES
            if reader.word() in {"nextval", "lastval"} and reader.word(1) == "(":
                reader.skip()
                source = True
        reader.skip()


def _used(reader: Reader, relations: Mapping[str, str], routines: Collection[str], *, source: bool) -> Iterator[str]:
    first = Reader(reader.stream, reader.at, reader.end).name()
    qualified = reader.word(1) == "."
    if source and first in relations and not qualified:
        yield f"{relations[first]} {part(first)}"
    if reader.word(1) == "(" and f"function {part(first)}" in routines:
        yield f"function {part(first)}"


_WORDS = {"minvalue": "minimum", "maxvalue": "maximum", "cache": "cache", "as": "type"}


def sequence(place: Place, name: str) -> Object:
    """Read a sequence; where it stands is no part of the schema."""
    reader = Reader(words(str(place.show("SEQUENCE", name)[1])))
    reader.accept("create", "sequence")
    reader.name()
    facts: dict[str, str] = {}
    while reader:
        if reader.accept("start", "with"):
            facts["start"] = _number(reader)
        elif reader.accept("increment", "by"):
            facts["increment"] = _number(reader)
        elif reader.word() in _WORDS:
            key = _WORDS[reader.word()]
            reader.skip()
            facts[key] = _number(reader)
        elif reader.accept("cycle"):
            facts["cycle"] = "true"
        elif reader.accept("nocache"):
            facts["cache"] = "0"
        elif reader.accept("engine", "="):
            facts["engine"] = reader.name()
        elif reader.accept("comment", "="):
            facts["comment"] = string(reader.skip())
        elif not reader.accept("nocycle"):
            token = reader.skip()
            facts["type"] = f"{facts.get('type', '')} {token.text if token is not None else ''}".strip()
    return Object("sequence", part(name), facts=facts)


def _number(reader: Reader) -> str:
    sign = "-" if reader.accept("-") else ""
    token = reader.skip()
    return sign + (token.text if token is not None else "")
