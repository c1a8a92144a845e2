"""ALTER COLUMN except its type: defaults, NOT NULL, identity, expression, storage, statistics."""

from instar.catalog import Column, ConstraintKind, Table
from instar.dialects.postgresql.analysis import objects, proofs, spans
from instar.dialects.postgresql.analysis.partition import owned_sequence
from instar.dialects.postgresql.analysis.subcommand import AX, SRX, SUX, Refused, Subcommand
from instar.effects import Change, Lock, LockMode

_EXPRESSION_SINCE = 17
_IDENTITY_RECURSES_SINCE = 17
_EIGHTEEN = 18


def _known(sub: Subcommand) -> Column | None:
    """Return the column; refuse one that the live catalog does not know. A replayed model may have missed it."""
    column = sub.column()
    table = sub.schema.table(sub.table.name)
    if column is None and table is not None and sub.schema.complete and table.kind not in ("view", "materialized view"):
        raise Refused(f'column "{sub.name}" of relation "{objects.bare(table.name)}" does not exist')
    return column


def default(sub: Subcommand) -> tuple[Change, ...]:
    """Analyse SET DEFAULT and DROP DEFAULT: only later rows are concerned, whatever the expression."""
    kind = "set default" if "def" in sub.node else "drop default"
    place = spans.after(sub.scope.text, sub.start, sub.end, "default")
    text = sub.scope.text[place : sub.end] if kind == "set default" else ""
    return (sub.change(kind, locks=sub.locks(AX), old=_known(sub), text=text),)


def set_not_null(sub: Subcommand) -> tuple[Change, ...]:
    """Analyse SET NOT NULL: a scan, unless something proves that it is not needed."""
    column = _known(sub)
    work = tuple(proofs.scans(sub, (sub.name,)))
    cleared = "" if work else proofs.proof(sub.table, column, sub.name)
    return (sub.change("set not null", locks=sub.locks(AX), work=work, old=column, cleared=cleared),)


def drop_not_null(sub: Subcommand) -> tuple[Change, ...]:
    """Analyse DROP NOT NULL."""
    column = _known(sub)
    keys = (item.columns for item in sub.table.constraints if item.kind is ConstraintKind.PRIMARY_KEY)
    if any(sub.name in key for key in keys):
        raise Refused(f'column "{sub.name}" is in a primary key')
    # From 18 on a column that may be NULL has no constraint that would be dropped below.
    alone = column is not None and column.nullable and sub.version >= _EIGHTEEN
    return (sub.change("drop not null", locks=sub.locks(AX, (sub.table,) if alone else None), old=column),)


def add_identity(sub: Subcommand) -> tuple[Change, ...]:
    """Analyse ADD GENERATED AS IDENTITY: the rows that are there keep their values."""
    recurses = not sub.version or sub.version >= _IDENTITY_RECURSES_SINCE
    return (sub.change("add identity", locks=sub.locks(AX, None if recurses else _alone(sub)), old=_known(sub)),)


def drop_identity(sub: Subcommand) -> tuple[Change, ...]:
    """Analyse DROP IDENTITY: its sequence goes."""
    column = _known(sub)
    if column is not None and not column.identity:
        return (sub.change("drop identity", locks=sub.locks(AX), old=column, cleared="it is no identity column"),)
    return (sub.change("drop identity", locks=(*sub.locks(AX), *_sequence(sub, AX)), old=column),)


def set_identity(sub: Subcommand) -> tuple[Change, ...]:
    """Analyse SET GENERATED and RESTART."""
    return (sub.change("set identity", locks=(*sub.locks(AX), *_sequence(sub, SRX)), old=_known(sub)),)


def _sequence(sub: Subcommand, mode: LockMode) -> tuple[Lock, ...]:
    column = sub.column() or Column(sub.name, "")
    return (Lock(owned_sequence(sub.table.name, column), mode, "sequence"),)


def set_expression(sub: Subcommand) -> tuple[Change, ...]:
    """Analyse SET EXPRESSION: a stored column is computed anew in every row."""
    sub.refuse_before(_EXPRESSION_SINCE, "SET EXPRESSION")
    column = _known(sub)
    place = spans.after(sub.scope.text, sub.start, sub.end, "as")
    start, end = spans.brackets(sub.scope.text, max(place, sub.start))
    text = sub.scope.text[start:end].strip()
    if column is not None and column.generated == "virtual":
        cleared = "a virtual column is computed when it is read"
        return (sub.change("set expression", locks=sub.locks(AX), old=column, text=text, cleared=cleared),)
    # Before 18 every generated column is stored.
    sure = column is not None or (sub.version and sub.version < _EIGHTEEN)
    unknown = "" if sure else f"whether {sub.table.name}.{sub.name} is stored"
    locks, work = sub.rewrite(f"{sub.name} is computed anew in every row", unknown)
    return (sub.change("set expression", locks=locks, work=work, old=column, text=text),)


def drop_expression(sub: Subcommand) -> tuple[Change, ...]:
    """Analyse DROP EXPRESSION: the values stay."""
    return (sub.change("drop expression", locks=sub.locks(AX), old=_known(sub)),)


def statistics(sub: Subcommand) -> tuple[Change, ...]:
    """Analyse SET STATISTICS."""
    return (sub.change("set statistics", locks=sub.locks(SUX), old=_known(sub)),)


def storage(sub: Subcommand) -> tuple[Change, ...]:
    """Analyse SET STORAGE."""
    return (sub.change("set storage", locks=sub.locks(AX), old=_known(sub)),)


def compression(sub: Subcommand) -> tuple[Change, ...]:
    """Analyse SET COMPRESSION; it does not recurse."""
    return (sub.change("set compression", locks=sub.locks(AX, _alone(sub)), old=_known(sub)),)


def options(sub: Subcommand) -> tuple[Change, ...]:
    """Analyse SET (n_distinct = ..) and RESET; it does not recurse."""
    return (sub.change("set column options", locks=sub.locks(SUX, _alone(sub)), old=_known(sub)),)


def _alone(sub: Subcommand) -> tuple[Table, ...]:
    return (sub.table,)


SUBCOMMANDS = {
    "AT_ColumnDefault": default,
    "AT_SetNotNull": set_not_null,
    "AT_DropNotNull": drop_not_null,
    "AT_AddIdentity": add_identity,
    "AT_DropIdentity": drop_identity,
    "AT_SetIdentity": set_identity,
    "AT_SetExpression": set_expression,
    "AT_DropExpression": drop_expression,
    "AT_SetStatistics": statistics,
    "AT_SetStorage": storage,
    "AT_SetCompression": compression,
    "AT_SetOptions": options,
    "AT_ResetOptions": options,
}
