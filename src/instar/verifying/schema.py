"""What migrations make, change and drop, found by a replay, against the live schema."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Self

from instar import dialects
from instar.config import Environment, Policy
from instar.dialects import Throwaway
from instar.difference import Change, Difference, What, said
from instar.errors import InstarError, UsageError
from instar.events import Event
from instar.migrator import Migrator
from instar.model import Action, Entry, Migration, MigrationKind
from instar.schema import diff
from instar.schemas import replay, targets
from instar.snapshot import Snapshot
from instar.verification import Check, Status

_FACTS = ("owner", "grant")
_SHOULD = {
    (What.ADDED, Action.APPLY): "is there",
    (What.ADDED, Action.ROLLBACK): "is gone",
    (What.REMOVED, Action.APPLY): "is gone",
    (What.REMOVED, Action.ROLLBACK): "is back",
    (What.CHANGED, Action.APPLY): "is changed",
    (What.CHANGED, Action.ROLLBACK): "is as it was before",
}


class TooLongError(InstarError):
    """The replay took longer than whoever waits for it has patience."""


def checks(
    migrator: Migrator,
    chosen: Sequence[Migration],
    action: Action,
    entries: Mapping[str, Entry],
    server: str,
    patience: float | None,
) -> dict[str, list[Check]]:
    """Return the checks of each of `chosen` by its version: of every object that it makes, changes or drops."""
    try:
        return _checked(migrator, chosen, action, entries, server or migrator.environment.test.server, patience)
    except InstarError as error:
        found = Check("schema", Status.NOT_CHECKED, error.message)
        return {item.version: [found] for item in chosen}


def _checked(
    migrator: Migrator,
    chosen: Sequence[Migration],
    action: Action,
    entries: Mapping[str, Entry],
    server: str,
    patience: float | None,
) -> dict[str, list[Check]]:
    live = targets.masked(migrator.snapshot())
    dialect = dialects.load(migrator.session().dialect)
    version = live.version[0] if live.version else 0
    with ExitStack() as stack:

        def place() -> "Replay":
            try:
                made = stack.enter_context(replay.throwaway(dialect, version, server))
            except UsageError as error:
                where = "name one in [test] server, or with `instar verify --server URL`"
                raise UsageError(f"{error.message}: {where}") from error
            return stack.enter_context(Replay(migrator.environment, made, targets.main_owner(live), patience))

        made, expected = _replayed(place, migrator.migrations(), chosen, action, entries)
    drifted = diff.compare(expected, live, ("expected", "live")).real
    return {
        item.version: list(_compared(diff.compare(before, after).real, drifted, before, after, action))
        for item, before, after in made
    }


def _replayed(
    place: "Callable[[], Replay]",
    known: Sequence[Migration],
    chosen: Sequence[Migration],
    action: Action,
    entries: Mapping[str, Entry],
) -> tuple[list[tuple[Migration, Snapshot, Snapshot]], Snapshot]:
    """Return each of `chosen` with the schema before and after it; and the schema of all that is applied now."""
    ordered = sorted(chosen, key=_rank)
    versions = {item.version for item in ordered}
    applied = [item for item in known if item.version in entries and item.kind is MigrationKind.VERSIONED]
    applied += [item for item in ordered if item.version in entries and item.kind is MigrationKind.REPEATABLE]
    older = {item.version for item in applied if _rank(item) < _rank(ordered[0])} - versions
    with place() as first:
        before = base = first.up(older)
        found, here = [], older
        for item in ordered:
            here = here | {item.version}
            after = first.up(here)
            found.append((item, before, after))
            before = after
        now = {item.version for item in applied}
        if action is Action.APPLY:
            return found, before if now <= here else first.up(here | now)
    if now <= older:
        return found, base
    with place() as second:
        return found, second.up(now - versions)


def _rank(item: Migration) -> tuple[bool, tuple[int, ...], str]:
    return item.kind is MigrationKind.REPEATABLE, item.order, item.name


class Replay:
    """Applies migrations to a database to throw away; what the server's user owns there counts as `owner`'s."""

    def __init__(self, environment: Environment, place: Throwaway, owner: str, patience: float | None) -> None:
        self._place = place
        self._owner = owner
        self._environment = environment
        self._patience = patience
        self._begun = time.monotonic()
        here = environment.replace(
            url=place.url, policy=Policy(), session_pooler=False, out_of_order="apply", statement_timeout=patience
        )
        self._migrator = replay.Made(environment=here, watch=self._watch)

    def __enter__(self) -> Self:
        """Nothing happens yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection: whoever takes the database away must find nobody there."""
        self._migrator.close()

    def up(self, versions: Collection[str]) -> Snapshot:
        """Apply those of `versions` that are not applied yet; return the schema."""
        self._migrator.only = versions
        replay.supplied(self._place, self._migrator.up)
        found = targets.masked(self._migrator.snapshot())
        return targets.owned(found, targets.user_of(self._place.url), self._owner) if self._owner else found

    def _watch(self, event: Event) -> None:
        del event
        if self._patience is not None and time.monotonic() - self._begun > self._patience:
            raise TooLongError(f"the replay of the migrations takes more than {self._patience:g} s")


def _compared(
    done: Difference, drifted: Difference, before: Snapshot, after: Snapshot, action: Action
) -> Iterator[Check]:
    """Say of each object that a migration makes, changes or drops whether it is as it should be."""
    for change in done:
        whole = after if change.what is What.ADDED else before
        mine = frozenset({change.key}) if change.what is What.CHANGED else _family(change.key, whole)
        wrong = [text for text in (_wrong(change, other, mine) for other in drifted) if text]
        status = Status.FAIL if wrong else Status.PASS
        yield Check(f"{change.key} {_SHOULD[change.what, action]}", status, "; ".join(wrong))


def _wrong(change: Change, other: Change, mine: frozenset[str]) -> str:
    """Say how an object of the migration is not as it should be, "" where a difference has nothing to do with it."""
    hit = mine & {other.key, *(part.key for part in other.parts)}
    if not hit:
        return ""
    if other.what is What.ADDED:
        return "it is still there" if change.key in hit else f"{', '.join(sorted(hit))} is still there"
    if other.what is What.REMOVED:
        return "it is not there" if change.key in hit else f"{', '.join(sorted(hit))} is not there"
    touched = {fact.name for fact in change.facts}
    facts = [
        fact
        for fact in other.facts
        if (fact.name in touched if change.what is What.CHANGED else not fact.name.startswith(_FACTS))
    ]
    prefix = "" if other.key == change.key else f"{other.key}: "
    return prefix + ", ".join(said(fact) for fact in facts) if facts else ""


def _family(key: str, whole: Snapshot) -> frozenset[str]:
    """Return the keys of an object and of all that goes away with it."""
    found, waiting = {key}, [key]
    while waiting:
        parts = {part.key for part in whole.parts.get(waiting.pop(), ())} - found
        found |= parts
        waiting += parts
    return frozenset(found)
