"""A migration's scripts become segments, for one action and in one dialect."""

from collections.abc import Sequence

from instar import dialects
from instar.model import Action, Code, Kind, Migration, Script, Segment, Statement
from instar.segments import segments
from instar.source import backup
from instar.source.script import statements


def cut(item: Migration, action: Action, dialect: dialects.Dialect) -> tuple[Segment, ...]:
    """Return the segments of a migration for an action; scripts of several pairs follow each other."""
    if item.code is not None:
        return _code_segments(item, item.code, action, dialect)
    if action is Action.APPLY:
        _read_directives(item.down, dialect)
    scripts = item.up if action is Action.APPLY else item.down
    parts = _parts(scripts, dialect)
    if not parts and scripts and action is Action.ROLLBACK and backup.backed(item):
        parts = _parts((Script("-- instar:restore\n", scripts[0].file, scripts[0].line),), dialect)
    backup.placed(parts, action, item)
    return parts


def _read_directives(scripts: Sequence[Script], dialect: dialects.Dialect) -> None:
    """Raise SourceError at a directive that the way back would not understand: then it is too late to mend it."""
    for script in scripts:
        if "instar:" in script.text:
            statements(script, dialect)


def _parts(scripts: Sequence[Script], dialect: dialects.Dialect) -> tuple[Segment, ...]:
    parts: list[Segment] = []
    first = 0
    for script in scripts:
        found = segments(statements(script, dialect), transaction=script.transaction)
        parts += [_moved(part, first) for part in found]
        first += sum(len(part.statements) for part in found)
    return tuple(parts)


def _moved(part: Segment, by: int) -> Segment:
    return part if not by else Segment(part.first + by, part.statements, part.transaction, part.begin)


def _code_segments(item: Migration, code: Code, action: Action, dialect: dialects.Dialect) -> tuple[Segment, ...]:
    """Make one statement of a Python migration, without a transaction where DDL commits or the author asks for none."""
    function = code.up if action is Action.APPLY else code.down
    if function is None:
        return ()
    transaction = code.transaction and dialect.transactional_ddl
    name = "up" if action is Action.APPLY else "down"
    # The checksum stands before the "#", which begins a comment in MySQL: a fingerprint leaves comments out.
    text = f"{name}(connection) '{item.checksum[:16]}'  # {item.path}"
    kind = Kind.PLAIN if transaction else Kind.OUTSIDE
    return (Segment(0, (Statement(text, 1, 1, 0, item.path, kind),), transaction),)


def touched(item: Migration, parts: Sequence[Segment], dialect: dialects.Dialect) -> frozenset[str] | None:
    """Return the names that all statements touch together, None when one of them does not tell."""
    if item.code is not None:
        return None
    found: frozenset[str] = frozenset()
    for part in parts:
        for statement in part.statements:
            names = dialect.touched(statement.text)
            if names is None:
                return None
            found |= names
    return found
