"""Routines, triggers and events, as SHOW CREATE says them. Their bodies are the user's own text."""

from collections.abc import Iterator

from instar.dialects._reader import Reader
from instar.dialects.mysql.identifiers import part
from instar.dialects.mysql.parse import words
from instar.dialects.mysql.snapshot.reading import Place, canonical, definer, present, string
from instar.snapshot import Object

_ROUTINES = """
SELECT routine_type, routine_name FROM information_schema.routines
WHERE routine_schema = %s AND routine_type IN ('FUNCTION', 'PROCEDURE')
"""
_TRIGGERS = """
SELECT event_object_table, action_timing, event_manipulation, trigger_name FROM information_schema.triggers
WHERE trigger_schema = %s ORDER BY event_object_table, action_timing, event_manipulation, action_order
"""
_EVENTS = """
SELECT event_name, starts IN (created, last_altered) FROM information_schema.events WHERE event_schema = %s
"""
_ACCESS = ("no sql", "reads sql data", "modifies sql data", "contains sql")


def _session(place: Place, client: object, connection: object, database: object) -> dict[str, str]:
    """Return what a stored program keeps of the session that made it; the database's own collation is left out."""
    other = "" if str(database) == place.collation else str(database)
    return present(character_set_client=str(client), collation_connection=str(connection), database_collation=other)


def routines(place: Place) -> tuple[Object, ...]:
    """Read functions and procedures."""
    rows = place.query(_ROUTINES, (place.database,))
    return tuple(_routine(place, str(kind), str(name)) for kind, name in rows)


def _routine(place: Place, kind: str, name: str) -> Object:
    _, mode, text, client, connection, database = place.show(kind, name)
    source = _shown(text, f"{kind.lower()} {name}")
    reader = Reader(words(source))
    reader.accept("create")
    facts = {"definer": definer(reader)}
    if reader.accept("aggregate"):
        facts["aggregate"] = "true"
    reader.skip()
    reader.name()
    group = reader.group()
    facts["parameters"] = canonical(group) if group is not None else ""
    if reader.one_of({"returns", "return"}):
        line = source.find("\n", reader.start)
        facts["returns"] = source[reader.start : line]
        while reader and reader.start < line:
            reader.skip()
    _characteristics(reader, facts)
    facts |= {"body": source[reader.start :].strip(), "sql mode": str(mode)}
    facts |= _session(place, client, connection, database)
    return Object(kind.lower(), part(name), facts={key: value for key, value in facts.items() if value})


def _characteristics(reader: Reader, facts: dict[str, str]) -> None:
    while True:
        access = next((words for words in _ACCESS if reader.accept(*words.split())), "")
        if access:
            facts["data access"] = "" if access == "contains sql" else access.upper()
        elif reader.accept("deterministic"):
            facts["deterministic"] = "true"
        elif reader.accept("sql", "security"):
            security = reader.name().upper()
            facts["security"] = "" if security == "DEFINER" else security
        elif reader.accept("comment"):
            facts["comment"] = string(reader.skip())
        elif not (reader.accept("not", "deterministic") or reader.accept("language", "sql")):
            return


def _shown(text: object, what: str) -> str:
    """Return a definition. Raises DatabaseError when the server does not show it to us."""
    if text is None:
        from instar.errors import DatabaseError

        raise DatabaseError(
            f"the definition of {what} is not shown to this user",
            hint="connect as its definer, or GRANT SHOW CREATE ROUTINE (or SELECT ON mysql.proc) to this user",
        )
    return str(text)


def triggers(place: Place) -> Iterator[Object]:
    """Read the triggers; each but the first of its kind names the one that it follows."""
    last: tuple[object, ...] = ()
    before = ""
    for table, timing, event, name in place.query(_TRIGGERS, (place.database,)):
        if place.ours(str(table)):
            continue
        follows = before if last == (table, timing, event) else ""
        yield _trigger(place, str(name), {"timing": str(timing), "event": str(event)}, str(table), follows)
        last, before = (table, timing, event), part(str(name))


def _trigger(place: Place, name: str, heading: dict[str, str], table: str, follows: str) -> Object:
    _, mode, text, client, connection, database, *_ = place.show("TRIGGER", name)
    source = _shown(text, f"trigger {name}")
    reader = Reader(words(source))
    reader.accept("create")
    who = definer(reader)
    while reader and not reader.accept("for", "each", "row"):
        reader.skip()
    if reader.one_of({"follows", "precedes"}):
        reader.name()
    facts = heading | present(follows=follows, definer=who, sql_mode=str(mode))
    facts |= {"body": source[reader.start :].strip(), **_session(place, client, connection, database)}
    owner = f"table {part(table)}"
    needs = (owner, *([f"trigger {follows}"] if follows else ()))
    return Object("trigger", part(name), of=owner, facts=facts, needs=needs)


def events(place: Place) -> Iterator[Object]:
    """Read the events of the scheduler."""
    for name, usual in place.query(_EVENTS, (place.database,)):
        yield _event(place, str(name), begins_now=bool(usual))


def _event(place: Place, name: str, *, begins_now: bool) -> Object:
    """Read an event; a start that is the moment of its making, which is what it begins with by default, is left out."""
    _, mode, zone, text, client, connection, database = place.show("EVENT", name)
    source = _shown(text, f"event {name}")
    reader = Reader(words(source))
    reader.accept("create")
    facts = {"definer": definer(reader)}
    reader.accept("event")
    reader.name()
    reader.accept("on", "schedule")
    facts["schedule"] = canonical(reader.until({"starts", "ends", "on", "do"}))
    for word in ("starts", "ends"):
        if reader.accept(word):
            facts[word] = canonical(reader.until({"ends", "on", "do"}))
    if begins_now:
        facts.pop("starts", None)
    reader.accept("on", "completion")
    facts["on completion"] = "" if reader.accept("not", "preserve") else "PRESERVE"
    reader.accept("preserve")
    status = canonical(reader.until({"comment", "do"}))
    facts["status"] = "" if status == "ENABLE" else status
    if reader.accept("comment"):
        facts["comment"] = string(reader.skip())
    reader.accept("do")
    facts |= {"body": source[reader.start :].strip(), "sql mode": str(mode), "time zone": str(zone)}
    facts |= _session(place, client, connection, database)
    return Object("event", part(name), facts={key: value for key, value in facts.items() if value})
