"""Cut PostgreSQL scripts into statements, and see what each statement needs.

The only module that knows libpg_query and postgast. The parser is PostgreSQL 18's; what it does not understand is
cut by tokens, because the server has the last word on syntax.
"""

import hashlib
import re
from collections.abc import Iterator
from itertools import islice

from instar.dialects import CutError
from instar.dialects.postgresql import _libpg_query, lex
from instar.model import Kind, Piece

# Scripts without any of these words hold nothing but statements that run inside a transaction.
_NOTABLE = frozenset(
    {
        "concurrently", "vacuum", "database", "tablespace", "system", "subscription", "reindex", "cluster", "discard",
        "prepared", "begin", "start", "commit", "end", "rollback", "abort", "copy", "set", "reset", "set_config",
        "value", "transaction",
    }
)  # fmt: skip
_WORD = re.compile(r"[a-z_]+")
# Verbs that PostgreSQL runs inside a transaction whatever follows; of ALTER TABLE only DETACH ... CONCURRENTLY is not.
_ORDINARY = re.compile(
    r"(?:insert|update|delete|with|comment|grant|revoke|truncate|create\s+(?:or\s+replace\s+)?"
    r"(?:unlogged\s+)?(?:table|view|function|procedure|trigger|type|sequence|extension|schema|policy|domain))\b"
    r"|alter\s+table\b(?!.*\bconcurrently\b)",
    re.IGNORECASE | re.DOTALL,
)
_UNCUTTABLE = re.compile(r"\\|\bcopy\b", re.IGNORECASE)
# Dollar quotes, strings with backslashes, bodies of functions and rules: a semicolon in these ends no statement.
_HIDING = re.compile(r"[$\\]|/\*|\b(?:atomic|rule)\b", re.IGNORECASE)
_STATEMENT = re.compile(r"(?:[^'\";-]+|'[^']*'|\"[^\"]*\"|--[^\n]*|-)*+;")
_COPY_IN = re.compile(r"\bfrom\s+stdin\b", re.IGNORECASE)
_DATA_END = re.compile(r"^\\\.[ \t]*\r?$", re.MULTILINE)
_COMMITS = re.compile(r"\b(?:commit|rollback)\b(?!\s+(?:prepared|to)\b)", re.IGNORECASE)
_QUOTING = re.compile(r"['\"$]|--|/\*")
_WORDS = re.compile(r"\w+|[^\w\s]")
# Only with plain values can it be repeated: a function among the arguments might do something each time.
_SET_CONFIG = re.compile(
    r"select\s+(?:pg_catalog\s*\.\s*)?set_config\s*\(\s*'(?:[^']|'')*'\s*,\s*'(?:[^']|'')*'\s*,\s*(?:true|false)\s*\)\s*$",
    re.IGNORECASE,
)
_ADD_VALUE = re.compile(r"\badd\s+value\s+(?:if\s+not\s+exists\s+)?('(?:[^']|'')*')", re.IGNORECASE)


def cut(text: str) -> list[Piece]:
    """Cut a script into statements. Raises CutError at open quotes, psql metacommands and COPY data without an end."""
    if "\\" not in text and _NOTABLE.isdisjoint(_WORD.findall(text.lower())):
        return [Piece(start, end) for start, end in _split(text, 0, len(text))]
    pieces: list[Piece] = []
    for start, end, data in _regions(text):
        found = [(start, end)] if data is not None else _split(text, start, end)
        pieces += [_classified(text, first, last, data) for first, last in found]
    return pieces


def _regions(text: str) -> Iterator[tuple[int, int, str | None]]:
    """Yield stretches of plain SQL (data None), and each `COPY ... FROM stdin` with its rows."""
    begun = position = 0
    while position < len(text) and _UNCUTTABLE.search(text):
        found = _next_copy(text, position)
        if found is None:
            break
        start, end, after = found
        yield begun, start, None
        data, position = _copy_data(text, start, after)
        yield start, end, data
        begun = position
    yield begun, len(text), None


def _next_copy(text: str, position: int) -> tuple[int, int, int] | None:
    try:
        for start, end, after in lex.statements(text, position):
            statement = text[start:end]
            if statement[:4].upper() == "COPY" and _COPY_IN.search(statement):
                return start, end, after
            _refuse_metacommand(text, start, end)
    except lex.OpenTokenError as error:
        raise CutError(f"this {error.what} has no end", error.position) from None
    return None


def _refuse_metacommand(text: str, start: int, end: int) -> None:
    if "\\" not in text[start:end]:
        return
    for kind, first, last in lex.significant(text[start:end]):
        if kind == "mark" and text[start + first : start + last] == "\\":
            words = re.match(r"\\\S*", text[start + first : end])
            command = words.group() if words else "\\"
            raise CutError(
                f"{command} is a command of psql, not SQL",
                start + first,
                "instar never runs psql commands; write SQL, or put included files into the migration itself",
            )


def _copy_data(text: str, start: int, after: int) -> tuple[str, int]:
    """Return the rows below a COPY and the position after the line that ends them."""
    newline = text.find("\n", after)
    if newline < 0 or text[after:newline].strip():
        raise CutError("the rows of COPY ... FROM stdin begin on the line below it", start)
    match = _DATA_END.search(text, newline + 1)
    if match is None:
        raise CutError("the rows of this COPY have no end", start, r"end them with a line that holds only \.")
    return text[newline + 1 : match.start()], match.end()


def _split(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Cut plain SQL with PostgreSQL's parser, or with its scanner where the parser is of another version."""
    part = text[start:end]
    if "\0" in part:
        raise CutError("a NUL character cannot be sent to PostgreSQL", start + part.index("\0"))
    spans = _simple(part)
    if spans is None:
        raw = part.encode()
        try:
            spans = _libpg_query.split(raw)
        except _libpg_query.ParserError:
            return _scanned(text[:end], start)
        if len(raw) != len(part):
            spans = [(len(raw[:first].decode()), len(raw[:last].decode())) for first, last in spans]
    trimmed = (_trim(part, first, last) for first, last in spans)
    return [(start + first, start + last) for first, last in trimmed if first < last]


def _simple(text: str) -> list[tuple[int, int]] | None:
    """Cut what has nothing in it that a semicolon could hide in; None for anything else, which needs the parser.

    Most migrations are of this kind, and this takes a twentieth of the parser's time.
    """
    if _HIDING.search(text):
        return None
    spans, position = [], 0
    # Searching would try every character of a statement without its semicolon.
    while match := _STATEMENT.match(text, position):
        spans.append((position, match.end() - 1))
        position = match.end()
    rest = text[position:]
    if not rest or rest.isspace():
        return spans
    return None if any(mark in rest for mark in "'\"-/") else [*spans, (position, len(text))]


def _scanned(text: str, start: int) -> list[tuple[int, int]]:
    try:
        return [(first, last) for first, last, _ in lex.statements(text, start)]
    except lex.OpenTokenError as error:
        raise CutError(f"this {error.what} has no end", error.position) from None


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    """Leave out white space and comments before the first token and after the last."""
    end = start + len(text[start:end].rstrip())
    while start < end and text[start].isspace():
        start += 1
    if text.startswith(("--", "/*"), start):
        start = next((first for _, first, _ in lex.significant(text[:end], start)), end)
    return start, _without_trailing_comment(text, start, end)


def _without_trailing_comment(text: str, start: int, end: int) -> int:
    """Return the end of the last token: a semicolon written behind a comment would be part of it."""
    last_line = text.rfind("\n", start, end) + 1
    if not text.endswith("*/", start, end) and "--" not in text[max(last_line, start) : end]:
        return end
    return max((last for _, _, last in lex.significant(text[:end], start)), default=start)


def _classified(text: str, start: int, end: int, data: str | None) -> Piece:
    statement = text[start:end]
    if data is None and _ORDINARY.match(statement):
        return Piece(start, end)
    kind = classify(statement, start)
    barrier = kind is Kind.PLAIN and _adds_value_used_later(statement, text[end:])
    return Piece(start, end, kind, data, barrier)


def words(statement: str, count: int = 14) -> list[str]:
    """Return the first `count` tokens of a statement, words in upper case."""
    found = islice(lex.significant(statement), count)
    return [statement[first:last].upper() if kind == "word" else statement[first:last] for kind, first, last in found]


def classify(statement: str, position: int = 0) -> Kind:
    """Say how a statement stands to transactions. Raises CutError for what would take ours away."""
    first = words(statement)
    verb, second = first[0], first[1] if len(first) > 1 else ""
    special = _transaction_control(verb, second, first, position)
    if special is not None:
        return special
    if verb in {"SET", "RESET"}:
        return _setting(second, position)
    if verb == "SELECT" and _SET_CONFIG.match(statement):
        return Kind.SETTING
    return Kind.OUTSIDE if _needs_autocommit(verb, second, first, statement) else Kind.PLAIN


def _setting(second: str, position: int) -> Kind:
    if second == "TRANSACTION":
        raise CutError(
            "SET TRANSACTION comes too late: instar's own look at its lock is the transaction's first query",
            position,
            "write BEGIN ISOLATION LEVEL SERIALIZABLE (or what you need) above the statements, and COMMIT below",
        )
    return {"LOCAL": Kind.SETTING_LOCAL, "CONSTRAINTS": Kind.PLAIN}.get(second, Kind.SETTING)


def _transaction_control(verb: str, second: str, first: list[str], position: int) -> Kind | None:
    if "PREPARED" in first[1:2]:
        return Kind.OUTSIDE if verb in {"COMMIT", "ROLLBACK"} else None
    if verb == "PREPARE" and second == "TRANSACTION":
        raise CutError("PREPARE TRANSACTION would take the transaction out of instar's hands", position)
    if verb == "BEGIN" or (verb == "START" and second == "TRANSACTION"):
        return Kind.BEGIN
    if verb in {"COMMIT", "END"}:
        if "CHAIN" in first and "NO" not in first:
            raise CutError(f"{verb} AND CHAIN is not supported", position, f"write {verb}, then BEGIN")
        return Kind.COMMIT
    if verb in {"ROLLBACK", "ABORT"}:
        return Kind.PLAIN if "TO" in first else Kind.ROLLBACK
    return None


def _needs_autocommit(verb: str, second: str, first: list[str], statement: str) -> bool:
    """Whether PostgreSQL refuses the statement inside a transaction block (PreventInTransactionBlock in its source)."""
    if verb in {"VACUUM", "DISCARD"}:
        return verb == "VACUUM" or second == "ALL"
    if verb == "CLUSTER":
        return not [word for word in first[1:] if word not in {"VERBOSE", "(", ")"}]
    if verb == "REINDEX":
        return "CONCURRENTLY" in first or bool({"DATABASE", "SYSTEM", "SCHEMA"} & set(first[1:6]))
    if verb in {"CREATE", "DROP"}:
        return second in {"DATABASE", "TABLESPACE", "SUBSCRIPTION"} or ("CONCURRENTLY" in first and "INDEX" in first)
    if verb == "ALTER":
        return _alter_needs_autocommit(second, statement)
    return verb == "DO" and _commits_inside(statement)


def _alter_needs_autocommit(second: str, statement: str) -> bool:
    if second == "TABLE":
        return bool(re.search(r"\bdetach\s+partition\b.*\bconcurrently\s*$", statement, re.IGNORECASE | re.DOTALL))
    if second == "SUBSCRIPTION":
        return bool(re.search(r"\b(?:refresh|set|add|drop)\s+publication\b", statement, re.IGNORECASE))
    return second == "SYSTEM" or (second == "DATABASE" and bool(re.search(r"\btablespace\b", statement, re.IGNORECASE)))


def _commits_inside(statement: str) -> bool:
    """Whether the body of a DO block ends transactions; comments and strings in it do not count."""
    for kind, start, end in lex.significant(statement):
        if kind == "dollar":
            opening = statement[start : statement.index("$", start + 1) + 1]
            return bool(_COMMITS.search(_code(statement[start + len(opening) : end - len(opening)])))
        if kind in {"string", "escape"}:
            return bool(_COMMITS.search(statement[start:end]))
    return False


def _code(body: str) -> str:
    try:
        return " ".join(body[a:b] for kind, a, b in lex.significant(body) if kind not in {"string", "escape", "dollar"})
    except lex.OpenTokenError:
        return body


def _adds_value_used_later(statement: str, rest: str) -> bool:
    """Whether the rest uses a new enum label, which cannot be before its transaction commits (ALTER TYPE, Notes)."""
    if statement[:5].upper() != "ALTER":
        return False
    match = _ADD_VALUE.search(statement)
    return match is not None and match.group(1) in rest


def fingerprint(text: str) -> str:
    """Return the first 16 hex digits of SHA-256 over the tokens: layout, comments and case of words do not count."""
    parts = list(_parts(text)) if _QUOTING.search(text) else _WORDS.findall(text.lower())
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _parts(text: str) -> Iterator[str]:
    try:
        for kind, start, end in lex.significant(text):
            if kind in {"word", "number", "mark"}:
                yield from _WORDS.findall(text[start:end].lower())
            else:
                yield text[start:end]
    except lex.OpenTokenError:
        yield from text.split()
