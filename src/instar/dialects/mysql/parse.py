"""MySQL's and MariaDB's scripts: words, strings, comments, and where statements end."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from instar.dialects import CutError, _touched
from instar.dialects._tokens import Token, fingerprint, tokens
from instar.dialects.mysql.compound import Blocks, is_compound
from instar.dialects.mysql.kinds import kind
from instar.model import Piece

# Commands of the mysql program that no server knows. USE is not among them: it is SQL as well.
_CLIENT = frozenset({
    "source", "system", "tee", "notee", "pager", "nopager", "ego", "go", "rehash", "connect", "charset", "prompt",
    "exit", "quit", "edit", "print", "clear", "status",
})  # fmt: skip
_OPEN = {"'": "string", '"': "string", "`": "quoted name", "/*": "comment"}


@lru_cache(maxsize=32)
def pattern(mark: str = ";") -> re.Pattern[str]:
    """Return the pattern of tokens in a script whose delimiter is `mark`.

    `/*! ... */` and `/*M! ... */` are executed: their borders are tokens, what is between is read like any text. Only
    from version 999999 on nobody executes them (mariadb-dump's sandbox line).
    """
    return re.compile(
        rf"""
        (?P<space>[\s\ufeff]+)
      | (?P<comment>--(?=[\x00-\x20]|\Z)[^\n]* | \#[^\n]* | /\*(?![M+]?!|\+)(?s:.*?)\*/ | /\*!999999(?s:.*?)\*/)
      | (?P<mark>{re.escape(mark)})
      | (?P<hint>/\*\+(?s:.*?)\*/)
      | (?P<exec>/\*M?!\d*(?!\d) | \*/)
      | (?P<string>'(?s:[^'\\]|\\.|'')*+' | "(?s:[^"\\]|\\.|"")*+")
      | (?P<name>`(?:[^`]|``)*+`)
      | (?P<word>(?:(?!{re.escape(mark)})[\w$])+)
      | (?P<open>['"`]|/\*)
      | (?P<symbol>(?s:.))
        """,
        re.VERBOSE,
    )


def lex(text: str) -> list[Token]:
    """Return the tokens of a statement."""
    return list(tokens(pattern(), text))


def words(text: str) -> list[Token]:
    """Return the tokens of a statement without the borders of executed comments."""
    return [token for token in tokens(pattern(), text) if token.kind not in {"exec", "hint"}]


def cut(text: str) -> list[Piece]:
    """Cut a script into statements, obeying DELIMITER and, without it, the blocks of stored programs."""
    pieces: list[Piece] = []
    mark, position = ";", 0
    while (first := next(tokens(pattern(mark), text, position), None)) is not None:
        if first.word == "delimiter":
            mark, position = _delimiter(text, first)
        elif first.text in {mark, ";"}:
            position = first.end
        else:
            piece, position = _statement(text, first.start, mark)
            pieces += piece
    return pieces


def _delimiter(text: str, token: Token) -> tuple[str, int]:
    """Read a DELIMITER line of the mysql program: it is obeyed, not sent."""
    line_end = text.find("\n", token.end)
    line_end = len(text) if line_end < 0 else line_end
    given = text[token.end : line_end].split()
    if not given or given[0].startswith("\\"):
        raise CutError("DELIMITER is followed by no delimiter", token.start, "write for example: DELIMITER $$")
    return given[0], line_end


def _statement(text: str, start: int, mark: str) -> tuple[list[Piece], int]:
    """Read one statement from `start` on; return it and where the rest begins."""
    statement: list[Token] = []
    blocks = Blocks()
    begun = 0  # where, in `statement`, what follows the last semicolon begins
    for token in _checked(text, start, mark):
        if token.text == mark and mark != ";":
            return _piece(statement), token.end
        if token.text == ";":
            compound = is_compound(statement)
            if compound:
                blocks.feed(statement[begun:])
            if not compound or (mark == ";" and not blocks.open):
                return _piece(statement), token.end
            begun = len(statement) + 1
        statement.append(token)
    return _piece(statement), len(text)


def _checked(text: str, start: int, mark: str) -> Iterator[Token]:
    for token in tokens(pattern(mark), text, start):
        if token.kind == "open":
            raise CutError(f"a {_OPEN[token.text]} is opened here and never closed", token.start)
        if token.text == "\\" or (token.start == start and _client_command(text, token)):
            raise CutError(
                "a command of the mysql program is not SQL",
                token.start,
                "leave it out: a migration holds SQL statements only (and DELIMITER lines)",
            )
        yield token


def _client_command(text: str, token: Token) -> bool:
    following = text[token.end : token.end + 1]
    return token.word in _CLIENT and following not in {":", "(", "."}


def _piece(statement: Sequence[Token]) -> list[Piece]:
    last = len(statement)
    while last and statement[last - 1].text == ";":
        last -= 1
    inner = [token for token in statement[:last] if token.kind not in {"exec", "hint"}]
    if not last or _only_turns_autocommit(inner):
        return []
    return [Piece(statement[0].start, statement[last - 1].end, kind(inner))]


def _only_turns_autocommit(inner: Sequence[Token]) -> bool:
    """`SET autocommit` alone opens or ends a transaction, as BEGIN does: instar sends its own borders instead."""
    said = [token.word for token in inner if token.word not in {"@", ".", "session", "local", ":"}]
    if said[:1] != ["set"] or "autocommit" not in said or "global" in said or "persist" in said:
        return False
    if said[1:3] == ["autocommit", "="] and len(said) == 4:  # noqa: PLR2004 - SET autocommit = x
        return True
    raise CutError(
        "autocommit is set together with other variables, and that would end instar's transaction unseen",
        next(token.start for token in inner if token.word == "autocommit"),
        "set the other variables in a statement of their own; instar keeps autocommit itself",
    )


def fingerprint_of(text: str) -> str:
    """Return a hash of `text` that layout and comments do not change."""
    return fingerprint(tokens(pattern(), text))


def touched(text: str) -> frozenset[str] | None:
    """Return the lower-case names of the tables that a statement is about; None when that is not known."""
    return _touched.touched(words(text))
