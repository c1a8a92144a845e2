"""Tables with their columns and constraints, and virtual tables."""

from collections.abc import Iterator

from msgspec.structs import replace

from instar.dialects._reader import Reader
from instar.dialects.sqlite.identifiers import part
from instar.dialects.sqlite.snapshot import constraints
from instar.dialects.sqlite.snapshot.columns import column
from instar.dialects.sqlite.snapshot.reading import folded, lex, name, plain, qualified
from instar.snapshot import Object

_CONSTRAINT = frozenset({"constraint", "primary", "unique", "check", "foreign"})


def table(text: str) -> Iterator[Object]:
    """Yield a table and its parts."""
    reader = Reader(lex(text))
    reader.accept("create")
    if reader.accept("virtual", "table"):
        yield _virtual(reader)
        return
    reader.accept("table")
    reader.accept("if", "not", "exists")
    called = qualified(reader)
    made = Object("table", part(called))
    group = reader.group() or Reader([])
    said = reader.words()
    facts = {word: "true" for word in ("without rowid", "strict") if word.split()[0] in said}
    yield replace(made, facts=facts)
    yield from _parts(list(group.parts()), made, called)


def _parts(parts: list[Reader], made: Object, own: str) -> Iterator[Object]:
    columns = [each for each in parts if not _constrains(each)]
    others = [each for each in parts if _constrains(each)]
    known = {folded(called): part(called) for called in (name(_copy(each)) for each in columns)}
    scope = constraints.Scope(made, own, known)
    found: list[Object] = []
    for each in columns:
        before = (found[-1].key,) if found else ()
        found.append(column(each, scope, len(found) + 1, (made.key, *before)))
    yield from found
    for each in others:
        constraints.listed(each, scope)
    yield from scope.finished()


def _copy(reader: Reader) -> Reader:
    return Reader(reader.stream, reader.at, reader.end)


def _constrains(reader: Reader) -> bool:
    token = reader.token
    return token is not None and token.kind == "word" and reader.word() in _CONSTRAINT


def _virtual(reader: Reader) -> Object:
    """Read a virtual table: its arguments are its module's own language, kept but for white space."""
    reader.accept("if", "not", "exists")
    called = qualified(reader)
    reader.accept("using")
    facts = {"module": folded(name(reader))}
    group = reader.group()
    if group is not None and group:
        facts["arguments"] = ", ".join(plain(each) for each in group.parts())
    return Object("virtual table", part(called), facts=facts)
