"""Conditions of CHECK constraints, domains and partitions, read into trees.

The part of SQL that conditions are made of, in the spelling of every engine. What cannot be read becomes a node
"unknown", which keeps the columns and the constants that it mentions.
"""

import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache

from msgspec import Struct

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>(?:[EeNn]|_[A-Za-z0-9]+\s*)?'(?:[^'\\]|''|\\.)*')
    | (?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)
    | (?P<quoted>"(?:[^"]|"")+"|`(?:[^`]|``)+`)
    | (?P<word>[^\W\d][\w$]*)
    | (?P<mark>::|<=|>=|<>|!=|==|\|\||!~~\*|!~~|~~\*|~~|!~\*|!~|~\*|->>|->|\#>>|\#>|@>|<@|&&
              |[-+*/%<>=~(),.\[\]!&|^?@\#:])
    )""",
    re.VERBOSE,
)
_COMPARISONS = {"=": "=", "==": "=", "<>": "<>", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_MATCHES = {
    "~": "regex", "~*": "iregex", "!~": "not regex", "!~*": "not iregex",
    "~~": "like", "~~*": "ilike", "!~~": "not like", "!~~*": "not ilike",
}  # fmt: skip
_WORDS = {"like": "like", "ilike": "ilike", "regexp": "iregex", "rlike": "iregex", "glob": "glob"}
_OTHERS = frozenset({"->>", "->", "#>>", "#>", "@>", "<@", "&&", "&", "|", "^", "?", "@", "#"})
_CONSTANTS = {"true": True, "false": False, "null": None}
_NOW = frozenset({"current_date", "current_timestamp", "localtimestamp", "current_time", "localtime"})
_SPLIT_TYPES = frozenset({"character", "double", "bit", "timestamp", "time", "national"})


class Node(Struct, frozen=True):
    """A piece of a condition: `word` says what it is ("column", "constant", "and", "<=", "call", ...)."""

    word: str
    value: object = None
    args: tuple["Node", ...] = ()

    def columns(self) -> frozenset[str]:
        """Return the names of the columns that it mentions."""
        own = frozenset({str(self.value)}) if self.word == "column" else frozenset[str]()
        return own.union(*(item.columns() for item in self.args))

    def constants(self) -> tuple[object, ...]:
        """Return the constants that it mentions, without NULL."""
        if self.word == "constant":
            return () if self.value is None else (self.value,)
        return tuple(value for item in self.args for value in item.constants())


class _UnreadableError(Exception):
    """The text is none of the forms that are understood."""


@lru_cache(maxsize=4096)
def read(text: str) -> Node:
    """Read a condition. Never fails: a text that is not understood is an "unknown" node."""
    tokens = _tokens(text)
    try:
        return _Reader(tokens).whole()
    except (_UnreadableError, IndexError):
        return _unknown(tokens)


def _unknown(tokens: list[tuple[str, str]]) -> Node:
    """Keep what may be a column and what is a constant."""
    found = [Node("constant", _string(text)) for kind, text in tokens if kind == "string"]
    found += [Node("constant", _number(text)) for kind, text in tokens if kind == "number"]
    found += [Node("column", _name(kind, text)) for kind, text in tokens if kind in {"word", "quoted"}]
    return Node("unknown", None, tuple(found))


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    while match := _TOKEN.match(text, at):
        found.append((str(match.lastgroup), match.group(str(match.lastgroup))))
        at = match.end()
    if text[at:].strip():
        found.append(("mark", text[at:].strip()))
    return found


def _string(text: str) -> str:
    prefix, _, rest = text.partition("'")
    inner = rest[:-1].replace("''", "'")
    return re.sub(r"\\(.)", r"\1", inner) if prefix.strip().lower() == "e" else inner


def _number(text: str) -> int | Decimal:
    return int(text) if text.isdigit() else Decimal(text)


def _name(kind: str, text: str) -> str:
    if kind == "quoted":
        return text[1:-1].replace(text[0] * 2, text[0])
    return text


def cast(value: object, kind: str) -> object:
    """Return a constant as a value of the type `kind`; as it is where that is not known."""
    if not isinstance(value, str):
        return value
    for names, make in _CASTS:
        if kind.lower().startswith(names):
            try:
                return make(value)
            except (ValueError, ArithmeticError):
                return value
    return value


def _timestamp(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)


_CASTS: tuple[tuple[tuple[str, ...], Callable[[str], object]], ...] = (
    (("timestamp", "datetime"), _timestamp),
    (("date",), date.fromisoformat),
    (("time",), lambda text: time.fromisoformat(text).replace(tzinfo=None)),
    (("integer", "int4", "bigint", "smallint"), int),
    (("numeric", "decimal", "double", "real"), Decimal),
    (("bool",), lambda text: text.lower() in {"t", "true", "on", "1", "yes"}),
)


class _Reader:
    """Walks over the tokens; each method reads one level of precedence."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens
        self.at = 0

    def word(self, ahead: int = 0) -> str:
        """Return a word in lower case, or a mark; "" for a constant, a quoted name and the end."""
        if self.at + ahead >= len(self.tokens):
            return ""
        kind, text = self.tokens[self.at + ahead]
        return text.lower() if kind in {"word", "mark"} else ""

    def accept(self, *words: str) -> bool:
        """Step over `words` if they come next."""
        if any(self.word(ahead) != word for ahead, word in enumerate(words)):
            return False
        self.at += len(words)
        return True

    def expect(self, word: str) -> None:
        """Step over `word`."""
        if not self.accept(word):
            raise _UnreadableError

    def whole(self) -> Node:
        """Read all."""
        made = self.either()
        if self.at != len(self.tokens):
            raise _UnreadableError
        return made

    def either(self) -> Node:
        """Read terms joined by OR."""
        items = [self.both()]
        while self.accept("or") or self.accept("xor"):
            items.append(self.both())
        return items[0] if len(items) == 1 else Node("or", None, tuple(items))

    def both(self) -> Node:
        """Read terms joined by AND."""
        items = [self.negated()]
        while self.accept("and") or self.accept("&&"):
            items.append(self.negated())
        return items[0] if len(items) == 1 else Node("and", None, tuple(items))

    def negated(self) -> Node:
        """Read a term with NOT before it."""
        if self.accept("not") or self.accept("!"):
            return Node("not", None, (self.negated(),))
        return self.compared()

    def compared(self) -> Node:
        """Read a comparison."""
        left = self.sum()
        while True:
            made = self.comparison(left)
            if made is None:
                return left
            left = made

    def comparison(self, left: Node) -> Node | None:
        """Read what follows the left side of a comparison; None when nothing does."""
        word = self.operator()
        if word in _COMPARISONS:
            return self.quantified(left, _COMPARISONS[word])
        if word in _MATCHES:
            return Node(_MATCHES[word], None, (left, self.sum()))
        if word in _OTHERS:
            return Node("unknown", None, (left, self.sum()))
        if self.accept("is"):
            return self.is_what(left)
        negated = self.accept("not")
        made = self.worded(left)
        if made is None:
            if negated:
                raise _UnreadableError
            return None
        return Node("not", None, (made,)) if negated else made

    def operator(self) -> str:
        """Step over an operator and return it; "" when none comes."""
        if self.accept("operator", "("):
            while self.word(1) == ".":
                self.at += 2
            word = self.word()
            self.at += 1
            self.expect(")")
            return word
        word = self.word()
        if word in _COMPARISONS or word in _MATCHES or word in _OTHERS:
            self.at += 1
            return word
        return ""

    def quantified(self, left: Node, operator: str) -> Node:
        """Read the right side: an expression, or ANY/ALL of an array."""
        for quantifier in ("any", "some", "all"):
            if self.accept(quantifier, "("):
                items = self.either()
                self.expect(")")
                if items.word != "array":
                    return Node("unknown", None, (left, items))
                found = tuple(Node(operator, None, (left, item)) for item in items.args)
                return Node("and" if quantifier == "all" else "or", None, found)
        return Node(operator, None, (left, self.sum()))

    def is_what(self, left: Node) -> Node:
        """Read what comes after IS."""
        negated = self.accept("not")
        if self.accept("null"):
            made = Node("is null", None, (left,))
        elif self.accept("distinct", "from"):
            made = Node("distinct", None, (left, self.sum()))
        elif self.word() in {"true", "false", "unknown"}:
            wanted = {"true": True, "false": False}.get(self.word())
            self.at += 1
            made = Node("is", wanted, (left,))
        else:
            made = Node("is", "same", (left, self.sum()))
        return Node("not", None, (made,)) if negated else made

    def worded(self, left: Node) -> Node | None:
        """Read IN, BETWEEN, LIKE and their like."""
        if self.accept("in", "("):
            items = self.listed(")")
            return Node("or", None, tuple(Node("=", None, (left, item)) for item in items))
        if self.accept("between"):
            self.accept("symmetric")
            low = self.sum()
            self.expect("and")
            return Node("and", None, (Node(">=", None, (left, low)), Node("<=", None, (left, self.sum()))))
        if self.word() in _WORDS:
            kind = _WORDS[self.word()]
            self.at += 1
            made = Node(kind, None, (left, self.sum()))
            return Node("unknown", None, (made, self.sum())) if self.accept("escape") else made
        return None

    def listed(self, end: str) -> tuple[Node, ...]:
        """Read expressions up to the mark `end`, and step over it."""
        items: list[Node] = []
        while not self.accept(end):
            items.append(self.either())
            if self.word() != end:
                self.expect(",")
        return tuple(items)

    def sum(self) -> Node:
        """Read a sum or a concatenation."""
        left = self.product()
        while self.word() in {"+", "-", "||"}:
            word = self.word()
            self.at += 1
            left = Node(word, None, (left, self.product()))
        return left

    def product(self) -> Node:
        """Read a product."""
        left = self.unary()
        while self.word() in {"*", "/", "%", "mod", "div"}:
            word = {"mod": "%", "div": "//"}.get(self.word(), self.word())
            self.at += 1
            left = Node(word, None, (left, self.unary()))
        return left

    def unary(self) -> Node:
        """Read an expression with its sign, casts and subscripts."""
        if self.accept("-"):
            inner = self.unary()
            if inner.word == "constant" and isinstance(inner.value, int | Decimal):
                return Node("constant", -inner.value)
            return Node("-", None, (Node("constant", 0), inner))
        if self.accept("+") or self.accept("binary"):
            return self.unary()
        return self.suffixed(self.primary())

    def suffixed(self, made: Node) -> Node:
        """Read casts, collations and subscripts behind an expression."""
        while True:
            if self.accept("::"):
                made = self.casted(made, self.type())
            elif self.accept("collate"):
                self.at += 1
                while self.accept("."):
                    self.at += 1
            elif self.accept("["):
                made = Node("unknown", None, (made, *self.listed("]")))
            elif self.accept("at", "time", "zone"):
                made = Node("unknown", None, (made, self.primary()))
            else:
                return made

    def casted(self, made: Node, kind: str) -> Node:
        """Return `made` as a value of the type `kind`."""
        if made.word == "constant":
            return Node("constant", cast(made.value, kind))
        if made.word == "array":
            element = kind.removesuffix("[]")
            return Node("array", None, tuple(self.casted(item, element) for item in made.args))
        return made

    def type(self) -> str:
        """Step over a type's name and return it."""
        if self.at >= len(self.tokens):
            raise _UnreadableError
        kind, text = self.tokens[self.at]
        self.at += 1
        name = _name(kind, text)
        while self.accept("."):
            name = _name(*self.tokens[self.at])
            self.at += 1
        if name.lower() in _SPLIT_TYPES and self.word() in {"varying", "precision"}:
            name += f" {self.word()}"
            self.at += 1
        if self.accept("("):
            self.listed(")")
        if name.lower() in {"timestamp", "time"} and self.word() in {"with", "without"}:
            self.at += 3
        while self.accept("[", "]"):
            name += "[]"
        return name

    def primary(self) -> Node:
        """Read a constant, a column, a call, a list or an expression in parentheses."""
        if self.at >= len(self.tokens):
            raise _UnreadableError
        kind, text = self.tokens[self.at]
        if self.accept("("):
            items = self.listed(")")
            return items[0] if len(items) == 1 else Node("row", None, items)
        self.at += 1
        if kind == "string":
            return Node("constant", _string(text))
        if kind == "number":
            return Node("constant", _number(text))
        if kind == "mark":
            raise _UnreadableError
        return self.named(kind, text)

    def named(self, kind: str, text: str) -> Node:
        """Read what a name begins."""
        word = text.lower() if kind == "word" else ""
        if word in _CONSTANTS:
            return Node("constant", _CONSTANTS[word])
        if word in _NOW:
            return Node("now", "date" if word == "current_date" else "time")
        if word == "array" and self.accept("["):
            return Node("array", None, self.listed("]"))
        if word == "case":
            return self.case()
        if word in {"date", "timestamp", "interval"} and self.at < len(self.tokens) and self.is_string():
            return self.prefixed(word)
        name = _name(kind, text)
        while self.accept("."):
            name = _name(*self.tokens[self.at])
            self.at += 1
        return self.call(name.lower()) if self.accept("(") else Node("column", name)

    def prefixed(self, kind: str) -> Node:
        """Read the string of a constant that its type stands before."""
        constant = Node("constant", cast(_string(self.tokens[self.at][1]), kind))
        self.at += 1
        return Node("unknown", None, (constant,)) if kind == "interval" else constant

    def is_string(self) -> bool:
        """Whether a string comes next."""
        return self.tokens[self.at][0] == "string"

    def call(self, name: str) -> Node:
        """Read the arguments of a call, and step over its parenthesis."""
        if name == "cast":
            inner = self.either()
            self.expect("as")
            made = self.casted(inner, self.type())
            self.expect(")")
            return made
        if name in {"extract", "position", "substring", "trim", "overlay"}:
            return self.special(name)
        if name in {"now", "statement_timestamp", "transaction_timestamp", "clock_timestamp"} and self.accept(")"):
            return Node("now", "time")
        return Node("call", name, self.listed(")"))

    def special(self, name: str) -> Node:
        """Read a call whose arguments words may separate."""
        begun = self.at
        if name == "extract" and self.word(1) == "from":
            part = Node("constant", self.word())
            self.at += 2
            made = Node("call", name, (part, self.either()))
            self.expect(")")
            return made
        try:
            return Node("call", name, self.listed(")"))
        except _UnreadableError:
            self.at = begun
        depth, found = 1, []
        while depth:
            if self.at >= len(self.tokens):
                raise _UnreadableError
            depth += {"(": 1, ")": -1}.get(self.word(), 0)
            found.append(self.tokens[self.at])
            self.at += 1
        return _unknown(found)

    def case(self) -> Node:
        """Read CASE up to its END: pairs of a condition and a value, and the last value."""
        subject = None if self.word() == "when" else self.either()
        items: list[Node] = []
        while self.accept("when"):
            condition = self.either()
            self.expect("then")
            items += [condition if subject is None else Node("=", None, (subject, condition)), self.either()]
        items.append(self.either() if self.accept("else") else Node("constant", None))
        self.expect("end")
        return Node("case", None, tuple(items))
