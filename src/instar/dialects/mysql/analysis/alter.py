"""ALTER TABLE, CREATE INDEX and DROP INDEX: their actions, and how the server can carry them out."""

import re
from collections.abc import Sequence

from msgspec.structs import replace

from instar.catalog import ConstraintKind, Schema, Table
from instar.dialects import _names, _refused
from instar.dialects._reader import Reader
from instar.dialects._tokens import Token
from instar.dialects.mysql.analysis import actions, elements, need, needs, shape
from instar.dialects.mysql.analysis.need import Engine, Level, Need
from instar.effects import Change, Effect, Lock, LockMode, strongest

_WORD = re.compile(r"[\w$]+")
_LEVELS = {"INSTANT": Level.INSTANT, "NOCOPY": Level.NOCOPY, "INPLACE": Level.REBUILD, "COPY": Level.COPY}


def alter(engine: Engine, text: str, reader: Reader, schema: Schema) -> Effect:
    """Analyse what stands behind `ALTER TABLE`."""
    lenient = reader.accept("if", "exists")
    table = schema.known(_names.relation(schema, *reader.qualified()))
    if not lenient and _refused.absent(schema, table.name, alone=True):
        return Effect(text, "ALTER TABLE", error=f"Table '{table.name}' doesn't exist")
    statement = actions.Statement(text, schema, table, engine.mariadb)
    # What else the statement does names the table as it was: the new name counts last.
    changes = sorted(actions.read(statement, reader), key=lambda change: change.kind == "rename table")
    made = effect(engine, text, table, changes)
    return _asked(made, engine, table, statement.algorithm, statement.lock)


def effect(engine: Engine, text: str, table: Table, changes: list[Change]) -> Effect:
    """Put together what the changes of one statement do, as the server carries them out at once."""
    wanted = needs.together(engine, table, changes)
    told = tuple(_told(engine, table, change, instant=wanted.level is Level.INSTANT) for change in changes)
    others = [lock for change in told for lock in change.locks if lock.relation != table.name]
    return Effect(
        text=text,
        verb="ALTER TABLE",
        changes=told,
        locks=strongest([*need.locks(wanted, table, engine), *others]),
        work=need.work(wanted, table),
        algorithm=engine.word(wanted.level),
        error=_refusal(table, changes),
    )


def _told(engine: Engine, table: Table, change: Change, *, instant: bool) -> Change:
    """Give a change the locks and the work that it would take alone."""
    alone = needs.together(engine, table, [change])
    locks = need.locks(alone, table, engine)
    if change.constraint is not None and change.constraint.references not in {"", table.name}:
        mode = need.mode_of_parent(alone.level, mariadb=engine.mariadb)
        locks = (*locks, Lock(change.constraint.references, mode))
    flags = change.flags | {engine.word(alone.level).lower()}
    return replace(
        change, locks=locks, work=need.work(alone, table), flags=flags, cleared=_cleared(change) if instant else ""
    )


def _cleared(change: Change) -> str:
    return "only the definition changes" if change.kind in {"add column", "modify column"} else ""


def _asked(made: Effect, engine: Engine, table: Table, algorithm: str, lock: str) -> Effect:
    """Take ALGORITHM= and LOCK= into account: a dearer one is obeyed, a cheaper one refused."""
    flags = frozenset(f"{word}={value.lower()}" for word, value in (("algorithm", algorithm), ("lock", lock)) if value)
    made = replace(made, changes=tuple(replace(change, flags=change.flags | flags) for change in made.changes))
    cheapest = _LEVELS.get(made.algorithm, Level.INSTANT)
    asked = _LEVELS.get(algorithm)
    if asked is not None and asked < cheapest and not _uncertain(made):
        return replace(made, error=f"ALGORITHM={algorithm} is not supported: {_why(made)}", locks=(), work=())
    if asked is Level.COPY and cheapest < Level.COPY:
        forced = Need(Level.COPY, "ALGORITHM=COPY is asked for")
        locks, work = need.locks(forced, table, engine), need.work(forced, table)
        made = replace(made, algorithm="COPY", locks=locks, work=work)
    return _locked(made, table, lock)


def _locked(made: Effect, table: Table, lock: str) -> Effect:
    mode = {"SHARED": LockMode.SHARE, "EXCLUSIVE": LockMode.ACCESS_EXCLUSIVE}.get(lock)
    if mode is None:
        refused = lock == "NONE" and made.work and not _uncertain(made)
        if refused and any(item.mode is LockMode.SHARE for item in made.locks):
            return replace(made, error=f"LOCK=NONE is not supported: {_why(made)}", locks=(), work=())
        return made
    return replace(made, locks=strongest([*made.locks, Lock(table.name, mode)]))


def _uncertain(made: Effect) -> bool:
    return any(item.unknown for item in made.work)


def _why(made: Effect) -> str:
    return next((item.reason for item in made.work if item.reason), made.algorithm)


def _refusal(table: Table, changes: Sequence[Change]) -> str:
    """Return what the server refuses whatever the algorithm: columns of foreign keys."""
    dropped = {change.name for change in changes if change.kind == "drop constraint"}
    if used := _generated_from(table, changes):
        return f"Unknown column '{used}' in 'GENERATED ALWAYS AS'"
    for key in table.constraints:
        if key.kind is not ConstraintKind.FOREIGN_KEY or key.name in dropped:
            continue
        for change in changes:
            if change.kind == "drop column" and change.name in key.columns:
                return f"Cannot drop column '{change.name}': needed in a foreign key constraint '{key.name}'"
            if change.kind == "change type" and change.name in key.columns:
                return f"Cannot change column '{change.name}': used in a foreign key constraint '{key.name}'"
    return ""


def _generated_from(table: Table, changes: Sequence[Change]) -> str:
    """Return a column that goes although a generated column that stays is computed from it."""
    gone = {change.name for change in changes if change.kind == "drop column"}
    stay = [item.expression for item in table.columns if item.generated and item.name not in gone]
    words = {word for expression in stay for word in _WORD.findall(expression)}
    return next(iter(sorted(gone & words)), "")


def create_index(engine: Engine, text: str, reader: Reader, schema: Schema) -> Effect:
    """Analyse CREATE INDEX; `reader` stands before UNIQUE, FULLTEXT, SPATIAL or INDEX."""
    existing = "exists" in reader.words()[:6]
    word = reader.one_of({"unique", "fulltext", "spatial"})
    reader.accept("index")
    reader.accept("if", "not", "exists")
    name = reader.name()
    rest = reader.until({"on"})
    reader.accept("on")
    table = schema.known(_names.relation(schema, *reader.qualified()))
    body = Reader([*rest.stream[rest.at : rest.end], *reader.stream[reader.at : reader.end]])
    _, index = elements.index(Reader([_word(word or "index"), *body.stream]))
    index = replace(index, name=name)
    flags = frozenset({"if not exists"}) if existing else frozenset()
    named = shape.named_index(table, index)
    change = Change("create index", table.name, named.name, index=named, columns=named.columns, flags=flags)
    return replace(_asked_behind(engine, text, table, change, reader), verb="CREATE INDEX")


def _word(text: str) -> Token:
    return Token("word", text, 0, 0)


def drop_index(engine: Engine, text: str, reader: Reader, schema: Schema) -> Effect:
    """Analyse DROP INDEX; `reader` stands behind INDEX."""
    flags = frozenset({"if exists"}) if reader.accept("if", "exists") else frozenset()
    name = reader.name()
    reader.accept("on")
    table = schema.known(_names.relation(schema, *reader.qualified()))
    found = _names.same((item.name for item in table.indexes), name)
    change = Change("drop index", table.name, found, flags=flags, index=table.index(found))
    return replace(_asked_behind(engine, text, table, change, reader), verb="DROP INDEX")


def _asked_behind(engine: Engine, text: str, table: Table, change: Change, reader: Reader) -> Effect:
    rest = reader.words()
    asked = dict.fromkeys(("algorithm", "lock"), "")
    for word in asked:
        if word in rest:
            at = rest.index(word) + 1
            value = rest[at + 1] if rest[at : at + 1] == ["="] else "".join(rest[at : at + 1])
            asked[word] = value.upper()
    made = effect(engine, text, table, [replace(change, end=len(text))])
    return _asked(made, engine, table, asked["algorithm"], asked["lock"])
