"""A migration drafted from a difference: what its up and its down say."""

from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from instar.errors import UsageError
from instar.schema.script import script, text
from instar.schemas.comparing import Comparison
from instar.schemas.targets import rewritten
from instar.snapshot import Object, Snapshot

_UP, _DOWN = "-- migrate:up", "-- migrate:down"


class Draft(Struct, frozen=True):
    """The SQL of a migration, up and down. `unsaid` are the changes for which no statement could be written."""

    up: str
    down: str
    unsaid: tuple[str, ...] = ()

    def fill(self, path: Path) -> None:
        """Put it into a new file, behind the marks of its sections. Raises UsageError where these are not there."""
        lines = path.read_text(encoding="utf-8").split("\n")
        for mark, sql in ((_UP, self.up), (_DOWN, self.down)):
            if mark not in lines:
                raise UsageError(f"the template has no line {mark!r} to put the draft behind")
            place = lines.index(mark) + 1
            while lines[place : place + 1] == [""]:
                del lines[place]
            lines[place:place] = [*sql.splitlines(), ""]
        path.write_text("\n".join(lines), encoding="utf-8")


def draft(found: Comparison) -> Draft:
    """Draft the migration that makes the second schema of the first."""
    before, after = _ours(found.before, found.after), _ours(found.after, found.before)
    up, down = script(before, after, found.dialect), script(after, before, found.dialect)
    unsaid = tuple(line.comment for line in up if line.unsaid)
    return Draft(text(up, found.dialect), text(down, found.dialect), unsaid)


def _ours(whole: Snapshot, other: Snapshot) -> Snapshot:
    """Return a snapshot that names owners only where they differ: what a migration makes belongs to who runs it."""

    def change(item: Object) -> Object:
        twin = other.get(item.key)
        if "owner" not in item.facts or (twin is not None and twin.facts.get("owner") != item.facts["owner"]):
            return item
        return replace(item, facts={name: value for name, value in item.facts.items() if name != "owner"})

    return rewritten(whole, change)
