"""Rows that were kept, against what is there now; and a migration's own checks."""

from collections.abc import Iterator

from instar import backups
from instar.backups import Backup, Shelf
from instar.dialects import Command, Dialect, Session
from instar.errors import CheckFailedError, InstarError
from instar.execute import checks
from instar.history import History
from instar.model import Action, Migration
from instar.verification import Check, Status


def kept(
    history: History, dialect: Dialect, item: Migration, action: Action, asked: int, keep: float | None
) -> Iterator[Check]:
    """Check the `asked` backups of a migration: after its `down` the rows must be as they were."""
    stages = {backups.CURRENT} if action is Action.APPLY else {backups.CURRENT, backups.UNDONE}
    found = [one for one in backups.listed(history, item.version) if one.facts.stage in stages]
    shelf = Shelf(history, dialect, keep)
    if len(found) < asked:
        missing = f"{asked - len(found)} of {asked} are not there: dropped, or never made"
        yield Check("backups of rows", Status.FAIL if action is Action.APPLY else Status.NOT_CHECKED, missing)
    if action is Action.APPLY:
        for one in found:
            yield Check(f"backup of {one.table}", Status.PASS, f"{one.rows} rows in {one.store}")
        return
    # Of several backups of one table the first one holds what was there before the migration.
    oldest = {one.table: one for one in reversed(found)}
    for one in sorted(oldest.values(), key=lambda each: each.number):
        yield _restored(shelf, one)


def _restored(shelf: Shelf, one: Backup) -> Check:
    what = f"rows of {one.table} are restored"
    differing = shelf.differing(one)
    if differing is None:
        return Check(what, Status.FAIL, "the table, or its key, is not there")
    if differing:
        why = "" if one.restored_at else "; the down has no -- instar:restore"
        return Check(what, Status.FAIL, f"{differing} of {one.rows} rows are not as they were in {one.store}{why}")
    result, notes = one.facts.result, ""
    if result is not None and result.newer and result.changed:
        notes += f"; {result.changed} newer ones were left as they are"
    if result is not None and result.deleted:
        notes += f"; {result.deleted} had been deleted since"
    return Check(what, Status.PASS, f"{one.rows} rows compared with {one.store}{notes}")


def own(session: Session, dialect: Dialect, item: Migration, action: Action) -> Iterator[Check]:
    """Run the author's checks: `after` where it is applied, `before` where it is not; what they do is rolled back."""
    applied = action is Action.APPLY
    if not (item.after if applied else item.before):
        return
    what = f"its own checks ({'after' if applied else 'before'})"
    run = checks.after if applied else checks.inside
    session.run([Command(dialect.begin)])
    try:
        run(session, dialect, item, lambda *_: None)
        found = Check(what, Status.PASS)
    except CheckFailedError as error:
        found = Check(what, Status.FAIL, error.message)
    except InstarError as error:
        found = Check(what, Status.ERROR, error.message)
    finally:
        if session.in_transaction():
            session.run([Command("ROLLBACK")])
        session.run(session.restoring())
    yield found
