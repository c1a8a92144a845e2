"""The proof with data: rows in all tables, then up, down, up, and each column that survives holds what it held."""

from collections.abc import Callable, Collection, Iterable

from msgspec import Struct
from msgspec.structs import replace

from instar import rows
from instar.errors import InstarError
from instar.model import Migration
from instar.proving.lane import Lane
from instar.rows import Fingerprints


class Held(Struct, frozen=True):
    """What became of the rows of one migration. `rows` is how many there were in all tables before it."""

    version: str
    losses: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    rows: int = 0


def total(found: Fingerprints) -> int:
    """Return how many rows there are in all tables."""
    return sum(digest.rows for digest in found.tables.values())


class Filling:
    """Moves a lane of its own along, with rows in it: `count` in each table that would be empty, but for `empty`."""

    def __init__(self, lane: Lane, count: int, empty: Collection[str] = ()) -> None:
        self._lane = lane
        self._count = count
        self._empty = empty

    def prove(self, item: Migration, index: int) -> Held:
        """Say what becomes of the rows in migration number `index`; the lane stands right after it then."""
        self._lane.reach(index)
        before = self._filled()
        held = Held(item.version, rows=total(before))
        if said := self._refused(self._lane.up):
            self._lane.restart(index)
            if self._refused(self._lane.up):
                # It fails without rows, too, which the other proof says.
                self._lane.restart(index)
                self._lane.skip(item.version)
                return held
            return replace(held, notes=(f"with rows in the tables up fails: {said}",))
        return self._back(held, index, before) if item.reversible else held

    def _back(self, held: Held, index: int, before: Fingerprints) -> Held:
        after = self._print()
        if said := self._refused(self._lane.down):
            self._lane.restart(index + 1)
            return replace(held, notes=(f"with rows in the tables down fails: {said}",))
        held = replace(held, losses=_lost("after down", rows.compare(before, self._print())))
        if said := self._refused(self._lane.up):
            self._lane.restart(index + 1)
            return replace(held, notes=(f"with rows in the tables up fails after down: {said}",))
        # What up itself changes may come out otherwise the second time: now(), random values.
        meant = {(each.table, each.column) for each in rows.compare(before, after)}
        lost = [each for each in rows.compare(before, self._print()) if (each.table, each.column) not in meant]
        return replace(held, losses=(*held.losses, *_lost("after up again", lost)))

    @staticmethod
    def _refused(move: Callable[[], object]) -> str:
        """Do something; return why the server refused it, or ""."""
        try:
            move()
        except InstarError as error:
            return error.message
        return ""

    def _filled(self) -> Fingerprints:
        """Put rows into the tables that have none. What cannot be filled stays empty."""
        lane = self._lane
        rows.fill(lane.migrator.session(), lane.dialect, rows=self._count, names=lane.names, skip=self._empty)
        return self._print()

    def _print(self) -> Fingerprints:
        lane = self._lane
        return rows.fingerprints(lane.migrator.session(), lane.dialect, names=lane.names)


def _lost(when: str, differences: Iterable[rows.Difference]) -> tuple[str, ...]:
    return tuple(f"{when}: {each}" for each in differences)
