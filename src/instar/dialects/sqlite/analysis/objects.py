"""SQLite's CREATE and DROP. There is one writer at a time: what a statement locks, it locks for the whole file."""

from msgspec.structs import replace

from instar.catalog import Index, Schema, Table
from instar.dialects import _names, _refused, _touched
from instar.dialects import _settings as settings
from instar.dialects._reader import Reader
from instar.dialects.sqlite.analysis import elements, shape
from instar.effects import Change, Effect, Lock, LockMode, Work, WorkKind


def effect(text: str, verb: str, change: Change, *, creates: tuple[str, ...] = (), error: str = "") -> Effect:
    """Make the effect of one change."""
    return Effect(text, verb, (change,), change.locks, change.work, creates=creates, error=error)


def create(text: str, reader: Reader, schema: Schema) -> Effect:
    """Analyse what stands behind CREATE."""
    flags: set[str] = set()
    if reader.one_of({"temp", "temporary"}):
        flags.add("temporary")
    unique = reader.accept("unique")
    what = "virtual table" if reader.accept("virtual", "table") else reader.word()
    if what != "virtual table":
        reader.skip()
    if reader.accept("if", "not", "exists"):
        flags.add("if not exists")
    if what == "index":
        return _index(text, reader, schema, frozenset(flags), unique=unique)
    if what in {"table", "virtual table"}:
        return _table(text, reader, schema, frozenset(flags))
    name = reader.qualified()[1]
    if what == "trigger":
        return _trigger(text, reader, schema, name, frozenset(flags))
    if what != "view":
        return effect(text, "CREATE", Change("other", end=len(text)))
    key = schema.key("", name)
    read = frozenset(_names.relation(schema, "", item) for item in _touched.touched(reader.stream) or ()) - {key}
    made = Table(key, "view", sources=read, definition=text, complete=False)
    change = Change("create view", key, table=made, flags=frozenset(flags), others=tuple(sorted(read)), end=len(text))
    return effect(text, "CREATE VIEW", change, creates=() if key in schema.tables else (key,))


def _table(text: str, reader: Reader, schema: Schema, flags: frozenset[str]) -> Effect:
    key = schema.key(*_main(reader.qualified()))
    filled = reader.word() != "("
    made = Table(key, definition=text, complete=False) if filled else _resolved(schema, shape.table(text, reader, key))
    others = tuple(dict.fromkeys(item.references for item in made.constraints if item.references not in {"", key}))
    kind = "create table as" if filled and "select" in reader.words() else "create table"
    change = Change(kind, key, table=made, flags=flags, others=others, end=len(text))
    exists = "if not exists" in flags and key in schema.tables
    return effect(text, "CREATE TABLE", change, creates=() if exists or "temporary" in flags else (key,))


def _main(name: tuple[str, str]) -> tuple[str, str]:
    return ("", name[1]) if name[0].lower() == "main" else name


def _resolved(schema: Schema, made: Table) -> Table:
    """Spell the tables that foreign keys name as they are known."""
    own = made.name.lower()
    keys = (
        replace(item, references=made.name if item.references.lower() == own else
                _names.relation(schema, "", item.references))
        if item.references else item
        for item in made.constraints
    )  # fmt: skip
    return replace(made, constraints=tuple(keys))


def _trigger(text: str, reader: Reader, schema: Schema, name: str, flags: frozenset[str]) -> Effect:
    reader.until({"on"})
    reader.accept("on")
    table = _names.relation(schema, *_main(reader.qualified()))
    locks = (Lock(table, LockMode.ROW_EXCLUSIVE),)
    return effect(
        text, "CREATE TRIGGER", Change("create trigger", table, name, locks=locks, flags=flags, end=len(text))
    )


def _index(text: str, reader: Reader, schema: Schema, flags: frozenset[str], *, unique: bool) -> Effect:
    name = reader.qualified()[1]
    reader.accept("on")
    table = schema.known(_names.relation(schema, "", reader.name()))
    group = Reader(reader.stream, reader.at, reader.end)
    inside = group.group()
    mentioned = inside.identifiers() if inside is not None else frozenset()
    columns = _names.columns(table, elements.names(reader))
    reader.accept("where")
    predicate = reader.text(text)
    uses = mentioned | reader.identifiers()
    known = {item.name for item in table.columns}
    named = frozenset(_names.columns(table, uses))
    index = Index(
        name, table.name, columns, unique=unique, uses=named & known if known else frozenset(columns),
        predicate=predicate, definition=text,
    )  # fmt: skip
    work = (Work(WorkKind.SCAN, table.name), Work(WorkKind.BUILD, table.name, name))
    change = Change(
        "create index", table.name, name, locks=(Lock(table.name, LockMode.SHARE),), work=work, flags=flags,
        index=index, columns=columns, end=len(text),
    )  # fmt: skip
    return effect(text, "CREATE INDEX", change)


def drop(text: str, reader: Reader, schema: Schema) -> Effect:
    """Analyse what stands behind DROP."""
    what = reader.word()
    reader.skip()
    flags = frozenset({"if exists"}) if reader.accept("if", "exists") else frozenset()
    place = _main(reader.qualified())
    verb = f"DROP {what.upper()}"
    if what in {"table", "view"}:
        key = _names.relation(schema, *place)
        if flags and _refused.absent(schema, key, alone=True):
            return effect(
                text, verb, Change(f"drop {what}", key, flags=flags, cleared="it does not exist", end=len(text))
            )
        locks = (Lock(key, LockMode.ROW_EXCLUSIVE),) if what == "table" else ()
        cascading = settings.value(schema, "foreign_keys", "off") in {"on", "1", "true", "yes"}
        flags |= {"foreign keys on"} if cascading else frozenset()
        return effect(text, verb, Change(f"drop {what}", key, locks=locks, flags=flags, end=len(text)))
    owner = _owner(schema, what, place[1])
    held = (Lock(owner, LockMode.ROW_EXCLUSIVE),) if owner else ()
    known = schema.known(owner).index(place[1]) if what == "index" and owner else None
    kind = f"drop {what}" if what in {"index", "trigger"} else "other"
    return effect(text, verb, Change(kind, owner, place[1], locks=held, flags=flags, index=known, end=len(text)))


def _owner(schema: Schema, what: str, name: str) -> str:
    if what == "index":
        return schema.owner(name)
    return next((item.name for item in schema.tables.values() if name in item.triggers), "")
