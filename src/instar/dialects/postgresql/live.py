"""The live catalog of a PostgreSQL database as a Schema: a few queries over whole catalogs, none for each table.

Source of columns and meanings: PostgreSQL manual, chapter 52 (System Catalogs), and 27.2 (Cumulative Statistics).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from instar.catalog import Column, Constraint, ConstraintKind, Function, Index, Schema, Table, Type
from instar.dialects import Command, _named
from instar.dialects.postgresql import tree
from instar.dialects.postgresql._libpg_query import ParserError

if TYPE_CHECKING:
    from instar.dialects.postgresql.connect import PostgreSQLSession

_TYPE = """CASE WHEN bn.nspname IN ('pg_catalog', 'public') THEN '' ELSE bn.nspname || '.' END
  || CASE WHEN b.oid = 'pg_catalog.interval'::regtype THEN pg_catalog.format_type(b.oid, {modifier})
          ELSE b.typname || coalesce(pg_catalog.substring(
            CASE WHEN {modifier} >= 0 THEN pg_catalog.format_type(b.oid, {modifier}) END, '[(][^()]*[)]'), '') END
  || CASE WHEN e.oid IS NULL THEN '' ELSE '[]' END"""
_ENFORCED_SINCE = 18
_KINDS = {
    "r": "table",
    "p": "partitioned",
    "v": "view",
    "m": "materialized view",
    "f": "foreign table",
    "S": "sequence",
}
_CONSTRAINTS = {
    "c": ConstraintKind.CHECK,
    "f": ConstraintKind.FOREIGN_KEY,
    "p": ConstraintKind.PRIMARY_KEY,
    "u": ConstraintKind.UNIQUE,
    "x": ConstraintKind.EXCLUDE,
    "n": ConstraintKind.NOT_NULL,
}
_ACTIONS = {"c": "cascade", "n": "set null", "d": "set default", "r": "restrict"}
_VOLATILITY = {"i": "immutable", "s": "stable", "v": "volatile"}
_TYPES = {"e": "enum", "d": "domain", "c": "composite", "r": "range", "b": "base"}
_QUERIES = ("relations", "columns", "indexes", "constraints", "triggers", "statistics", "sources", "types", "functions")

_TELLING = 3600.0
"""Seconds over which the server must have counted, so that one load of rows is not taken for traffic."""

Row = tuple[Any, ...]


def catalog(session: "PostgreSQLSession") -> Schema:
    """Read what the users' schemas hold, as one transaction sees it. Changes nothing, and waits for no lock.

    What another session holds under ACCESS EXCLUSIVE is known by name only: reading its expressions would wait.
    """
    begun = not session.in_transaction()
    if begun:
        session.run([Command("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")])
    try:
        return _read(session)
    finally:
        if begun:
            session.run([Command("ROLLBACK")])


def _read(session: "PostgreSQLSession") -> Schema:
    version = session.server.version
    zone, path, locked, seconds = _one(session.query(_statements(version[0])["session"]))
    statements = _statements(version[0], locked)
    outcomes = session.run([Command(statements[name]) for name in _QUERIES])
    rows: dict[str, list[Row]] = {name: outcome.rows or [] for name, outcome in zip(_QUERIES, outcomes, strict=True)}
    schema = Schema(complete=True, live=True)
    schema.path, schema.timezone, schema.version = tuple(path) or schema.path, zone, version
    _put_types(schema, rows["types"])
    _put_functions(schema, rows["functions"])
    for table in _Reading(schema, rows, frozenset(locked), seconds).tables():
        schema.put(table)
    return schema


def _one(rows: Sequence[Row]) -> Row:
    return rows[0]


def _statements(version: int, locked: Iterable[int] = ()) -> Mapping[str, str]:
    fields = {
        "type": _TYPE.format(modifier="a.atttypmod"),
        "base": f"CASE WHEN b.oid IS NOT NULL THEN {_TYPE.format(modifier='t.typtypmod')} END",
        "enforced": "k.conenforced" if version >= _ENFORCED_SINCE else "true",
        "locked": f"'{{{','.join(map(str, locked))}}}'::int8[]",
    }
    return _named.filled(__name__, fields, "live.sql")


class _Reading:
    """The rows of all queries, by the relation that they are about."""

    def __init__(self, schema: Schema, rows: Mapping[str, list[Row]], locked: frozenset[int], seconds: float) -> None:
        self._schema = schema
        self._relations = rows["relations"]
        self._names = {row[0]: schema.key(row[1], row[2]) for row in self._relations}
        self._parents = {row[0]: row[10] for row in self._relations}
        self._locked = locked
        self._seconds = seconds
        self._columns = _grouped(rows["columns"])
        self._indexes = _grouped(rows["indexes"])
        self._constraints = _grouped(rows["constraints"])
        self._triggers = _grouped(rows["triggers"])
        self._sources = _grouped(rows["sources"])
        self._statistics = _grouped(rows["statistics"])

    def tables(self) -> Iterable[Table]:
        """Return all relations; partitioned ones are as large as their partitions together."""
        made = {row[0]: self._table(row) for row in self._relations}
        sums = _Sums(made, self._parents)
        return (sums.filled(oid, table) for oid, table in made.items())

    def _table(self, row: Row) -> Table:
        oid, _, _, kind, persistence, populated, rls, _, _, partition, parent, bound, key, options, *_ = row
        constraints = self._constraints.get(oid, [])
        invalid = {item[3][0]: item[1] for item in constraints if item[2] == "n" and not item[8]}
        rows, size, reads, writes = self._figures(row)
        return Table(
            name=self._names[oid],
            kind=_KINDS[kind],
            columns=tuple(_column(item, invalid) for item in self._columns.get(oid, ())),
            constraints=tuple(self._constraint(item) for item in constraints),
            indexes=tuple(self._index(item, self._names[oid]) for item in self._indexes.get(oid, ())),
            triggers=tuple(item[1] for item in self._triggers.get(oid, ())),
            trigger_texts=tuple(item[2] or "" for item in self._triggers.get(oid, ())),
            definition=row[20] or "",
            parent=self._names.get(parent, ""),
            inherited=parent is not None and not partition,
            bound=bound or "",
            default=bound == "DEFAULT",
            key=key or "",
            persistence=persistence,
            sources=frozenset(self._names[item[1]] for item in self._sources.get(oid, ()) if item[1] in self._names),
            complete=oid not in self._locked,
            rows=rows,
            size=size,
            reads=reads,
            writes=writes,
            populated=populated,
            rls=rls,
            options=tuple(options),
            statistics=tuple(self._schema.key(item[1], item[2]) for item in self._statistics.get(oid, ())),
        )

    def _figures(self, row: Row) -> tuple[float | None, int | None, float | None, float | None]:
        """Return rows, bytes, and scans and written rows a second since the statistics began."""
        if _KINDS[row[3]] not in {"table", "materialized view"}:
            return None, None, None, None
        known, pages, (heap, size, live, reads, writes, block) = row[7], row[8], row[14:20]
        if size is None:
            heap, size = pages * block, pages * block
        rows = _rows(known, pages, heap // block, live)
        if self._seconds < _TELLING:
            return rows, size, None, None
        return rows, size, reads / self._seconds, writes / self._seconds

    def _index(self, row: Row, table: str) -> Index:
        (_, schema, name, columns, keys, unique, primary, valid, method, expressions, predicate, constraint, size,
         parent_schema, parent, definition) = row  # fmt: skip
        return Index(
            name=self._schema.key(schema, name),
            table=table,
            columns=tuple(columns[:keys]),
            unique=unique,
            primary=primary,
            uses=_mentioned(expressions, predicate),
            predicate=predicate or "",
            method=method,
            include=tuple(columns[keys:]),
            constraint=constraint or "",
            valid=valid,
            size=size,
            parent=self._schema.key(parent_schema, parent) if parent else "",
            definition=definition or "",
        )

    def _constraint(self, row: Row) -> Constraint:
        (_, name, kind, columns, expression, other, referenced, action, validated, enforced, deferrable, _,
         index) = row  # fmt: skip
        return Constraint(
            name=name,
            kind=_CONSTRAINTS[kind],
            columns=tuple(columns),
            expression=expression or "",
            not_null=_proved(expression) if expression else frozenset(),
            references=self._names.get(other, ""),
            referenced=tuple(referenced),
            on_delete=_ACTIONS.get(action, ""),
            validated=validated,
            enforced=enforced,
            deferrable=deferrable,
            index=index or "",
        )


class _Sums:
    """Rows, bytes and statements of partitioned tables: those of their partitions, None where one is not known."""

    def __init__(self, tables: Mapping[int, Table], parents: Mapping[int, int | None]) -> None:
        self._tables = tables
        self._children: dict[int, list[int]] = defaultdict(list)
        for oid, parent in parents.items():
            if parent is not None:
                self._children[parent].append(oid)

    def filled(self, oid: int, table: Table) -> Table:
        """Return a partitioned table with its sums; any other as it is."""
        if table.kind != "partitioned":
            return table
        from msgspec.structs import replace

        leaves = list(self._leaves(oid))
        return replace(
            table,
            rows=_sum(leaf.rows for leaf in leaves),
            size=_sum(leaf.size for leaf in leaves),
            reads=_sum(leaf.reads for leaf in leaves),
            writes=_sum(leaf.writes for leaf in leaves),
        )

    def _leaves(self, oid: int) -> Iterable[Table]:
        for child in self._children[oid]:
            if self._tables[child].kind == "partitioned":
                yield from self._leaves(child)
            else:
                yield self._tables[child]


def _sum(values: Iterable[Any]) -> Any:
    found = list(values)
    return None if None in found else sum(found)


def _grouped(rows: Iterable[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(row)
    return found


def _rows(known: float, pages: int, now: int, live: int) -> float | None:
    """Estimate rows as the planner does: the density of the last ANALYZE, times the pages of now.

    0 only for a file without a page. `known` is -1 (14 and later) or 0 before the first ANALYZE.
    """
    if now == 0:
        return 0.0
    if known > 0 and pages > 0:
        return round(known / pages * now)
    return float(live) if live > 0 else None


def _column(row: Row, invalid: Mapping[str, str]) -> Column:
    _, name, kind, never, default, identity, generated, collation = row
    return Column(
        name=name,
        type=kind,
        nullable=not never,
        default="" if generated else default or "",
        identity=bool(identity),
        generated={"s": "stored", "v": "virtual"}.get(generated, ""),
        collation=collation or "",
        proof=invalid.get(name, ""),
        expression=(default or "") if generated else "",
    )


def _mentioned(*texts: str | None) -> frozenset[str]:
    """Return the columns that an index's expressions and predicate mention."""
    from instar.dialects.postgresql.analysis import expressions

    return frozenset(name for text in texts if text for name in expressions.columns(_expression(text)))


def _proved(check: str) -> frozenset[str]:
    from instar.dialects.postgresql.analysis import expressions

    found = _expression(check)
    return expressions.not_null(found[0]) if found else frozenset()


def _expression(text: str) -> Sequence[tree.Node]:
    """Return the trees of expressions with commas between them; none where a later server's syntax is not known."""
    try:
        targets = tree.parse(f"SELECT {text}")[0].node["targetList"]
    except ParserError:
        return ()
    return [target["ResTarget"]["val"] for target in targets]


def _put_types(schema: Schema, rows: Iterable[Row]) -> None:
    for place, name, kind, base, constrained, labels in rows:
        key = schema.key(place, name)
        schema.types[key] = Type(key, _TYPES[kind], tuple(labels), base or "", kind == "d" and constrained)


def _put_functions(schema: Schema, rows: Iterable[Row]) -> None:
    """Of several functions with one name the most volatile counts: a call does not say which of them it means."""
    for place, name, volatility, language, body, plain in rows:
        key = schema.key(place, name)
        constant = plain and language == "sql" and _constant(body)
        made = Function(key, _VOLATILITY[volatility], language, constant, body)
        other = schema.functions.get(key)
        if other is None or _weight(made) > _weight(other):
            schema.functions[key] = made


def _weight(function: Function) -> int:
    return -1 if function.constant else ("immutable", "stable", "volatile").index(function.volatility)


def _constant(body: str) -> bool:
    """Whether a body, or a whole definition with a standard body (RETURN 1), is one constant."""
    from instar.dialects.postgresql import analysis
    from instar.dialects.postgresql.analysis import bodies

    if not body.startswith("CREATE "):
        return bodies.constant(body)
    return any("constant" in change.flags for change in analysis.analyse(body, Schema()).changes)
