"""DO blocks, and the bodies of functions and procedures: every static statement inside is analysed like any other.

A DO block runs: what its statements lock and work on is the block's own. A function that is created does not: its
statements are there for the rules (Effect.stored). SQL that is built at run time is `dynamic`; a constant is not.
"""

from collections.abc import Iterator, Sequence
from contextvars import ContextVar

from msgspec import Struct
from msgspec.structs import replace

from instar.catalog import Function, Schema
from instar.dialects.postgresql import analysis, lex, tree
from instar.dialects.postgresql._libpg_query import ParserError
from instar.dialects.postgresql.analysis import constants, expressions, objects
from instar.dialects.postgresql.analysis.routines import Found, Use, Walk, scanned
from instar.dialects.postgresql.analysis.scope import Parts, Scope
from instar.dialects.postgresql.tree import Node
from instar.effects import Change, Effect, Lock, Work, strongest

_TAG = "$the_body$"
_RUNNING: ContextVar[frozenset[str]] = ContextVar("running", default=frozenset())
"""Keys of functions whose bodies are being read: one that calls itself is read once."""
_QUIET = frozenset({"select", "insert", "update", "delete", "merge", "commit", "rollback", "set", "do"})
"""Changes that leave the schema as it is."""
UNFORESEEN = frozenset({"unforeseen"})
"""The flag of what makes relations that nobody can foresee, or makes them when it is called."""
_NO_SQL = frozenset({"plpgsql", "sql", "c", "internal"})
"""Languages whose functions hold no SQL but that which is read here."""
_BARE = frozenset({"targetList", "limitOption", "op"})
"""The fields of SELECT with nothing but an expression."""


class _Literal(Struct, frozen=True):
    """A string that holds code. `start` is the character of the statement at which its first one stands."""

    value: str
    start: int
    quoted: bool = False

    def place(self, position: int) -> int:
        """Return the character of the statement at which the character `position` of the value stands."""
        doubled = self.value.count("'", 0, position) if self.quoted else 0
        return self.start + position + doubled


class _Body:
    """Statements of a body, analysed one after the other, each on the schema that those before it leave."""

    def __init__(self, scope: Scope, literal: _Literal, *, stored: bool) -> None:
        self._schema = scope.schema
        self._own = False
        self._untold: list[Effect] = []
        self._literal = literal
        self._stored = stored
        self.effects: list[Effect] = []
        self.dynamic = False

    def add(self, found: Found) -> None:
        """Analyse one text of the body."""
        if found.use in {Use.COMMIT, Use.ROLLBACK}:
            self._keep(Effect(found.text, found.use.upper(), (Change(found.use.value),)), found.start, found)
        elif found.use is Use.EXECUTE:
            self._execute(found)
        elif found.use is Use.EXPRESSION:
            prefix = "SELECT " if ":=" not in found.text else ""
            text = prefix + (found.text if prefix else found.text.partition(":=")[2])
            self._keep(analysis.analyse(text, self._known()), found.start + len(found.text) - len(text), found)
        else:
            self._keep(analysis.analyse(found.text, self._known()), found.start, found)

    def _execute(self, found: Found) -> None:
        constant = _constant_text(found.text)
        if constant is None:
            self.dynamic = True
            self._keep(Effect(found.text, "EXECUTE", dynamic=True), found.start, found)
            return
        text, literal = constant
        for start, end in _cut(text):
            effect = analysis.analyse(text[start:end], self._known())
            self._keep(effect, found.start + (literal.place(start) if literal else 0), found)

    def _keep(self, effect: Effect, start: int, found: Found) -> None:
        self.dynamic = self.dynamic or effect.dynamic
        offset = self._literal.place(start)
        self.effects.append(replace(effect, offset=offset, in_loop=found.in_loop, stored=self._stored))
        if not self._stored and any(_teaches(change) for change in effect.changes):
            self._untold.append(effect)

    def _known(self) -> Schema:
        """Return the schema with what the statements so far have done to it.

        It is copied only when a statement follows that may see that: blocks of one statement are the most.
        """
        if self._untold and not self._own:
            self._schema, self._own = self._schema.copy(), True
        for effect in self._untold:
            analysis.learn(effect, self._schema, "")
        self._untold.clear()
        return self._schema


def _teaches(change: Change) -> bool:
    return change.kind not in _QUIET


def do(scope: Scope, node: Node) -> Parts:
    """Analyse a DO block: it runs."""
    given = objects.options(node, "args")
    language = objects.strings(given["language"])[0] if "language" in given else "plpgsql"
    literal = _literal(scope, given["as"]["String"].get("sval", ""), 0)
    body = _read(scope, literal, language, stored=False)
    made = tuple(dict.fromkeys(key for effect in body.effects for key in effect.creates))
    locks, work = _together(body.effects)
    change = Change("do", locks=locks, work=work, text=literal.value, flags=UNFORESEEN if body.dynamic else frozenset())
    return Parts((change,), creates=made, inner=tuple(body.effects), dynamic=body.dynamic, verb="DO")


def called(schema: Schema, key: str) -> Effect | None:
    """Return what a call of a function or procedure does; None where its body is not known or not understood."""
    function = schema.functions.get(key)
    language = function.language.lower() if function else ""
    if function is None or not function.body or language not in {"plpgsql", "sql"} or _TAG in function.body:
        return None
    running = _RUNNING.get()
    if key in running or function.body.startswith("CREATE "):
        return None
    token = _RUNNING.set(running | {key})
    try:
        return analysis.analyse(f"DO LANGUAGE {language} {_TAG}{function.body}{_TAG}", schema)
    finally:
        _RUNNING.reset(token)


def _together(effects: Sequence[Effect]) -> tuple[tuple[Lock, ...], tuple[Work, ...]]:
    """Return what the statements lock and work on that was there before the first of them."""
    made: set[str] = set()
    locks: list[Lock] = []
    work: dict[Work, None] = {}
    for effect in effects:
        locks += (lock for lock in effect.locks if lock.relation not in made)
        work |= {item: None for item in effect.work if item.relation not in made}
        made.update(effect.creates)
    return strongest(locks), tuple(work)


def create_function(scope: Scope, node: Node) -> Parts:
    """Analyse CREATE FUNCTION and CREATE PROCEDURE: nothing of the body runs."""
    given = objects.options(node)
    key = objects.made(scope.schema, objects.strings(node["funcname"]))
    language = objects.strings(given["language"])[0].lower() if "language" in given else "sql"
    volatility = objects.strings(given["volatility"])[0] if "volatility" in given else "volatile"
    pieces = objects.strings(given["as"]) if "as" in given else []
    literal = _literal(scope, pieces[0], _place(node)) if len(pieces) == 1 else _atomic(scope, node)
    body = _read(scope, literal, language, stored=True)
    flags = {volatility, f"language {language}"}
    flags |= {"or replace"} if node.get("replace") else set()
    flags |= {"procedure"} if node.get("is_procedure") else set()
    plain = not (node.get("parameters") or "set" in given or "security" in given)
    if plain and language == "sql" and not node.get("returnType", {}).get("setof") and constant(literal.value):
        flags.add("constant")
    if body.dynamic or language not in _NO_SQL or any(effect.creates for effect in body.effects):
        flags |= UNFORESEEN
    known = key in scope.schema.functions and node.get("replace")
    change = Change(
        "replace function" if known else "create function", name=key, flags=frozenset(flags), text=literal.value
    )
    return Parts((change,), inner=tuple(body.effects))


def _place(node: Node) -> int:
    places = (item["DefElem"] for item in node["options"])
    return int(next(item.get("location", 0) for item in places if item["defname"] == "as"))


def _literal(scope: Scope, value: str, location: int) -> _Literal:
    """Find the string with a body at or behind a byte of the statement."""
    for kind, start, _ in lex.significant(scope.text, scope.character(location)):
        if kind == "dollar":
            return _Literal(value, scope.text.index("$", start + 1) + 1)
        if kind in {"string", "escape"}:
            return _Literal(value, scope.text.index("'", start) + 1, quoted=True)
    return _Literal(value, 0)


def _atomic(scope: Scope, node: Node) -> _Literal:
    """Return the statements between BEGIN ATOMIC and END, or the expression of RETURN."""
    if "sql_body" not in node:
        return _Literal("", 0)
    level = [
        (scope.text[start:end].lower(), start, end)
        for kind, start, end in lex.significant(scope.text)
        if kind == "word"
    ]
    for index, (word, start, end) in enumerate(level):
        if word == "atomic" and level[index - 1][0] == "begin":
            last = max((begin for found, begin, _ in level if found == "end"), default=len(scope.text))
            return _Literal(scope.text[end:last], end)
        if word == "return":
            return _Literal("SELECT" + scope.text[end:], start)
    return _Literal("", 0)


def _read(scope: Scope, literal: _Literal, language: str, *, stored: bool) -> _Body:
    body = _Body(scope, literal, stored=stored)
    if language.lower() == "plpgsql":
        found = _plpgsql(scope.text, literal.value)
    elif language.lower() == "sql":
        found = (Found(literal.value[a:b], a, Use.STATEMENT) for a, b in _cut(literal.value))
    else:
        body.dynamic = not stored
        return body
    for item in found:
        body.add(item)
    return body


def _plpgsql(text: str, value: str) -> Iterator[Found]:
    try:
        functions = tree.plpgsql(text)
    except ParserError:
        yield from scanned(value)
        return
    for item in functions:
        if "PLpgSQL_function" in item:
            yield from Walk(value).function(item["PLpgSQL_function"])


def _cut(text: str) -> Iterator[tuple[int, int]]:
    return ((start, end) for start, end, _ in lex.statements(text))


def _constant_text(expression: str) -> tuple[str, _Literal | None] | None:
    """Return the text that an expression is, and where it stands if it is one literal; None if it is built."""
    text = constants.value(expression)
    if text is None:
        return None
    tokens = list(lex.significant(expression))
    kind, start, _ = tokens[0]
    if len(tokens) != 1:
        return text, None
    if kind == "dollar":
        return text, _Literal(text, expression.index("$", start + 1) + 1)
    return text, _Literal(text, expression.index("'", start) + 1, quoted=True)


def constant(body: str) -> bool:
    """Whether the body of a SQL function without parameters is one constant, which the planner puts in its place.

    Source: inline_function() in PostgreSQL's optimizer/util/clauses.c.
    """
    try:
        parsed = tree.parse(body)
    except ParserError:
        return False
    if len(parsed) != 1 or parsed[0].kind != "SelectStmt" or set(parsed[0].node) - _BARE:
        return False
    targets = parsed[0].node["targetList"]
    return len(targets) == 1 and not any(
        True for kind in ("FuncCall", "ColumnRef", "SubLink", "ParamRef") for _ in expressions.found(targets, kind)
    )


def _learn_function(schema: Schema, change: Change, version: str) -> None:
    words = change.flags
    volatility = next((word for word in ("immutable", "stable") if word in words), "volatile")
    language = next((word[9:] for word in words if word.startswith("language ")), "")
    schema.functions[change.name] = Function(
        change.name, volatility, language, "constant" in words, change.text, created=version
    )

    _learn_run(schema, change, version)


def _learn_run(schema: Schema, change: Change, version: str) -> None:
    del version
    if change.flags >= UNFORESEEN:
        schema.doubt()


HANDLES = {"DoStmt": do, "CreateFunctionStmt": create_function}
LEARNS = {
    "create function": _learn_function,
    "replace function": _learn_function,
    "do": _learn_run,
    "call": _learn_run,
    "select": _learn_run,
}
