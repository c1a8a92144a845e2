"""Columns, as they stand in CREATE TABLE."""

from instar.dialects._reader import Reader
from instar.dialects._tokens import Token
from instar.dialects.sqlite.identifiers import part
from instar.dialects.sqlite.snapshot import constraints
from instar.dialects.sqlite.snapshot.constraints import Scope
from instar.dialects.sqlite.snapshot.reading import canonical, folded, name, raised
from instar.snapshot import Object

_ATTRIBUTES = frozenset({
    "constraint", "primary", "not", "null", "unique", "check", "default", "collate", "references", "generated", "as",
})  # fmt: skip
_CONSTANTS = frozenset({"null", "true", "false", "current_time", "current_date", "current_timestamp"})


def column(reader: Reader, scope: Scope, position: int, needs: tuple[str, ...]) -> Object:
    """Read a column; its constraints go to `scope`."""
    called = name(reader)
    facts = {"position": str(position), "type": _type(reader.until(_ATTRIBUTES))}
    label = ""
    while reader:
        if reader.accept("constraint"):
            label = name(reader)
            continue
        if reader.word() in {"primary", "unique", "check", "references"}:
            constraints.beside(reader, scope, called, label, facts["type"])
        else:
            _attribute(reader, facts, scope, label)
        label = ""
    scope.collations[folded(called)] = facts.get("collation", "")
    kept = {key: value for key, value in facts.items() if value}
    return Object("column", f"{scope.table.name}.{part(called)}", of=scope.table.key, facts=kept, needs=needs)


def _type(reader: Reader) -> str:
    """Return a declared type in capitals: VARCHAR(10), DOUBLE PRECISION."""
    return canonical(reader, {}).upper().replace(" (", "(").replace(", ", ",")


def _attribute(reader: Reader, facts: dict[str, str], scope: Scope, label: str) -> None:
    if reader.accept("not", "null"):
        facts["not null"] = "true"
        facts["not null name"] = part(label) if label else ""
        facts["not null conflict"] = constraints.conflict(reader)
    elif reader.accept("null"):
        constraints.conflict(reader)
    elif reader.accept("default"):
        facts["default"] = _default(reader)
    elif reader.accept("collate"):
        given = raised(name(reader))
        facts["collation"] = "" if given == "BINARY" else given
    elif reader.accept("generated", "always", "as") or reader.accept("as"):
        group = reader.group()
        facts["expression"] = canonical(group, scope.columns) if group is not None else ""
        facts["generated"] = "STORED" if reader.one_of({"stored", "virtual"}) == "stored" else "VIRTUAL"
    else:
        reader.skip()


def _default(reader: Reader) -> str:
    """Take a DEFAULT's value: what stands in parentheses is an expression, a bare word a string."""
    group = reader.group()
    if group is not None:
        while group.word() == "(" and _closes(group):
            group = Reader(group.stream, group.at + 1, group.end - 1)
        inside = canonical(group, {})
        return "" if inside.lower() == "null" else inside
    sign = ""
    while reader.word() in {"+", "-"}:
        sign = ("" if sign else "-") if reader.word() == "-" else sign
        reader.skip()
    token = reader.skip()
    shown = _constant(token) if token is not None else ""
    return "" if shown == "NULL" else sign + shown


def _closes(group: Reader) -> bool:
    """Whether the parenthesis that is opened first is closed last."""
    inner = Reader(group.stream, group.at, group.end)
    inner.group()
    return not inner


def _constant(token: Token) -> str:
    if token.kind in {"word", "name"} and folded(token.text) not in _CONSTANTS:
        text = name(Reader([token])).replace("'", "''")
        return f"'{text}'"
    return token.text.upper() if token.kind == "word" else token.text.lower() if token.kind == "number" else token.text
