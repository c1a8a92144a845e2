"""SQLite's own CREATE texts in canonical form: layout, comments, case and the quotes of identifiers do not count."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from instar.dialects._reader import Reader
from instar.dialects._tokens import Token, tokens, unquoted
from instar.dialects.sqlite.identifiers import RESERVED, part

_PATTERN = re.compile(
    r"""
    (?P<space>[\s\ufeff]+)
  | (?P<comment>--[^\n]* | /\*(?s:.*?)(?:\*/|\Z))
  | (?P<number>0[xX][0-9a-fA-F_]+ | (?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)
  | (?P<blob>[xX]'[0-9a-fA-F]*')
  | (?P<string>'(?:[^']|'')*+')
  | (?P<name>"(?:[^"]|"")*+" | `(?:[^`]|``)*+` | \[[^\]]*\])
  | (?P<word>[\w$]+)
  | (?P<symbol>\|\| | ->>? | << | >> | <= | >= | == | != | <> | (?s:.))
    """,
    re.VERBOSE,
)
_LOUD = RESERVED | {
    "begin",
    "by",
    "cast",
    "collate",
    "cross",
    "escape",
    "glob",
    "like",
    "natural",
    "outer",
    "recursive",
}
"""Words that are written in capitals."""
_CALLS = frozenset({"cast", "raise"})
"""Reserved words that look like functions."""
_NAMING = frozenset({"as", "collate", "from", "into", "join", "on", "table", "update", ".", "references", "of"})
"""What stands before a name, never before a string."""
_SIGNS = frozenset({"-", "+", "~"})


def lex(text: str) -> list[Token]:
    """Return the tokens of a CREATE text."""
    return list(tokens(_PATTERN, text))


def folded(name: str) -> str:
    """Return a name as SQLite compares it: only ASCII letters lose their case."""
    if name.isascii():
        return name.lower()
    return "".join(letter.lower() if letter.isascii() else letter for letter in name)


def raised(name: str) -> str:
    """Return a collation's name as it is usually written; its case does not count."""
    return "".join(letter.upper() if letter.isascii() else letter for letter in name)


def name(reader: Reader) -> str:
    """Take a name, which SQLite also reads from a string in single quotes; "" when none comes."""
    token = reader.token
    if token is not None and token.kind == "string":
        reader.skip()
        return token.text[1:-1].replace("''", "'")
    return reader.name()


def qualified(reader: Reader) -> str:
    """Take `[schema.]name` and return the name."""
    first = name(reader)
    return name(reader) if reader.accept(".") else first


def canonical(reader: Reader, known: Mapping[str, str]) -> str:
    """Return what is left of a reader as a text.

    `known` holds, by folded name, how to write the names that can be meant. What stands in double quotes and is none of
    them may be a string: it stays as it is.
    """
    stream = reader.stream[reader.at : reader.end]
    parts: list[str] = []
    for index, token in enumerate(stream):
        before = stream[index - 1] if index else None
        following = stream[index + 1].text if index + 1 < len(stream) else ""
        if before is not None and _apart(stream, index):
            parts.append(" ")
        parts.append(_written(token, before, following, known))
    return "".join(parts)


def plain(reader: Reader) -> str:
    """Return what is left of a reader as it is, but for white space and comments."""
    parts: list[str] = []
    last = -1
    for token in reader.stream[reader.at : reader.end]:
        parts += [" "] * (0 <= last < token.start)
        parts.append(token.text)
        last = token.end
    return "".join(parts)


def _written(token: Token, before: Token | None, following: str, known: Mapping[str, str]) -> str:
    if token.kind in {"string", "symbol"}:
        return token.text
    if before is not None and before.word == "collate":
        return part(raised(unquoted(token)))
    if token.kind == "word":
        small = folded(token.text)
        if small in known and following != "(" and small not in RESERVED:
            return known[small]
        return small.upper() if small in _LOUD else small
    if token.kind == "name":
        small = folded(unquoted(token))
        sure = token.text[0] != '"' or following == "." or (before is not None and before.word in _NAMING)
        return known.get(small) or (part(small) if sure else token.text)
    return token.text.lower()


def _apart(stream: Sequence[Token], index: int) -> bool:
    """Whether a space stands before a token."""
    last, token = stream[index - 1], stream[index]
    if token.text in {",", ")", ".", ";"} or last.text in {"(", "."}:
        return False
    if last.text in _SIGNS and _unary(stream, index - 1):
        return False
    if token.text == "(":
        return not (last.kind in {"word", "name"} and (last.word not in RESERVED or last.word in _CALLS))
    return True


def _unary(stream: Sequence[Token], index: int) -> bool:
    """Whether a sign belongs to what follows it alone."""
    if not index:
        return True
    last = stream[index - 1]
    return (last.kind == "symbol" and last.text != ")") or last.word in RESERVED


def names(stream: Sequence[Token]) -> Iterator[str]:
    """Yield all names and words, folded."""
    for token in stream:
        if token.kind in {"word", "name"}:
            yield folded(unquoted(token))


def item(reader: Reader, columns: Mapping[str, str], collation: Callable[[str], str]) -> str:
    """Return a column or an expression of an index or a key; the column's own collation is left out."""
    order = ""
    if reader and reader.stream[reader.end - 1].word in {"asc", "desc"} and reader.end - reader.at > 1:
        order = " DESC" if reader.stream[reader.end - 1].word == "desc" else ""
        reader = Reader(reader.stream, reader.at, reader.end - 1)
    taken = Reader(reader.stream, reader.at, reader.end)
    column = name(taken)
    if folded(column) not in columns or (taken and taken.word() != "collate"):
        return canonical(reader, columns) + order
    given = raised(name(taken)) if taken.accept("collate") else collation(column)
    own = collation(column) or "BINARY"
    return columns[folded(column)] + (f" COLLATE {part(given)}" if given and given != own else "") + order


def quoted(text: str) -> str:
    """Return a name in quotes."""
    return '"' + text.replace('"', '""') + '"'
