"""Views, indexes and triggers."""

from collections.abc import Iterator
from itertools import pairwise

from instar.dialects._reader import Reader
from instar.dialects.sqlite.identifiers import part
from instar.dialects.sqlite.snapshot.reading import canonical, folded, item, lex, name, qualified
from instar.dialects.sqlite.snapshot.relations import Relations
from instar.snapshot import Object

_SOURCES = frozenset({"from", "join"})
_BEHIND_FROM = frozenset(
    {"where", "group", "order", "having", "limit", "union", "except", "intersect", "select", "window"}
)
_BEFORE_STAR = frozenset({"select", "distinct", "all", ",", "."})


def _opened(text: str, *words: str) -> tuple[Reader, str, bool]:
    """Take CREATE and what it makes; return a reader of the rest, the name, and whether UNIQUE was said."""
    reader = Reader(lex(text))
    reader.accept("create")
    unique = reader.accept("unique")
    reader.accept(*words)
    reader.accept("if", "not", "exists")
    return reader, qualified(reader), unique


def view(text: str, relations: Relations) -> Object:
    """Read a view: its columns as they come out, and its query."""
    reader, called, _ = _opened(text, "view")
    listed = reader.group() is not None
    reader.accept("as")
    rest = reader.stream[reader.at : reader.end]
    facts = {
        "columns": ", ".join(relations.columns(called).values()),
        "definition": canonical(reader, relations.known(rest)),
    }
    if listed and starred(reader):
        facts["listed"] = "true"
    needs = (key for key in _sources(reader, relations) if key != f"view {part(called)}")
    return Object("view", part(called), facts={k: v for k, v in facts.items() if v}, needs=tuple(dict.fromkeys(needs)))


def starred(reader: Reader) -> bool:
    """Whether a query takes all columns of something: `*` behind SELECT, a comma or a dot."""
    return any(word == "*" and before in _BEFORE_STAR for before, word in pairwise(reader.words()))


def _sources(reader: Reader, relations: Relations) -> Iterator[str]:
    """Yield the relations behind FROM and JOIN."""
    stream = reader.stream[reader.at : reader.end]
    known = set(relations.mentioned(stream))
    coming, source, among = Reader(stream), False, False
    while coming:
        word = coming.word()
        if source and word != "(":
            key = relations.key(qualified(coming))
            source = False
            if key in known:
                yield key
            continue
        among = word == "from" or (among and word not in _BEHIND_FROM)
        source = word in _SOURCES or (word == "," and among) or (source and word == "(")
        coming.skip()


def index(text: str, relations: Relations) -> Object:
    """Read an index."""
    reader, called, unique = _opened(text, "index")
    reader.accept("on")
    table = name(reader)
    group = reader.group() or Reader([])
    columns = relations.columns(table)
    parts = [_indexed(each, table, relations) for each in group.parts()]
    facts = {"columns": ", ".join(parts)}
    if unique:
        facts["unique"] = "true"
    if reader.accept("where"):
        facts["where"] = canonical(reader, columns)
    owner = relations.key(table)
    used = sorted({folded_name for token in reader.stream if (folded_name := _said(token.text)) in columns})
    needs = (owner, *(f"column {owner.partition(' ')[2]}.{columns[each]}" for each in used))
    return Object("index", part(called), of=owner, facts=facts, needs=needs)


def _said(text: str) -> str:
    return folded(text.strip('"`[]'))


def _indexed(reader: Reader, table: str, relations: Relations) -> str:
    return item(reader, relations.columns(table), lambda column: relations.collation(table, column))


def trigger(text: str, relations: Relations) -> Object:
    """Read a trigger."""
    reader, called, _ = _opened(text, "trigger")
    timing = reader.one_of({"before", "after", "instead"})
    reader.accept("of")
    event = reader.one_of({"delete", "insert", "update"}).upper()
    listed = reader.until({"on"}) if reader.accept("of") else Reader([])
    reader.accept("on")
    table = name(reader)
    reader.accept("for", "each", "row")
    known = relations.known(reader.stream)
    facts = {"timing": {"instead": "INSTEAD OF", "after": "AFTER"}.get(timing, "BEFORE"), "event": event}
    columns = relations.columns(table)
    given = [name(each) for each in listed.parts()]
    if given:
        facts["columns"] = ", ".join(columns.get(folded(each), part(each)) for each in given)
    if reader.accept("when"):
        facts["when"] = canonical(reader.until({"begin"}), known)
    facts["body"] = canonical(reader, known)
    owner = relations.key(table)
    used = (f"column {owner.partition(' ')[2]}.{columns[folded(each)]}" for each in given if folded(each) in columns)
    return Object("trigger", part(called), of=owner, facts=facts, needs=(owner, *used))
