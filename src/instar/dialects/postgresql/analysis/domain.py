"""CREATE DOMAIN and ALTER DOMAIN: a constraint of a domain is checked in every column that has it.

Measured on PostgreSQL 12 to 18: ADD CHECK, VALIDATE and SET NOT NULL lock each table that uses the domain SHARE while
they read it; ADD CHECK .. NOT VALID locks none.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from instar.catalog import Column, Constraint, ConstraintKind, Schema, Table, Type
from instar.dialects.postgresql.analysis import columns, conversions, objects, types
from instar.dialects.postgresql.analysis.scope import Parts, Scope
from instar.dialects.postgresql.analysis.subcommand import STORED
from instar.dialects.postgresql.tree import Node
from instar.effects import Change, LockMode, Work, WorkKind

_WORDS = {
    "C": "add constraint", "V": "validate constraint", "X": "drop constraint", "O": "set not null",
    "N": "drop not null", "T": "set default",
}  # fmt: skip
_READS = frozenset({"add constraint", "validate constraint", "set not null"})
_NOT_NULL = "not null"


def create(scope: Scope, node: Node) -> Parts:
    """Analyse CREATE DOMAIN."""
    key = objects.made(scope.schema, objects.strings(node["domainname"]))
    base = types.canonical(node["typeName"], scope.schema)
    names: list[str] = []
    for item in columns.with_attributes(node.get("constraints", ())):
        if item["contype"] in columns.KINDS:
            names.append(_name(item, key, names))
    constrained = bool(names) or conversions.constrained(base, scope.schema)
    made = Type(key, "domain", base=base, constrained=constrained, checks=tuple(names))
    return Parts((Change("create domain", name=key, type=made, end=len(scope.text)),))


def _name(node: Node, key: str, taken: list[str]) -> str:
    if node["contype"] == "CONSTR_NOTNULL":
        return _NOT_NULL
    return node.get("conname") or objects.chosen(set(taken), objects.bare(key), "", "check")


def alter(scope: Scope, node: Node) -> Parts:
    """Analyse ALTER DOMAIN."""
    key = objects.existing(scope.schema, objects.strings(node["typeName"]))
    known = scope.schema.types.get(key)
    word = _WORDS[node["subtype"]]
    constraint = _constraint(scope, node, key, known)
    late = constraint is not None and not constraint.validated
    uses = tuple(users(scope.schema, key)) if word in _READS and not late else ()
    error = _refusal(uses, key)
    if error:
        return Parts(error=error)
    cleared = ""
    if word in _READS:
        cleared = "the rows that are there are not checked" if late else "" if uses else f"no table uses {key}"
    unknown = word in _READS and not late and not scope.schema.complete and known is None
    change = Change(
        "alter domain", name=key, constraint=constraint, others=tuple(dict.fromkeys(table.name for table, _ in uses)),
        locks=tuple(objects.lock(table, LockMode.SHARE) for table, _ in uses), work=tuple(_scans(uses, key)),
        flags=frozenset({word, *(["not valid"] if late else []), *_words(node)}),
        cleared="" if unknown else cleared, end=len(scope.text),
    )  # fmt: skip
    if unknown:
        work = Work(
            WorkKind.SCAN, "", reason=f"the columns of {key}", unknown=f"which tables have columns of type {key}"
        )
        change = replace(change, work=(work,))
    return Parts((change,))


def _words(node: Node) -> Iterator[str]:
    if node.get("missing_ok"):
        yield "if exists"
    if node.get("behavior") == "DROP_CASCADE":
        yield "cascade"


def _constraint(scope: Scope, node: Node, key: str, known: Type | None) -> Constraint | None:
    item = node.get("def", {}).get("Constraint")
    if item is None:
        name = node.get("name", "")
        return Constraint(name, ConstraintKind.CHECK) if name else None
    made = columns.constraint_from(item, Table(key), scope)
    return replace(made, name=_name(item, key, list(known.checks) if known else []))


def users(schema: Schema, key: str) -> Iterator[tuple[Table, Column]]:
    """Yield the columns whose type is a domain, or another domain or an array made of it."""
    names = {key}
    while more := {item.name for item in schema.types.values() if types.split(item.base)[0] in names} - names:
        names |= more
    for table in schema.tables.values():
        if table.kind in STORED:
            yield from ((table, column) for column in table.columns if types.split(column.type)[0] in names)


def _refusal(uses: tuple[tuple[Table, Column], ...], key: str) -> str:
    """Return the server's refusal: it cannot check the elements of arrays."""
    for table, column in uses:
        if column.type.endswith("[]"):
            used = f"{objects.bare(table.name)}.{column.name}"
            return f'cannot alter type "{objects.bare(key)}" because column "{used}" uses it'
    return ""


def _scans(uses: tuple[tuple[Table, Column], ...], key: str) -> Iterator[Work]:
    for table, column in uses:
        yield Work(WorkKind.SCAN, table.name, reason=f"{column.name} is of type {key}, and every row is checked")


def _learn_create(schema: Schema, change: Change, version: str) -> None:
    if change.type is not None:
        schema.types[change.name] = replace(change.type, created=version)


def _learn_alter(schema: Schema, change: Change, version: str) -> None:
    del version
    known = schema.types.get(change.name)
    if known is None:
        return
    checks = list(known.checks)
    name = change.constraint.name if change.constraint else _NOT_NULL
    if change.flags & {"add constraint", "set not null"} and name not in checks:
        checks.append(name)
    if change.flags & {"drop constraint", "drop not null"} and name in checks:
        checks.remove(name)
    # Without its constraints' names, as of a catalog that does not tell them, a domain stays constrained.
    sure = bool(known.checks or checks)
    constrained = bool(checks) or conversions.constrained(known.base, schema) if sure else known.constrained
    schema.types[change.name] = replace(known, checks=tuple(checks), constrained=constrained)


HANDLES = {"CreateDomainStmt": create, "AlterDomainStmt": alter}
LEARNS = {"create domain": _learn_create, "alter domain": _learn_alter}
