"""Views, indexes, triggers and virtual tables."""

from instar.dialects.sqlite.snapshot.reading import lex
from instar.snapshot import Object, Snapshot


def view(item: Object, whole: Snapshot) -> str:  # noqa: ARG001 - the contract
    """Return CREATE VIEW; the names of its columns stand there unless the query takes whatever there is."""
    facts = item.facts
    named = "listed" in facts or not _starred(facts["definition"])
    columns = f" ({facts['columns']})" if named and "columns" in facts else ""
    return f"CREATE VIEW {item.name}{columns} AS {facts['definition']}"


def _starred(definition: str) -> bool:
    from instar.dialects._reader import Reader
    from instar.dialects.sqlite.snapshot.others import starred

    return starred(Reader(lex(definition)))


def index(item: Object, whole: Snapshot) -> str:  # noqa: ARG001 - the contract
    """Return CREATE INDEX."""
    facts = item.facts
    unique = "UNIQUE " if "unique" in facts else ""
    where = f" WHERE {facts['where']}" if "where" in facts else ""
    return f"CREATE {unique}INDEX {item.name} ON {item.of.removeprefix('table ')} ({facts['columns']}){where}"


def trigger(item: Object, whole: Snapshot) -> str:  # noqa: ARG001 - the contract
    """Return CREATE TRIGGER."""
    facts = item.facts
    columns = f" OF {facts['columns']}" if "columns" in facts else ""
    when = f" WHEN {facts['when']}" if "when" in facts else ""
    table = item.of.removeprefix("table ").removeprefix("view ")
    heading = f"{facts['timing']} {facts['event']}{columns} ON {table} FOR EACH ROW{when}"
    return f"CREATE TRIGGER {item.name} {heading}\n{facts['body']}"


def virtual(item: Object, whole: Snapshot) -> str:  # noqa: ARG001 - the contract
    """Return CREATE VIRTUAL TABLE."""
    arguments = f" ({item.facts['arguments']})" if "arguments" in item.facts else ""
    return f"CREATE VIRTUAL TABLE {item.name} USING {item.facts['module']}{arguments}"
