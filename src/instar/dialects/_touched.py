"""Which tables a statement is about, read off its words. Rather one name too many than one too few."""

from collections.abc import Sequence

from instar.dialects._tokens import Token, unquoted

_SILENT = frozenset({
    "set", "pragma", "begin", "start", "commit", "end", "rollback", "savepoint", "release", "use", "vacuum",
    "attach", "detach", "reindex", "grant", "revoke", "flush", "unlock", "deallocate", "show", "optimize", "check",
})  # fmt: skip
_KNOWN = frozenset({
    "create", "alter", "drop", "rename", "truncate", "insert", "replace", "update", "delete", "select", "with",
    "values", "table", "begin", "lock", "load", "analyze", "repair", "explain", "describe", "desc",
})  # fmt: skip
_OPAQUE = frozenset({"call", "execute", "prepare"})
_LEADERS = frozenset({"table", "tables", "view", "into", "from", "join", "references", "update", "sequence"})
_DIRECT = frozenset({"insert", "replace", "truncate", "delete"})
_AFTER_TABLES = frozenset({
    "where", "group", "order", "having", "limit", "set", "select", "values", "union", "except", "intersect", "window",
    "returning", "into", ";",
})  # fmt: skip
_SKIPPED = frozenset({
    "if", "not", "exists", "only", "ignore", "low_priority", "high_priority", "delayed", "quick", "or", "rollback",
    "abort", "fail", "lateral", "replace",
})  # fmt: skip
_ENDING = frozenset({
    "set", "where", "values", "value", "select", "on", "of", "as", "using", "join", "inner", "left", "right", "cross",
    "natural", "order", "group", "limit", "having", "union", "except", "intersect", "window", "returning", "for",
    "to", "like", "with", "begin", "outfile", "dumpfile", "default", "cascade", "restrict", "read", "write",
    "partition", "straight_join", "full", "outer", "end", "then", "when", "into", "table", "tables",
    "from",
})  # fmt: skip


def touched(stream: Sequence[Token]) -> frozenset[str] | None:
    """Return the lower-case names of the tables and views in `stream`, without schema; None when not known."""
    first = next((token.word for token in stream if token.kind == "word"), "")
    if first in _SILENT and not (first == "begin" and any(token.word == "atomic" for token in stream[:3])):
        return frozenset()
    if first not in _KNOWN or any(token.word in _OPAQUE for token in stream):
        return None
    if first == "drop" and _nameless_drop(stream):
        return None
    return frozenset(name.lower() for name in _names(stream))


def _nameless_drop(stream: Sequence[Token]) -> bool:
    """`DROP INDEX i` and `DROP TRIGGER t` do not say whose they are."""
    words = [token.word for token in stream]
    return bool({"index", "trigger"} & set(words[1:2])) and "on" not in words


def _names(stream: Sequence[Token]) -> list[str]:
    found: list[str] = []
    listing = [False]  # per open parenthesis: whether a comma leads to another table
    for index, token in enumerate(stream):
        before = stream[index - 1].word if index else ""
        _follow(listing, token.word)
        if _leads(stream, index, before) or (token.word == "," and listing[-1]):
            found += _listed(stream, index + 1)
        elif token.word == "rename" and before != "column":
            found += _renamed(stream, index)
    return found


def _follow(listing: list[bool], word: str) -> None:
    if word == "(":
        listing.append(False)
    elif word == ")" and len(listing) > 1:
        listing.pop()
    elif word in {"from", "join"}:
        listing[-1] = True
    elif word in _AFTER_TABLES:
        listing[-1] = False


def _leads(stream: Sequence[Token], index: int, before: str) -> bool:
    word = stream[index].word
    if word == "update":
        return before not in {"on", "for", "do", "key", "after", "before", "of", "or"}
    if word == "on":
        return _heads_index_or_trigger(stream, index)
    if word == "like":
        return index > 0 and stream[0].word == "create" and index < 8  # noqa: PLR2004 - CREATE TABLE a.b LIKE c
    return word in _LEADERS or (index == 0 and word in _DIRECT)


def _heads_index_or_trigger(stream: Sequence[Token], index: int) -> bool:
    """Only the first ON of CREATE or DROP INDEX and TRIGGER is followed by a table; others begin conditions."""
    words = [token.word for token in stream[:index]]
    return words[:1] != ["alter"] and bool({"index", "trigger"} & set(words[1:4])) and "on" not in words


def _renamed(stream: Sequence[Token], index: int) -> list[str]:
    """`RENAME TABLE a TO b, c TO d` and `ALTER TABLE a RENAME [TO | AS] b`."""
    rest = stream[index + 1 :]
    if stream[0].word == "rename":
        return [name for at, token in enumerate(rest) if token.word in {"to", ","} for name in _listed(rest, at + 1)]
    if rest and rest[0].word in {"column", "index", "key"}:
        return []
    return _listed(rest, 1 if rest and rest[0].word in {"to", "as"} else 0)


def _listed(stream: Sequence[Token], index: int) -> list[str]:
    """Read `[db.]name [[AS] alias], ...` from `index` on; a parenthesis is read by itself."""
    found: list[str] = []
    while index < len(stream):
        while index < len(stream) and stream[index].word in _SKIPPED:
            index += 1
        name, index = _qualified(stream, index)
        if name:
            found.append(name)
        index = _after_alias(stream, index)
        if not name or index >= len(stream) or stream[index].word != ",":
            break
        index += 1
    return found


def _qualified(stream: Sequence[Token], index: int) -> tuple[str, int]:
    name = ""
    while index < len(stream) and _is_name(stream[index]):
        name = unquoted(stream[index])
        index += 1
        if index + 1 < len(stream) and stream[index].text == ".":
            index += 1
        else:
            break
    return name, index


def _after_alias(stream: Sequence[Token], index: int) -> int:
    if index < len(stream) and stream[index].word == "as":
        index += 1
    return index + 1 if index < len(stream) and _is_name(stream[index]) else index


def _is_name(token: Token) -> bool:
    return token.kind == "name" or token.text[0] == '"' or (token.kind == "word" and token.word not in _ENDING)
