"""The statements inside a body in PL/pgSQL: where each stands, and what the server does with its text.

Source of the nodes: PostgreSQL's src/pl/plpgsql/src/plpgsql.h, as libpg_query writes them. Nodes have lines only; the
text of every expression is kept as it was written, so that it is found again from there on.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from msgspec import Struct

from instar.dialects.postgresql import lex
from instar.dialects.postgresql.tree import Node

_SPACES = re.compile(r"\s{2,}")
_SUBQUERY = re.compile(r"\bselect\b", re.IGNORECASE)
_PERFORM = re.compile(r"perform\b", re.IGNORECASE)
_BRANCHES = ("body", "then_body", "elsif_list", "case_when_list", "stmts", "else_body", "else_stmts")
_LOOPS = frozenset({"loop", "while", "fori", "fors", "forc", "foreach_a", "dynfors"})
_CONDITIONS = ("cond", "t_expr", "lower", "upper", "step")
_BOUNDARIES = frozenset({";", "begin", "then", "else", "loop", "declare"})
_VERBS = frozenset(
    {
        "alter", "analyze", "call", "cluster", "comment", "copy", "create", "delete", "drop", "grant", "insert", "lock",
        "merge", "refresh", "reindex", "revoke", "select", "set", "truncate", "update", "vacuum", "with",
    }
)  # fmt: skip
_DYNAMIC = frozenset({"dynexecute", "dynfors"})


class Use(StrEnum):
    """What becomes of a text."""

    STATEMENT = "statement"
    EXPRESSION = "expression"
    EXECUTE = "execute"
    """It is an expression whose value is run as a statement."""
    COMMIT = "commit"
    ROLLBACK = "rollback"


class Found(Struct, frozen=True):
    """A text at character `start` of the body."""

    text: str
    start: int
    use: Use
    in_loop: bool = False


def scanned(body: str) -> Iterator[Found]:
    """Find the statements of a body by its tokens alone, where the tree cannot be had.

    libpg_query reads no body that names a type of another schema. What stands between a boundary and a semicolon and
    begins with a verb of SQL is a statement; the queries of loops, and expressions, are not seen.
    """
    loops, previous, before, begun = 0, ";", "", -1
    use: Use | None = None
    for kind, start, end in lex.significant(body):
        word = body[start:end].lower() if kind in {"word", "mark"} else ""
        if begun >= 0 and word == ";":
            yield _cut_out(body, begun, start, use, in_loop=loops > 0)
            begun = -1
        elif begun < 0 and previous in _BOUNDARIES and before != "end":
            use = _use(word)
            begun = -1 if use is None else end if use is Use.EXECUTE else start
        if begun < 0 and word == "loop":
            loops += -1 if previous == "end" else 1
        before, previous = previous, word


def _use(word: str) -> Use | None:
    if word in _VERBS or word == "perform":
        return Use.STATEMENT
    return {"execute": Use.EXECUTE, "commit": Use.COMMIT, "rollback": Use.ROLLBACK}.get(word)


def _cut_out(body: str, start: int, end: int, use: Use | None, *, in_loop: bool) -> Found:
    text = body[start:end].rstrip()
    if text[:7].lower() == "perform":
        text = f"SELECT {text[7:]}"
    if use is Use.EXECUTE:
        text = re.split(r"\s+(?:using|into)\s", text, maxsplit=1, flags=re.IGNORECASE)[0]
        start += len(text) - len(text.lstrip())
    return Found(text.lstrip(), start, use or Use.STATEMENT, in_loop)


class Walk:
    """Goes through a body's tree in the order of its text."""

    def __init__(self, body: str) -> None:
        self._body = body
        self._at = 0
        self._lines = [0, *(match.end() for match in re.finditer("\n", body))]

    def function(self, node: Node) -> Iterator[Found]:
        """Yield what the function's declarations and its statements hold."""
        for datum in node.get("datums", ()):
            for kind, item in datum.items():
                if kind == "PLpgSQL_var" and "default_val" in item:
                    yield from self._expression(item["default_val"], item.get("lineno", 1), in_loop=False)
        self._at = 0
        yield from self._statement(node["action"], in_loop=False)

    def _statements(self, nodes: list[Node], *, in_loop: bool) -> Iterator[Found]:
        for node in nodes:
            yield from self._statement(node, in_loop=in_loop)

    def _statement(self, wrapped: Node, *, in_loop: bool) -> Iterator[Found]:
        name, node = next(iter(wrapped.items()))
        kind = name.removeprefix("PLpgSQL_stmt_")
        line = node.get("lineno", 0)
        if line:
            self._at = max(self._at, self._lines[min(line, len(self._lines)) - 1])
        if kind in {"commit", "rollback"}:
            yield self._word(kind, in_loop=in_loop)
            return
        yield from self._own(kind, node, line, in_loop=in_loop)
        inside = in_loop or kind in _LOOPS
        for branch in _BRANCHES:
            yield from self._statements(node.get(branch, []), in_loop=inside)
        for item in node.get("exceptions", {}).get("PLpgSQL_exception_block", {}).get("exc_list", ()):
            yield from self._statements(item["PLpgSQL_exception"].get("action", []), in_loop=inside)

    def _own(self, kind: str, node: Node, line: int, *, in_loop: bool) -> Iterator[Found]:
        """Yield the texts of a statement itself, without the statements inside it."""
        for name in _CONDITIONS:
            yield from self._expression(node.get(name), line, in_loop=in_loop)
        if kind in {"execsql", "perform", "call"}:
            yield self._found(node.get("sqlstmt") or node["expr"], Use.STATEMENT, in_loop=in_loop)
        elif kind in _DYNAMIC:
            yield self._found(node["query"], Use.EXECUTE, in_loop=in_loop)
        elif "dynquery" in node:
            yield self._found(node["dynquery"], Use.EXECUTE, in_loop=in_loop)
        elif "query" in node:
            yield self._found(node["query"], Use.STATEMENT, in_loop=in_loop)
        elif "expr" in node:
            yield from self._expression(node["expr"], line, in_loop=in_loop)

    def _expression(self, wrapped: Any, line: int, *, in_loop: bool) -> Iterator[Found]:
        """Yield an expression if it reads tables."""
        if not wrapped or not _SUBQUERY.search(wrapped["PLpgSQL_expr"]["query"]):
            return
        self._at = max(self._at, self._lines[min(max(line, 1), len(self._lines)) - 1])
        yield self._found(wrapped, Use.EXPRESSION, in_loop=in_loop)

    def _found(self, wrapped: Node, use: Use, *, in_loop: bool) -> Found:
        text = wrapped["PLpgSQL_expr"]["query"]
        start, text = self._place(text)
        self._at = start + len(text)
        return Found(text, start, use, in_loop)

    def _place(self, text: str) -> tuple[int, str]:
        """Find a text again. INTO was taken out of it for as many spaces, and PERFORM became SELECT."""
        start = self._body.find(text, self._at)
        pattern = "".join(
            f"(?s:.{{{len(part)}}})" if part.isspace() and len(part) > 1 else re.escape(part)
            for part in re.split(r"(\s{2,})", text)
        )
        match = None if start >= 0 else re.compile(pattern).search(self._body, self._at)
        if match:
            start = match.start()
        performed = _PERFORM.search(self._body, self._at)
        rest = text[len("SELECT") :].lstrip()
        if text.startswith("SELECT") and performed:
            argument = self._body.find(rest, performed.end())
            if (
                argument >= 0
                and not self._body[performed.end() : argument].strip()
                and (start < 0 or performed.start() < start)
            ):
                gap = argument - performed.start() - len("SELECT")
                return performed.start(), f"SELECT{' ' * gap}{rest}"
        return (start if start >= 0 else self._at), text

    def _word(self, kind: str, *, in_loop: bool) -> Found:
        match = re.compile(rf"\b{kind}\b", re.IGNORECASE).search(self._body, self._at)
        start, end = match.span() if match else (self._at, self._at)
        self._at = end
        return Found(self._body[start:end] or kind.upper(), start, Use(kind), in_loop)
