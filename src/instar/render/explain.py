"""What statements do, for people and for programs: locks with whom they stop, work over rows, and a verdict."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from instar.effects import Effect, Lock, LockMode, Verdict, Work, WorkKind, verdict
from instar.judgement import Estimate, Explained, Size
from instar.model import Statement
from instar.render._table import table
from instar.spans import seconds

if TYPE_CHECKING:
    from rich.console import Group

HEAD = ("RELATION", "LOCK", "WHO WAITS", "WORK")
_WIDTH = 100
_STYLES = {
    Verdict.ONLINE: "green",
    Verdict.SHORT: "yellow",
    Verdict.LONG: "bold red",
    Verdict.UNKNOWN: "bold magenta",
}
_ROWS = frozenset({WorkKind.SCAN, WorkKind.REWRITE, WorkKind.BUILD, WorkKind.REBUILD})
_QUIET = frozenset({"commit", "rollback"})
_BORDERS = frozenset({"begin", "commit", "rollback", "savepoint"})
_CHANGES = frozenset({"update", "delete", "merge"})
_THOUSAND = 1000
_DOES = {
    WorkKind.SCAN: "reads every row",
    WorkKind.REWRITE: "writes every row anew",
    WorkKind.BUILD: "builds an index",
    WorkKind.REBUILD: "builds an index again",
    WorkKind.SWAP: "empties it",
    WorkKind.DML: "changes rows",
    WorkKind.WAIT: "waits for older transactions",
}
_FACES = {"index": " (index)", "sequence": " (sequence)", "view": " (view)"}


def text(found: Sequence[Explained]) -> str:
    """Return a block of lines for each statement."""
    if not found:
        return "no statement"
    return "\n\n".join("\n".join([_title(item.statement), *_whole(item)]) for item in _loud(found))


def rich(found: Sequence[Explained]) -> "Group":
    """Return the same for a terminal, with colours."""
    from rich.console import Group
    from rich.text import Text

    parts: list[Text] = []
    for index, item in enumerate(_loud(found)):
        parts += [Text("")] if index else []
        parts.append(Text(_title(item.statement), style="bold"))
        parts += [Text(line, style=_style(line)) for line in _whole(item)]
    return Group(*parts)


def _style(line: str) -> str:
    said = line.strip().partition(":")[0]
    if said in set(Verdict):
        return _STYLES[Verdict(said)]
    return "dim" if said.startswith("RELATION ") else ""


def value(found: Sequence[Explained]) -> dict[str, object]:
    """Return what `--json` writes."""
    return {
        "statements": [
            {"file": item.statement.file, "line": item.statement.line, "column": item.statement.column}
            | _document(item.effect)
            | {
                "sizes": [{"relation": one.relation, "rows": one.rows, "bytes": one.bytes} for one in item.sizes],
                "duration": _estimate(item.duration),
            }
            for item in found
        ]
    }


def _estimate(estimate: Estimate | None) -> dict[str, object] | None:
    return {"low": estimate.low, "high": estimate.high, "basis": estimate.basis} if estimate else None


def _loud(found: Sequence[Explained]) -> Sequence[Explained]:
    """Leave out what only begins and ends transactions, unless there is nothing else."""
    return [item for item in found if not _only_border(item.effect)] or found


def _only_border(effect: Effect) -> bool:
    return bool(effect.changes) and _BORDERS.issuperset(change.kind for change in effect.changes)


def _whole(item: Explained) -> Iterator[str]:
    yield from _lines(item.effect, "  ")
    if item.sizes:
        yield f"  size: {', '.join(_size(one) for one in item.sizes)}"
    if item.duration and item.duration.high:
        yield f"  takes: {seconds(item.duration.low, item.duration.high)} ({item.duration.basis})"


def _size(size: Size) -> str:
    """Say how large a relation is: "orders 500,000 rows, 42 MB"."""
    said = f"{size.relation} {size.rows:,.0f} {'row' if size.rows == 1 else 'rows'}"
    if size.bytes is None:
        return said
    number, unit = float(size.bytes), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if number < _THOUSAND:
            break
        number, unit = number / _THOUSAND, larger
    return f"{said} ({number:.3g} {unit})"


def _document(effect: Effect) -> dict[str, object]:
    return {
        "verb": effect.verb,
        "text": effect.text,
        "verdict": verdict(effect).value,
        "changes": [change.kind for change in effect.changes],
        "locks": [
            {"relation": lock.relation, "kind": lock.kind, "mode": lock.mode.sql, "blocks": lock.mode.blocks or None}
            for lock in effect.locks
        ],
        "work": [
            {
                "kind": work.kind.value,
                "relation": work.relation,
                "object": work.object or None,
                "reason": work.reason or None,
                "unknown": work.unknown or None,
            }
            for work in effect.work
        ],
        "cleared": list(_cleared(effect)),
        "creates": list(effect.creates),
        "algorithm": effect.algorithm or None,
        "dynamic": effect.dynamic,
        "stored": effect.stored,
        "in_loop": effect.in_loop,
        "inner": [{"offset": inner.offset} | _document(inner) for inner in effect.inner],
    }


def _title(statement: Statement) -> str:
    place = f"{statement.file}:{statement.line}  " if not statement.file.startswith("<") else ""
    return place + _short(statement.text)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1]}…"


def _lines(effect: Effect, indent: str) -> Iterator[str]:
    rows = [row for key in _subjects(effect) for row in _rows(effect, *key)]
    yield from (indent + line for line in table(rows, HEAD))
    if effect.algorithm:
        yield f"{indent}algorithm: {effect.algorithm}"
    yield from (f"{indent}no work: {reason}" for reason in _cleared(effect))
    if not effect.stored:
        yield indent + _said(effect)
    for inner in effect.inner:
        yield from _inner(effect, inner, indent)


def _inner(outer: Effect, inner: Effect, indent: str) -> Iterator[str]:
    line = outer.text.count("\n", 0, inner.offset) + 1
    loop = " (in a loop)" if inner.in_loop else ""
    if inner.dynamic and not inner.changes:
        yield f"{indent}line {line}{loop}: EXECUTE {_short(inner.text)}, which is built at run time"
        return
    yield f"{indent}line {line}{loop}: {_short(inner.text)}"
    if not _QUIET.issuperset(change.kind for change in inner.changes):
        yield from _lines(inner, f"{indent}  ")


def _cleared(effect: Effect) -> Iterator[str]:
    return (reason for reason in dict.fromkeys(change.cleared for change in effect.changes) if reason)


def _subjects(effect: Effect) -> list[tuple[str, str]]:
    """Return the relations that are locked or worked on, indexes last, each with its kind."""
    keys = {(lock.relation, lock.kind): None for lock in effect.locks if lock.kind != "index"}
    named = {relation for relation, _ in keys}
    keys |= {(work.relation, "table"): None for work in effect.work if work.relation not in named}
    indexes = {lock.relation for lock in effect.locks if lock.kind == "index"}
    return [*keys, *((name, "index") for name in sorted(indexes))]


def _rows(effect: Effect, relation: str, kind: str) -> Iterator[tuple[str, str, str, str]]:
    lock = next((lock for lock in effect.locks if (lock.relation, lock.kind) == (relation, kind)), None)
    work = [item for item in effect.work if item.relation == relation] if kind != "index" else []
    first = (relation + _FACES.get(kind, ""), lock.mode.sql if lock else "", _waits(lock))
    said = [_work(item) for item in work] or [""]
    yield (*first, said[0])
    yield from (("", "", "", more) for more in said[1:])


def _waits(lock: Lock | None) -> str:
    if lock is None or lock.mode < LockMode.SHARE_UPDATE_EXCLUSIVE:
        return ""
    if lock.kind == "index" and lock.mode.blocks:
        return "queries of its table"
    return lock.mode.blocks or "other schema changes"


def _work(work: Work) -> str:
    done = f"{_DOES[work.kind]}{f' {work.object}' if work.object else ''}"
    reason = f": {work.reason}" if work.reason else ""
    return f"perhaps {done}{reason}; it depends on {work.unknown}" if work.unknown else done + reason


def _said(effect: Effect) -> str:
    """Return the verdict in words."""
    found = verdict(effect)
    extra = "; it builds SQL at run time, and nobody can foresee what that does" if effect.dynamic else ""
    later = "; what is in it happens when it is called" if any(inner.stored for inner in effect.inner) else ""
    return f"{found.value}: {_sentence(effect, found)}{extra}{later}"


def _sentence(effect: Effect, found: Verdict) -> str:
    who = _blocked(effect)
    if found is Verdict.ONLINE:
        waits = any(work.kind is WorkKind.WAIT for work in effect.work)
        if _locks_rows(effect):
            return "no reader waits; the rows that it changes are locked until the commit: other writers of them wait"
        if _locks_what_it_reads(effect):
            return "no reader waits; the rows that it locks stay locked until the commit: writers of them wait"
        return "nobody waits for it" + (", but it waits for every older transaction" if waits else "")
    if found is Verdict.SHORT:
        return f"{who} wait for a moment, once the lock is had"
    heavy = [work for work in effect.work if work.kind in _ROWS]
    if found is Verdict.LONG:
        return f"{who} wait as long as all rows of {_joined(work.relation for work in heavy if not work.unknown)} take"
    return f"{who} wait, for a moment or as long as all rows take: that depends on {_joined(w.unknown for w in heavy)}"


def _locks_rows(effect: Effect) -> bool:
    here = any(item.kind in _CHANGES or "on conflict" in item.flags for item in effect.changes)
    return here or any(_locks_rows(inner) for inner in effect.inner if not inner.stored)


def _locks_what_it_reads(effect: Effect) -> bool:
    here = any("for update" in item.flags for item in effect.changes)
    return here or any(_locks_what_it_reads(inner) for inner in effect.inner if not inner.stored)


def _blocked(effect: Effect) -> str:
    """Name who waits: "reads and writes of orders", "writes of customers"."""
    tables = [lock for lock in effect.locks if lock.kind != "index" and lock.mode.blocks]
    if not tables:
        return "queries of its table"
    found: dict[str, list[str]] = {}
    for lock in sorted(tables, key=lambda lock: -lock.mode):
        found.setdefault(lock.mode.blocks, []).append(lock.relation)
    parts = (f"{word} {'to' if word == 'writes' else 'of'} {_joined(iter(names))}" for word, names in found.items())
    return ", ".join(parts)


def _joined(names: Iterator[str]) -> str:
    found = list(dict.fromkeys(name for name in names if name))
    return " and ".join([", ".join(found[:-1]), found[-1]] if len(found) > 1 else found)
