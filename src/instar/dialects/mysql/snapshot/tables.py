"""Tables with their columns, keys, checks and foreign keys, as SHOW CREATE TABLE says them."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import takewhile

from instar.dialects._reader import Reader
from instar.dialects._tokens import Token
from instar.dialects.mysql.identifiers import part
from instar.dialects.mysql.parse import words
from instar.dialects.mysql.snapshot import columns, keys
from instar.dialects.mysql.snapshot.reading import Place, canonical, string
from instar.errors import DatabaseError
from instar.snapshot import Object

_FACTS = {
    "engine": "engine", "default charset": "charset", "charset": "charset", "collate": "collation",
    "comment": "comment",
}  # fmt: skip
_PASSING = frozenset({"auto_increment", "data directory", "index directory"})
"""What rows move, and where files lie: no part of the schema."""


def table(place: Place, name: str) -> Iterator[Object]:
    """Yield a table and what belongs to it."""
    text = place.without(str(place.show("TABLE", name)[1]))
    if text.startswith("CREATE TEMPORARY"):
        raise DatabaseError(
            f"the session has a temporary table {name}, which hides the table of that name",
            hint="drop the temporary table before the schema is read",
        )
    inside, behind = _divided(text)
    facts = dict(_options(behind))
    charset = facts.pop("charset", "")
    facts.setdefault("collation", place.collations.get(charset, charset))
    made = Object("table", part(name), facts={key: value for key, value in facts.items() if value})
    parts = list(_parts(inside, made, place))
    needs = dict.fromkeys(need for item in parts for need in item.needs if need.startswith("sequence "))
    yield Object("table", made.name, facts=made.facts, needs=(*needs, *_union(made.facts)))
    yield from keys.supported(parts, made.name)


def _divided(text: str) -> tuple[list[str], str]:
    """Return what stands in the parenthesis, piece by piece, and what stands behind it."""
    lines = text.split("\n")
    inside = list(takewhile(lambda line: not line.startswith(")"), lines[1:]))
    if all(line.startswith("  ") and _whole(line) for line in inside) and len(inside) + 1 < len(lines):
        return [line[2:].removesuffix(",") for line in inside], "\n".join(lines[len(inside) + 1 :])[1:]
    reader = Reader(words(text))
    reader.until({"("})
    group = reader.group() or Reader([])
    return [each.text(text) for each in group.parts()], text[reader.start :]


def _whole(line: str) -> bool:
    """Whether no quoted text goes on in the next line."""
    return line.count("'") % 2 == 0 and line.count("`") % 2 == 0 and line.count('"') % 2 == 0


def _parts(inside: list[str], made: Object, place: Place) -> Iterator[Object]:
    position, before = 0, ""
    for each in inside:
        if each.startswith("`"):
            position += 1
            item = columns.column(each, made, place, position, before)
            before = item.key
            yield item
        else:
            yield _period(each, made) if each.startswith("PERIOD") else keys.key(each, made)


def _union(facts: Mapping[str, str]) -> tuple[str, ...]:
    """Return the tables that a MERGE table is made of."""
    group = Reader(words(facts.get("option union", ""))).group()
    return tuple(f"table {part(each.name())}" for each in group.parts()) if group is not None else ()


def _period(text: str, table: Object) -> Object:
    """Read `PERIOD FOR SYSTEM_TIME (a, b)`."""
    reader = Reader(words(text))
    reader.accept("period", "for")
    name = f"{table.name}.{part(reader.name())}"
    return keys.listing("period", name, table, reader)


@lru_cache(maxsize=256)
def _options(text: str) -> tuple[tuple[str, str], ...]:
    """Read what stands behind the columns."""
    reader = Reader(words(text))
    facts: dict[str, str] = {}
    while reader:
        if reader.accept("partition", "by"):
            facts["partition by"] = canonical(reader)
            break
        if reader.accept("with", "system", "versioning"):
            facts["system versioning"] = "true"
        elif not reader.accept(","):
            key, value = _option(reader)
            if key not in _PASSING:
                facts[_FACTS.get(key, f"option {key}")] = value
    return tuple(facts.items())


def _option(reader: Reader) -> tuple[str, str]:
    """Take `KEY=value`, or words without a value."""
    said: list[str] = []
    while reader and reader.word() != "=":
        said.append(_written(reader.skip()))
    key = " ".join(said)
    if not reader.accept("="):
        return key, "true"
    if reader.word() == "(":
        begun = reader.at
        reader.group()
        return key, canonical(Reader(reader.stream, begun, reader.at))
    token = reader.skip()
    if key == "comment":
        return key, string(token)
    return key, token.text if token is not None else ""


def _written(token: Token | None) -> str:
    """Write a word of an option's name: `encrypted` is the engine's own, row_format the server's."""
    return "" if token is None else token.word or token.text
