"""What a MySQL or MariaDB statement changes, locks and works on, read off its words and what is known of the schema."""

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from instar.catalog import Schema
from instar.dialects import _names, _refused, _rows
from instar.dialects._reader import Reader
from instar.dialects._refused import Words
from instar.dialects._tokens import Token
from instar.dialects.mysql import parse
from instar.dialects.mysql.analysis import alter, create, learn, objects
from instar.dialects.mysql.analysis.need import Engine
from instar.dialects.mysql.kinds import object_at
from instar.effects import Change, Effect

Handler = Callable[[str, Reader, Schema], Effect]
_SESSION = {
    "begin": "begin", "start": "begin", "commit": "commit", "rollback": "rollback", "savepoint": "savepoint",
    "release": "savepoint", "call": "call", "do": "do", "grant": "grant", "revoke": "revoke", "prepare": "prepare",
    "execute": "prepare", "deallocate": "prepare", "set": "set", "use": "set", "load": "copy",
}  # fmt: skip
_WORDS = Words(
    taken="Table '{name}' already exists",
    absent="Table '{name}' doesn't exist",
    undroppable="Unknown {kind} '{name}'",
    column_taken="Duplicate column name '{name}'",
    column_absent="Can't DROP COLUMN `{name}`; check that it exists",
    folds=True,
    alone=True,
)
_VERBS = frozenset({
    "alter", "analyze", "backup", "begin", "binlog", "cache", "call", "case", "change", "check", "checksum",
    "clone", "close", "commit", "create", "deallocate", "declare", "delete", "desc", "describe", "do", "drop",
    "end", "execute", "explain", "fetch", "flush", "for", "get", "grant", "handler", "help", "if", "import",
    "insert", "install", "iterate", "kill", "leave", "load", "lock", "loop", "open", "optimize", "prepare", "purge",
    "release", "rename", "repair", "repeat", "replace", "reset", "resignal", "restart", "return", "revoke",
    "rollback", "savepoint", "select", "set", "show", "shutdown", "signal", "start", "stop", "table", "truncate",
    "uninstall", "unlock", "update", "use", "values", "while", "with", "xa",
})  # fmt: skip
"""The words that statements begin with: MySQL 8.4, chapter 15, and MariaDB 11."""
_OBJECTS = frozenset({
    "aggregate", "algorithm", "database", "definer", "event", "fulltext", "function", "ignore", "index", "instance",
    "json", "library", "logfile", "masking", "offline", "online", "or", "package", "prepare", "procedure",
    "resource", "role", "schema", "sequence", "server", "spatial", "sql", "table", "tables", "tablespace",
    "temporary", "trigger", "undo", "unique", "user", "vector", "view",
})  # fmt: skip
"""The words that stand behind CREATE, ALTER and DROP."""
_DEFINES = frozenset({"create", "alter", "drop"})
_NUMBER_OFF = frozenset({"0", "off", "false"})


def analyse(text: str, schema: Schema, *, mariadb: bool) -> Effect:
    """Say what one statement does; see instar.dialects.Dialect."""
    stream = parse.words(text)
    made = _analysed(text, stream, schema, mariadb=mariadb)
    refused = None if made.error else _refused.first(made.changes, schema, _WORDS)
    if refused is not None:
        made = replace(made, error=refused[0], at=refused[1])
    return replace(made, touched=_touched(stream)) if made.touched is None else made


def _touched(stream: Sequence[Token]) -> frozenset[str] | None:
    from instar.dialects import _touched

    return _touched.touched(stream)


def _analysed(text: str, stream: Sequence[Token], schema: Schema, *, mariadb: bool) -> Effect:
    reader = Reader(stream)
    checks = schema.settings.get("foreign_key_checks", "1") not in _NUMBER_OFF
    if reader.accept("set", "statement"):  # MariaDB: SET STATEMENT x = 1 FOR ...
        given = reader.until({"for"}).words()
        checks = checks and given[:3] != ["foreign_key_checks", "=", "0"]
        reader.accept("for")
        stream = stream[reader.at :]
        reader = Reader(stream)
    verb = reader.word()
    if verb in _DEFINES and reader.word(1) in _OBJECTS:
        return _definition(Engine(mariadb, schema.version, checks), text, reader, schema)
    if verb in _OTHERS and (verb != "rename" or reader.word(1) in {"table", "tables"}):
        if verb in {"rename", "truncate"}:
            reader.skip()
            reader.one_of({"table", "tables"})
        return _OTHERS[verb](text, reader, schema)
    if verb in _rows.VERBS:
        change = _rows.change(text, stream, lambda place, name: _names.relation(schema, place, name))
        return objects.effect(text, change.kind.upper(), change)
    return _session(text, reader, verb)


def _definition(engine: Engine, text: str, reader: Reader, schema: Schema) -> Effect:
    said = reader.words()
    verb, at = said[0], object_at(said)
    before = said[1:at]
    flags = frozenset({"or replace"}) if "replace" in before else frozenset()
    what = said[at] if at < len(said) else ""
    if verb == "create" and what == "index":
        reader.at = next((i for i in range(1, at + 1) if said[i] in {"unique", "fulltext", "spatial"}), at)
        return alter.create_index(engine, text, reader, schema)
    reader.at = at
    if verb == "drop" and reader.accept("index"):
        return alter.drop_index(engine, text, reader, schema)
    if verb == "create" and (what == "table" or said[at : at + 2] == ["temporary", "table"]):
        flags |= {"temporary"} if reader.accept("temporary") else frozenset()
        reader.skip()
        return create.table(text, reader, schema, mariadb=engine.mariadb, flags=flags)
    if verb == "alter" and reader.accept("table"):
        return alter.alter(engine, text, reader, schema)
    if verb == "alter":
        return objects.effect(text, f"ALTER {what.upper()}", Change("other", end=len(text)))
    return objects.create(text, reader, schema, flags) if verb == "create" else objects.drop(text, reader, schema)


def _session(text: str, reader: Reader, verb: str) -> Effect:
    kind = _SESSION.get(verb, "other")
    wrong = reader.word(1) if verb in _DEFINES else verb if verb not in _VERBS else ""
    if kind == "other" and wrong:
        return Effect(text, error=f"syntax error near '{wrong}'", at=reader.start)
    reader.skip()
    name = value = ""
    if kind == "set" and verb == "set":
        while reader.one_of({"@", ".", "session", "local"}):
            continue
        name = reader.name().lower()
        reader.one_of({":"})
        reader.accept("=")
        value = reader.text(text).strip("'\"").lower()
    flags = frozenset({"global"}) if name in {"global", "persist"} else frozenset()
    change = Change(kind, "", "" if flags else name, text=value, flags=flags, end=len(text))
    return Effect(text, verb.upper(), (change,), dynamic=verb in {"prepare", "execute"})


def learnt(effect: Effect, schema: Schema, version: str, *, mariadb: bool) -> None:
    """Change `schema` as the statement would."""
    learn.learn(effect, schema, version, mariadb=mariadb)


_OTHERS: dict[str, Handler] = {
    "rename": objects.rename,
    "truncate": objects.truncate,
    "optimize": objects.optimize,
    "repair": objects.optimize,
    "analyze": objects.optimize,
    "lock": objects.lock_tables,
}
