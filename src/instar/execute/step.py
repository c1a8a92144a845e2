"""One step: where it goes on, its segments in turn, and another try where only a lock was missing."""

import linecache
import time
from collections.abc import Callable, Sequence
from pathlib import PurePath

from msgspec.structs import replace

from instar.dialects import Command, Probe
from instar.errors import (
    AmbiguousError,
    DatabaseError,
)
from instar.events import (
    Retrying,
)
from instar.execute import checks
from instar.execute.base import is_idempotent
from instar.execute.retry import Tries
from instar.execute.segment import Segments
from instar.execute.work import statement_at
from instar.model import Action, Kind, Place, Segment, Step
from instar.segments import left, segments
from instar.source.script import place_in


class Steps(Segments):
    """Performs one step from where it stopped to its record."""

    def _perform(self, step: Step, following: Step | None) -> None:
        finished = self._resume(step)
        self._look_ahead(step)
        if step.action is Action.APPLY and step.checkpoint is None:
            checks.before(self._session, self._dialect, step.migration, self._tell)
        self._skip(step, finished)
        queue = list(left(step.segments, finished))
        while queue:
            segment = queue.pop(0)
            last = not queue and segment.transaction
            split = self._segment(segment, last=last, following=following)
            queue = [*split, *queue]
            if last and not split:
                return
        self._retried(lambda: self._record_alone(step, following), None)

    def _skip(self, step: Step, finished: int) -> None:
        """Take the first `finished` statements as done; what they set outside transactions is set again."""
        done = [statement for part in step.segments for statement in part.statements][:finished]
        self._work.done = self._prints(done)
        for statement in done:
            if statement.kind is Kind.SETTING_OUTSIDE:
                self._session.run([Command(statement.text, None, statement)], tell=self._tell)

    def _resume(self, step: Step) -> int:
        """Return how many statements are done, after asking the catalog about one whose end nobody saw."""
        checkpoint = step.checkpoint
        if checkpoint is None or checkpoint.running is None:
            return checkpoint.done if checkpoint else 0
        statement = statement_at(step.segments, checkpoint.running)
        if statement is None or is_idempotent(statement):
            return checkpoint.done
        found = self._under_settings(checkpoint.running, lambda: self._session.probe(statement, checkpoint.probe))
        if found is Probe.UNKNOWN:
            raise AmbiguousError(
                f"{step.migration.label}: statement {checkpoint.running + 1} did not end cleanly, and the catalog does "
                "not show whether it took effect",
                hint="look at the data; then `instar repair` records whether it did",
                place=place_in(statement, None),
            )
        return checkpoint.done + (found is Probe.APPLIED)

    def _segment(self, segment: Segment, *, last: bool, following: Step | None) -> Sequence[Segment]:
        """Run a segment; return what it must be cut into where the server refuses a statement in a transaction."""

        def work() -> None:
            if segment.transaction:
                self._transaction(segment, last=last, following=following)
            else:
                self._alone(segment)

        try:
            self._retried(work, segment)
        except DatabaseError as error:
            split = self._split(segment, error)
            if split is None:
                raise
            return split
        return ()

    def _split(self, segment: Segment, error: DatabaseError) -> Sequence[Segment] | None:
        """Set a statement apart that cannot run in a transaction; nothing of its segment has happened."""
        refused = segment.transaction and segment.begin is None and self._dialect.refuses_transaction(error)
        if not refused or not 0 <= error.index < len(segment.statements):
            return None
        changed = list(segment.statements)
        changed[error.index] = replace(changed[error.index], kind=Kind.OUTSIDE)
        return [replace(part, first=part.first + segment.first) for part in segments(changed)]

    def _retried(self, work: Callable[[], None], segment: Segment | None) -> None:
        """Do `work`, and again while nothing but a lock is missing. What it left open is rolled back."""
        tries = Tries(self._options.lock_deadline)
        while True:
            try:
                work()
            except DatabaseError as error:
                self._roll_back()
                locate(error, segment)
                if not error.lock_timeout or error.connection_lost or not self._repeatable(segment):
                    raise
                self._pause(tries, error)
            except BaseException:
                self._roll_back()
                raise
            else:
                return

    def _repeatable(self, segment: Segment | None) -> bool:
        """Whether what failed has done nothing: a block that commits may have done half of its work."""
        if segment is None or segment.transaction:
            return True
        statement, seen = segment.statements[0], self._work.seen
        if is_idempotent(statement):
            return True
        found = self._under_settings(segment.first, lambda: self._session.probe(statement, seen))
        return found is Probe.NOT_APPLIED

    def _pause(self, tries: Tries, error: DatabaseError) -> None:
        pause = tries.next_pause()
        if pause is None:
            error.message += f"; gave up after {tries.number} tries in {tries.elapsed():.1f} s{self._work.who()}"
            stays = "pending" if self._work.step.action is Action.APPLY else "applied"
            error.hint = f"nothing was changed by the last try, and the migration stays {stays}: run the command again"
            raise error
        self._work.retries += 1
        self._work.lock_wait += pause
        self._emit(Retrying(self._work.step.migration, tries.number, pause, error.message))
        time.sleep(pause)


def locate(error: DatabaseError, segment: Segment | None) -> None:
    """Give an error the place in the file of the statement that it is about."""
    if segment is not None and 0 <= error.index < len(segment.statements) and error.place is None:
        error.place = place_in(segment.statements[error.index], error.position)


def place_in_code(raised: Exception, path: str) -> Place | None:
    """Return the last line of the file `path` that an exception came through, None when it did not."""
    name, found = PurePath(path).name, None
    trace = raised.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if PurePath(file).name == name:
            source = linecache.getline(file, trace.tb_lineno).rstrip()
            found = Place(path, trace.tb_lineno, len(source) - len(source.lstrip()) + 1, source)
        trace = trace.tb_next
    return found
