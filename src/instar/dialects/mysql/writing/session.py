"""Statements that run in a session like the one in which an object was first made: the server keeps its settings."""

from instar.snapshot import Object

_VARIABLES = {
    "sql mode": "sql_mode",
    "character set client": "character_set_client",
    "collation connection": "collation_connection",
    "time zone": "time_zone",
}
_UNICODE = ("utf8", "utf8mb3", "utf8mb4")


def within(item: Object, statement: str) -> tuple[str, ...]:
    """Return `statement` between those that set the session's variables and put them back.

    A text that is not ASCII cannot be sent as another character set than the connection's: it stays out then.
    """
    kept = {name: item.facts[name] for name in _VARIABLES if name in item.facts}
    if kept.get("character set client") not in _UNICODE and not statement.isascii():
        kept.pop("character set client", None)
    if not kept:
        return (statement,)
    names = [_VARIABLES[name] for name in kept]
    saved = ", ".join(f"@instar_{name} = @@SESSION.{name}" for name in names)
    given = ", ".join(f"SESSION {_VARIABLES[name]} = '{value}'" for name, value in kept.items())
    back = ", ".join(f"SESSION {name} = @instar_{name}" for name in names)
    return (f"SET {saved}, {given}", statement, f"SET {back}")
