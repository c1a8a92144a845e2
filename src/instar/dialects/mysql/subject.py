"""What a statement with an implicit commit is about: its verb, its objects, and what of it the catalog can show."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from instar.dialects._tokens import Token, unquoted
from instar.dialects.mysql.kinds import kind, object_at
from instar.dialects.mysql.parse import words
from instar.model import Kind

_SHOWN = {
    "table": "table", "tables": "table", "view": "table", "sequence": "sequence", "index": "table",
    "trigger": "trigger", "procedure": "procedure", "function": "function", "event": "event", "database": "database",
    "schema": "database", "user": "user",
}  # fmt: skip
_AGAIN = frozenset({"analyze", "optimize", "check", "repair", "flush", "grant", "lock", "unlock", "load", "cache"})
# Their effect leaves the definition as it was: only InnoDB's number of the table tells.
_HIDDEN_PARTITION = frozenset({"truncate", "exchange", "discard", "import"})
_TABLE_WORDS = frozenset({"column", "index", "key", "constraint", "partition"})


@dataclass(frozen=True, slots=True)
class Name:
    """An object of the server. `schema` is "" for one in the database in use, and for those without one."""

    kind: str
    schema: str
    name: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What a statement does to which objects. `again`: it may run twice without harm, whatever the catalog says.

    `tolerant` is IF [NOT] EXISTS, `replacing` is OR REPLACE, `hidden` says that definitions do not show the effect,
    `filling` that rows are part of it (CREATE TABLE ... SELECT), `renamed` holds pairs of old and new names.
    """

    verb: str
    names: tuple[Name, ...] = ()
    again: bool = False
    tolerant: bool = False
    replacing: bool = False
    hidden: bool = False
    filling: bool = False
    renamed: tuple[tuple[Name, Name], ...] = ()


def subject(text: str) -> Subject:
    """Read what the statement `text` is about; one without names and `again` cannot be judged."""
    stream = words(text)
    said = [token.word for token in stream]
    if said[:2] == ["set", "statement"] and "for" in said:
        stream, said = stream[said.index("for") + 1 :], said[said.index("for") + 1 :]
    verb = said[0] if said else ""
    if verb in {"create", "alter", "drop"}:
        return _defining(verb, stream, said)
    if verb == "rename" and said[1:2] in (["table"], ["tables"]):
        return _renaming(stream[2:])
    if verb == "truncate":
        return Subject(verb, (_name("table", stream, 2 if said[1:2] == ["table"] else 1)[0],), hidden=True)
    if verb == "revoke":
        return _revoking(stream, said)
    return Subject(verb, again=_repeatable(verb, stream, said))


def locks_tables(text: str) -> bool:
    """Whether the statement locks tables, and with them our own out."""
    said = [token.word for token in words(text)[:12]]
    return said[:1] == ["lock"] or (said[:1] == ["flush"] and ("lock" in said or "export" in said))


def _repeatable(verb: str, stream: Sequence[Token], said: Sequence[str]) -> bool:
    if verb == "set":  # a value that is computed from another may differ the second time
        values = said[said.index("=") + 1 :] if "=" in said else []
        return kind(stream) is Kind.OUTSIDE and not {"@", "+", "-", "("} & set(values)
    return verb in _AGAIN


def _defining(verb: str, stream: Sequence[Token], said: Sequence[str]) -> Subject:
    at = object_at(said)
    what = said[at] if at < len(said) else ""
    replacing = "replace" in said[1:at]
    tolerant, start = _existence(said, at + 1)
    found = Subject(verb, tolerant=tolerant, replacing=replacing, again=_always_again(verb, what, said, start))
    if what not in _SHOWN or start >= len(stream):
        return replace(found, again=found.again or tolerant or replacing)
    if what == "index":
        return replace(found, verb="alter", names=_indexed(stream, said))
    if verb == "drop":
        return replace(found, names=_list(_SHOWN[what], stream, start))
    return _made(found, what, stream, start)


def _existence(said: Sequence[str], at: int) -> tuple[bool, int]:
    if said[at : at + 3] == ["if", "not", "exists"]:
        return True, at + 3
    return (True, at + 2) if said[at : at + 2] == ["if", "exists"] else (False, at)


def _always_again(verb: str, what: str, said: Sequence[str], start: int) -> bool:
    """Only that a database goes may stop halfway, and DROP DATABASE then goes on where it stopped."""
    return verb == "drop" and what in {"database", "schema"} and start > 0 and "exists" in said[:5]


def _made(found: Subject, what: str, stream: Sequence[Token], start: int) -> Subject:
    """CREATE and ALTER of one object; of several users nothing can be said."""
    name, after = _name(_SHOWN[what], stream, start)
    rest = [token.word for token in stream[after:]]
    if what == "user" and "," in rest:
        return replace(found, again=found.tolerant or found.replacing)
    if what == "sequence" and found.verb == "alter" and "restart" in rest:
        return found
    if what in {"table", "event"} and found.verb == "alter":
        return _altered(found, name, stream[after:])
    if what == "table":
        return replace(found, names=(name,), filling="select" in rest, hidden=found.replacing)
    return replace(found, names=(name,))


def _altered(found: Subject, name: Name, stream: Sequence[Token]) -> Subject:
    """ALTER TABLE and ALTER EVENT, which may rename, and whose partitions may change unseen."""
    said = [token.word for token in stream]
    for at, word in enumerate(said):
        if word == "rename" and said[at + 1 : at + 2] and said[at + 1] not in _TABLE_WORDS:
            new, _ = _name(name.kind, stream, at + 2 if said[at + 1] in {"to", "as"} else at + 1)
            return replace(found, names=(name, new), renamed=((name, new),))
        if word in _HIDDEN_PARTITION and said[at + 1 : at + 2] in (["partition"], ["tablespace"]):
            return replace(found, names=(name,), hidden=True)
    return replace(found, names=(name,))


def _renaming(stream: Sequence[Token]) -> Subject:
    pairs: list[tuple[Name, Name]] = []
    at = _existence([token.word for token in stream], 0)[1]
    while at < len(stream):
        old, at = _name("table", stream, at)
        while at < len(stream) and stream[at].word != "to":  # MariaDB: WAIT n, NOWAIT
            at += 1
        if at + 1 >= len(stream):
            break
        new, at = _name("table", stream, at + 1)
        pairs.append((old, new))
        at += 1
    every = dict.fromkeys(name for pair in pairs for name in pair)
    return Subject("rename", tuple(every), renamed=tuple(pairs))


def _revoking(stream: Sequence[Token], said: Sequence[str]) -> Subject:
    at = len(said) - 1 - list(reversed(said)).index("from") if "from" in said else len(said)
    if "," in said[at:] or at + 1 >= len(stream):
        return Subject("revoke")
    return Subject("revoke", (_name("grants", stream, at + 1)[0],), tolerant="exists" in said[:3])


def _indexed(stream: Sequence[Token], said: Sequence[str]) -> tuple[Name, ...]:
    return (_name("table", stream, said.index("on") + 1)[0],) if "on" in said[:-1] else ()


def _list(kind_: str, stream: Sequence[Token], at: int) -> tuple[Name, ...]:
    names: list[Name] = []
    while at < len(stream) and stream[at].kind in {"word", "name", "string"}:
        name, at = _name(kind_, stream, at)
        names.append(name)
        at += 1 if at < len(stream) and stream[at].text == "," else len(stream)
    return tuple(names)


def _name(kind_: str, stream: Sequence[Token], at: int) -> tuple[Name, int]:
    """Read `name`, `database.name` or `user@host` at `at`; return it and the index after it."""
    if kind_ in {"user", "grants"}:
        end = at + 3 if [token.text for token in stream[at + 1 : at + 2]] == ["@"] else at + 1
        return Name(kind_, "", "".join(token.text for token in stream[at:end])), end
    if at + 2 < len(stream) and stream[at + 1].text == ".":
        return Name(kind_, unquoted(stream[at]), unquoted(stream[at + 2])), at + 3
    return Name(kind_, "", unquoted(stream[at]) if at < len(stream) else ""), at + 1
