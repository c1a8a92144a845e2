"""What statements on rows are about, for the engines whose SQL we read ourselves: target, conditions, columns."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from instar.dialects import _touched
from instar.dialects._reader import Reader
from instar.dialects._tokens import Token
from instar.effects import Change, Lock, LockMode, Work, WorkKind

Key = Callable[[str, str], str]
"""Makes the key of an existing relation of its schema and its name."""

VERBS = frozenset({"insert", "replace", "update", "delete", "select", "with", "values", "table", "("})
_MODIFIERS = frozenset(
    {"low_priority", "high_priority", "delayed", "quick", "ignore", "or", "rollback", "abort", "fail"}
)
_CLAUSES = {"where": "where", "limit": "limit", "offset": "offset", "order": "order by", "returning": "returning"}


def change(text: str, stream: Sequence[Token], key: Key) -> Change:
    """Read a statement on rows."""
    reader = Reader(stream)
    verb = _main(reader)
    flags = _flags(Reader(stream, reader.at))
    if verb in {"insert", "replace"}:
        return _insert(text, reader, key, flags | ({"or replace"} if verb == "replace" else frozenset()))
    if verb == "update":
        return _update(text, reader, key, flags)
    if verb == "delete":
        return _delete(text, reader, key, flags)
    locking = frozenset({"for update"}) if _locks(reader) else frozenset()
    return Change("select", others=_others(stream, ""), flags=flags | locking, text=_where(text, reader), end=len(text))


def _main(reader: Reader) -> str:
    """Step over WITH to the verb that counts, and return it."""
    if reader.accept("with"):
        reader.until({"insert", "replace", "update", "delete", "select", "values"})
    return reader.word()


def _flags(reader: Reader) -> frozenset[str]:
    """Return the clauses outside of parentheses."""
    found: set[str] = set()
    depth = 0
    for token in reader.stream[reader.at : reader.end]:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if not depth and token.word in _CLAUSES:
            found.add(_CLAUSES[token.word])
    return frozenset(found)


def _locks(reader: Reader) -> bool:
    """Whether a query locks the rows that it reads: FOR UPDATE, FOR SHARE, LOCK IN SHARE MODE."""
    words = Reader(reader.stream, reader.at, reader.end).words()
    pairs = set(pairwise(words))
    return bool(pairs & {("for", "update"), ("for", "share"), ("lock", "in")})


def _where(text: str, reader: Reader) -> str:
    """Return the condition's text."""
    rest = Reader(reader.stream, reader.at, reader.end)
    rest.until({"where"})
    if not rest.accept("where"):
        return ""
    return rest.until({"order", "limit", "returning", "group", "on"}).text(text)


def _others(stream: Sequence[Token], target: str) -> tuple[str, ...]:
    return tuple(sorted((_touched.touched(stream) or frozenset()) - {target.lower()}))


def _made(
    kind: str, target: str, text: str, reader: Reader, flags: frozenset[str], columns: tuple[str, ...] = ()
) -> Change:
    return Change(
        kind,
        target,
        locks=(Lock(target, LockMode.ROW_EXCLUSIVE),) if target else (),
        work=(Work(WorkKind.DML, target),) if target else (),
        flags=flags,
        columns=columns,
        others=_others(reader.stream, target),
        text=_where(text, reader),
        end=len(text),
    )


def _insert(text: str, reader: Reader, key: Key, flags: frozenset[str]) -> Change:
    said = set(flags) - {"where", "limit", "offset", "order by"}
    reader.skip()
    said |= _modifiers(reader)
    reader.accept("into")
    target = key(*reader.qualified())
    columns: tuple[str, ...] = ()
    if reader.accept("as"):
        reader.name()
    if reader.word() == "(" and reader.word(1) not in {"select", "with", "values"}:
        inside = reader.group()
        columns = tuple(part.name() for part in inside.parts()) if inside else ()
    if reader.accept("set"):
        columns = _assigned(Reader(reader.stream, reader.at, reader.end))
        said.add("values")
    rest = reader.words()
    said |= {"values"} if rest[:1] in (["values"], ["value"]) else set()
    said |= {"select"} if "select" in rest[:2] or rest[:1] == ["with"] else set()
    if any(rest[at : at + 2] in (["on", "conflict"], ["on", "duplicate"]) for at in range(len(rest))):
        said.add("on conflict")
    return _made("insert", target, text, reader, frozenset(said), columns)


def _modifiers(reader: Reader) -> set[str]:
    said: set[str] = set()
    while word := reader.one_of(_MODIFIERS | {"replace"}):
        said |= {"ignore"} if word == "ignore" else {"or replace"} if word == "replace" else set()
    return said


def _update(text: str, reader: Reader, key: Key, flags: frozenset[str]) -> Change:
    reader.skip()
    said = set(flags) | _modifiers(reader)
    target = key(*reader.qualified())
    before = reader.until({"set"})
    if {"join", "straight_join", ","} & set(before.words()):
        said |= {"from"} | ({"join"} if {"join", "straight_join"} & set(before.words()) else set())
    reader.accept("set")
    assignments = reader.until({"where", "order", "limit", "from", "returning"})
    said |= {"from"} if reader.word() == "from" else set()
    return _made("update", target, text, reader, frozenset(said), _assigned(assignments))


def _assigned(reader: Reader) -> tuple[str, ...]:
    columns = []
    for part in reader.parts():
        _, name = part.qualified()
        columns += [name] if name else []
    return tuple(columns)


def _delete(text: str, reader: Reader, key: Key, flags: frozenset[str]) -> Change:
    reader.skip()
    said = set(flags) | _modifiers(reader)
    if not reader.accept("from"):  # MySQL: DELETE t FROM t JOIN u
        said.add("from")
    target = key(*reader.qualified())
    joined = {"join", "straight_join"} & set(reader.words())
    if reader.word() in {"using", ","} or joined:
        said |= {"from"} | ({"join"} if joined else set())
    return _made("delete", target, text, reader, frozenset(said))
