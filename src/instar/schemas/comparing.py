"""Two targets compared, and a live database compared with what its migrations make."""

from msgspec import Struct
from msgspec.structs import replace

from instar.dialects import Dialect
from instar.difference import Difference
from instar.errors import UsageError
from instar.migrator import Migrator
from instar.model import State
from instar.schema import diff
from instar.schema.script import Line, script, text
from instar.schemas import models, replay, targets
from instar.schemas.targets import Reading, Target
from instar.snapshot import Snapshot

_EDITED = frozenset({State.EDITED, State.OUTDATED})


class Comparison(Struct, frozen=True):
    """Two schemas and what differs. `notes` say how they were read."""

    before: Snapshot
    after: Snapshot
    difference: Difference
    dialect: Dialect
    notes: tuple[str, ...] = ()

    def script(self) -> list[Line]:
        """Return the SQL from the first to the second, as far as it is safe to say."""
        return script(self.before, self.after, self.dialect)

    def sql(self) -> str:
        """Return the same as a text."""
        return text(self.script(), self.dialect)

    def back(self) -> str:
        """Return the SQL from the second to the first."""
        return text(script(self.after, self.before, self.dialect), self.dialect)


def compare(before: Target, after: Target, *, server: str = "") -> Comparison:
    """Compare two targets. What is no database is made on a server like the other one's, or on `server`."""
    first, second = _both(before, after, server)
    _require_like(first, second)
    first, second = _aligned(first, second)
    if after.kind == "models":
        second = replace(second, snapshot=models.completed(second.snapshot, first.snapshot))
    if before.kind == "models":
        first = replace(first, snapshot=models.completed(first.snapshot, second.snapshot))
    found = diff.compare(first.snapshot, second.snapshot, (first.label, second.label))
    notes = tuple(reading.note for reading in (first, second) if reading.note)
    return Comparison(first.snapshot, second.snapshot, found, first.dialect, notes)


def drift(migrator: Migrator, *, server: str = "") -> Comparison:
    """Compare a live database with a replay of the migrations that are applied to it: "added" is what only it has."""
    environment = migrator.environment
    live = targets.read(Target("database", "the database", environment))
    conditions = migrator.status()
    applied = {each.version for each in conditions if each.entry is not None and each.migration is not None}
    with replay.throwaway(live.dialect, _major(live), server, beside=environment.url) as place:
        made = targets.masked(replay.migrations(environment, place, applied))
        owner, name = targets.user_of(place.url), place.name
    replayed, live = _aligned(Reading(made, "the migrations", live.dialect, owner), live)
    notes = [f"{len(applied)} applied {'migration' if len(applied) == 1 else 'migrations'} replayed on {name}"]
    missing = [each.version for each in conditions if each.entry is not None and each.migration is None]
    if missing:
        notes.append(f"applied, but without a file, and so not replayed: {', '.join(missing)}")
    edited = [each.version for each in conditions if each.state in _EDITED]
    if edited:
        notes.append(f"edited since it was applied, and replayed as it is now: {', '.join(edited)}")
    found = diff.compare(replayed.snapshot, live.snapshot, (replayed.label, live.label))
    return Comparison(replayed.snapshot, live.snapshot, found, live.dialect, tuple(notes))


def _both(before: Target, after: Target, server: str) -> tuple[Reading, Reading]:
    """Read a database first: its engine and version are those of the server on which the other one is made."""
    if before.kind != "database" and after.kind == "database":
        second = targets.read(after)
        return _like(before, after, second, server), second
    first = targets.read(before, server=server)
    return first, _like(after, before, first, server)


def _require_like(first: Reading, second: Reading) -> None:
    """Refuse two engines, unless one is made of the other, as MariaDB's dialect is of MySQL's."""
    one, other = first.dialect, second.dialect
    if not isinstance(one, type(other)) and not isinstance(other, type(one)):
        raise UsageError(
            f"{first.label} is {one.name} and {second.label} is {other.name}: two engines cannot be compared",
            hint="name two databases of one engine",
        )


def _like(target: Target, other: Target, known: Reading, server: str) -> Reading:
    """Read a target on a server like that of the other one."""
    if other.kind != "database":
        return targets.read(target, dialect=known.dialect.name, server=server)
    beside = other.environment.url
    return targets.read(target, dialect=known.dialect.name, version=_major(known), server=server, beside=beside)


def _major(reading: Reading) -> int:
    return reading.snapshot.version[0] if reading.snapshot.version else 0


def _aligned(first: Reading, second: Reading) -> tuple[Reading, Reading]:
    """Give what belongs to the role of a throw-away server to the role that most belongs to on the other side."""
    if first.owner and (owner := targets.main_owner(second.snapshot)):
        first = replace(first, snapshot=targets.owned(first.snapshot, first.owner, owner))
    if second.owner and (owner := targets.main_owner(first.snapshot)):
        second = replace(second, snapshot=targets.owned(second.snapshot, second.owner, owner))
    return first, second
