"""Is the live database as a migration, or its rollback, should have left it? What `instar verify` says.

What a migration makes, changes and drops is found by replaying the history on a database to throw away, with a
snapshot before and after it. The live schema is compared with what the migrations that are applied now make, and only
what this migration has to do with counts: drift elsewhere is not its fault.
"""

import time
from collections.abc import Iterator, Sequence

from instar import backups, dialects
from instar.config import Environment
from instar.cuts import cut
from instar.dialects import Dialect
from instar.errors import InstarError, UsageError
from instar.history import History, open_history
from instar.migrator import Migrator
from instar.model import Action, Entry, Migration
from instar.schemas import replay
from instar.source import backup
from instar.verification import Check, Status, Verification
from instar.verifying import rows, schema

__all__ = ["PATIENCE", "backups_of", "drop_backups", "verify", "verify_rollbacks"]

PATIENCE = 10.0
"""Seconds that the replay may take where nobody has asked for it, after each `down`."""
_APPLIED, _GONE = Action.APPLY.value, Action.ROLLBACK.value


def verify(migrator: Migrator, version: str = "", *, server: str = "") -> Verification:
    """Check what was done last, or what was done last with `version`.

    `server` is the URL of a server for the replay, else that of `[test] server`, else one of instar's own is started.
    Raises UsageError when there is nothing to verify.
    """
    history = _history(migrator)
    attempts = [
        item for item in migrator.history(status="completed") if item.action in {_APPLIED, _GONE, Action.BASELINE.value}
    ]
    chosen = _found(migrator, version or (attempts[-1].version if attempts else ""))
    last = next((item.action for item in reversed(attempts) if item.version == chosen.version), "")
    if not last:
        raise UsageError(f"{chosen.label} was never applied here", hint="`instar status` shows what is")
    action = Action.ROLLBACK if last == _GONE else Action.APPLY
    (found,) = _verified(migrator, history, [chosen], action, server, None)
    return found


def verify_rollbacks(migrator: Migrator, versions: Sequence[str]) -> list[Verification]:
    """Check that these migrations are undone, in the order in which they were. The replay is bounded by PATIENCE."""
    chosen = [_found(migrator, version) for version in versions]
    try:
        return _verified(migrator, _history(migrator), chosen, Action.ROLLBACK, "", PATIENCE) if chosen else []
    except InstarError as error:
        trouble = (Check("verification", Status.ERROR, error.message),)
        return [Verification(item.version, item.name, Action.ROLLBACK, trouble) for item in chosen]


def backups_of(migrator: Migrator) -> list[backups.Backup]:
    """Return the backups of rows in the database, in the order of their versions."""
    return backups.listed(_history(migrator))


def drop_backups(migrator: Migrator, chosen: Sequence[backups.Backup]) -> None:
    """Take backups away, each in a transaction of its own where the engine has one for that."""
    history = _history(migrator)
    begin = dialects.load(history.session.dialect).begin
    for item in chosen:
        history.session.run([dialects.Command(begin), *backups.dropping(history, item), dialects.Command("COMMIT")])


def _history(migrator: Migrator) -> History:
    session = migrator.session()
    return open_history(session, dialects.load(session.dialect), replay.names_of(migrator.environment))


def _found(migrator: Migrator, version: str) -> Migration:
    if not version:
        raise UsageError("nothing was done here yet that could be verified")
    chosen = next((item for item in migrator.migrations() if version in {item.version, item.name}), None)
    if chosen is None:
        raise UsageError(f"there is no file for the migration {version}", hint="`instar status` shows all versions")
    return chosen


def _verified(
    migrator: Migrator,
    history: History,
    chosen: Sequence[Migration],
    action: Action,
    server: str,
    patience: float | None,
) -> list[Verification]:
    begun = time.perf_counter()
    entries = {entry.version: entry for entry in history.entries()} if history.ready() else {}
    dialect = dialects.load(history.session.dialect)
    structure = schema.checks(migrator, chosen, action, entries, server, patience)
    found = []
    for item in chosen:
        checks = [
            _recorded(item, action, entries),
            *structure[item.version],
            *_kept(history, dialect, item, action, migrator.environment),
            *rows.own(history.session, dialect, item, action),
        ]
        found.append(Verification(item.version, item.name, action, tuple(checks), time.perf_counter() - begun))
        begun = time.perf_counter()
    return found


def _recorded(item: Migration, action: Action, entries: dict[str, Entry]) -> Check:
    there = item.version in entries
    wanted = action is Action.APPLY
    what = "history row is there" if wanted else "history row is gone"
    message = "" if there is wanted else ("it is still there" if there else "it is not there")
    return Check(what, Status.PASS if there is wanted else Status.FAIL, message)


def _kept(
    history: History, dialect: Dialect, item: Migration, action: Action, environment: Environment
) -> Iterator[Check]:
    """Check the backups that a migration's file asks for."""
    try:
        asked = sum(map(len, backup.numbered(cut(item, Action.APPLY, dialect)).values()))
        if asked:
            yield from rows.kept(history, dialect, item, action, asked, environment.keep_backups)
    except InstarError as error:
        yield Check("backups of rows", Status.ERROR, error.message)
