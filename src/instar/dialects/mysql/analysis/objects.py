"""DROP, RENAME TABLE, TRUNCATE and what creates or drops views, triggers, programs, users and databases."""

from collections.abc import Iterator

from instar.catalog import Schema, Table
from instar.dialects import _names, _refused, _touched
from instar.dialects._reader import Reader
from instar.effects import Change, Effect, Lock, LockMode, Work, WorkKind, strongest

_CREATED = {
    "view": "create view", "trigger": "create trigger", "procedure": "create function", "function": "create function",
    "event": "other", "database": "create schema", "schema": "create schema", "sequence": "create sequence",
    "package": "create function", "user": "other", "role": "other", "server": "other",
}  # fmt: skip
_DROPPED = {
    "trigger": "drop trigger", "procedure": "drop function", "function": "drop function", "database": "drop schema",
    "schema": "drop schema", "sequence": "drop sequence", "event": "drop object", "package": "drop function",
}  # fmt: skip
_AX = LockMode.ACCESS_EXCLUSIVE


def effect(text: str, verb: str, *changes: Change, creates: tuple[str, ...] = ()) -> Effect:
    """Make the effect of changes that lie beside each other."""
    locks = strongest([lock for change in changes for lock in change.locks])
    work = tuple(dict.fromkeys(item for change in changes for item in change.work))
    return Effect(text, verb, changes, locks, work, creates=creates)


def create(text: str, reader: Reader, schema: Schema, flags: frozenset[str]) -> Effect:
    """Analyse CREATE of anything that has no rows."""
    what = reader.word()
    reader.skip()
    flags |= {"if not exists"} if reader.accept("if", "not", "exists") else frozenset()
    key = schema.key(*reader.qualified())
    kind = _CREATED.get(what, "other")
    verb = f"CREATE {what.upper()}"
    if what == "view":
        read = frozenset(_known(schema, _touched.touched(reader.stream) or ()) - {key})
        kind = "replace view" if "or replace" in flags else kind
        made = Table(key, "view", sources=read, definition=text, complete=False)
        change = Change(kind, key, flags=flags, table=made, others=tuple(sorted(read)), end=len(text))
        return effect(text, verb, change, creates=(key,) if key not in schema.tables else ())
    if what == "trigger":
        reader.until({"on"})
        reader.accept("on")
        table = _names.relation(schema, *reader.qualified())
        return effect(text, verb, Change(kind, table, key, flags=flags, locks=(Lock(table, _AX),), end=len(text)))
    kind = "replace function" if kind == "create function" and "or replace" in flags else kind
    return effect(text, verb, Change(kind, "", key, flags=flags, text=text, end=len(text)))


def _known(schema: Schema, names: frozenset[str] | tuple[str, ...]) -> set[str]:
    return {_names.relation(schema, "", name) for name in names}


def drop(text: str, reader: Reader, schema: Schema) -> Effect:
    """Analyse what stands behind DROP, DROP INDEX not among it."""
    flags: set[str] = {"temporary"} if reader.accept("temporary") else set()
    what = reader.word()
    reader.skip()
    flags |= {"if exists"} if reader.accept("if", "exists") else set()
    said = reader.words()
    flags |= {word for word in ("cascade", "restrict") if word in said[-2:]}
    verb = f"DROP {what.upper()}"
    if what in {"table", "tables", "view"}:
        kind = "drop view" if what == "view" else "drop table"
        return effect(text, verb, *_dropped(reader, schema, kind, frozenset(flags)))
    key = ".".join(part for part in reader.qualified() if part)
    if what == "trigger":
        table = next((item.name for item in schema.tables.values() if key in item.triggers), "")
        locks = (Lock(table, _AX),) if table else ()
        return effect(
            text, verb, Change("drop trigger", table, key, flags=frozenset(flags), locks=locks, end=len(text))
        )
    return effect(text, verb, Change(_DROPPED.get(what, "other"), "", key, flags=frozenset(flags), end=len(text)))


def _dropped(reader: Reader, schema: Schema, kind: str, flags: frozenset[str]) -> Iterator[Change]:
    for part in reader.parts():
        start = part.start
        key = _names.relation(schema, *part.qualified())
        if "if exists" in flags and _refused.absent(schema, key, alone=True):
            yield Change(kind, key, flags=flags, cleared="it does not exist", start=start, end=part.stop)
            continue
        parents = [item.references for item in schema.known(key).constraints if item.references not in {"", key}]
        temporary = "temporary" in flags
        locks = () if temporary else tuple(Lock(name, _AX) for name in dict.fromkeys([key, *parents]))
        yield Change(
            kind, key, flags=flags, locks=locks, others=tuple(dict.fromkeys(parents)), start=start, end=part.stop
        )


def rename(text: str, reader: Reader, schema: Schema) -> Effect:
    """Analyse what stands behind `RENAME TABLE`."""
    reader.accept("if", "exists")
    changes = []
    for part in reader.parts():
        start = part.start
        old = _names.relation(schema, *part.qualified())
        part.until({"to"})
        part.accept("to")
        new = schema.key(*part.qualified())
        changes.append(
            Change("rename table", old, old, new, locks=(Lock(old, _AX),), start=start, end=part.stop)
        )  # fmt: skip
    return effect(text, "RENAME TABLE", *changes)


def truncate(text: str, reader: Reader, schema: Schema) -> Effect:
    """Analyse what stands behind TRUNCATE."""
    reader.accept("table")
    key = _names.relation(schema, *reader.qualified())
    work = (Work(WorkKind.SWAP, key),)
    return effect(text, "TRUNCATE TABLE", Change("truncate", key, locks=(Lock(key, _AX),), work=work, end=len(text)))


def optimize(text: str, reader: Reader, schema: Schema) -> Effect:
    """Analyse OPTIMIZE, REPAIR and ANALYZE TABLE, which may name several; InnoDB rebuilds for OPTIMIZE online."""
    verb = reader.word()
    reader.skip()
    reader.one_of({"no_write_to_binlog", "local"})
    reader.one_of({"table", "tables"})
    changes = []
    for part in reader.parts():
        key = _names.relation(schema, *part.qualified())
        if verb == "analyze":
            changes.append(Change("analyze", key, end=len(text)))
            continue
        work = (Work(WorkKind.REWRITE, key, reason=f"{verb.upper()} TABLE rebuilds the table"),)
        mode = LockMode.SHARE_UPDATE_EXCLUSIVE if verb == "optimize" else LockMode.SHARE
        changes.append(Change("rebuild table", key, locks=(Lock(key, mode),), work=work, text=verb, end=len(text)))
    return effect(text, f"{verb.upper()} TABLE", *changes)


def lock_tables(text: str, reader: Reader, schema: Schema) -> Effect:
    """Analyse LOCK TABLES: a READ lock stops writers, a WRITE lock everybody."""
    reader.skip()
    reader.skip()
    changes = []
    for part in reader.parts():
        key = _names.relation(schema, *part.qualified())
        mode = _AX if "write" in part.words() else LockMode.SHARE
        changes.append(Change("lock table", key, locks=(Lock(key, mode),), end=len(text)))
    return effect(text, "LOCK TABLES", *changes)
