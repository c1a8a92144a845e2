"""One segment: its statements in a transaction, or one by itself between intent and end; and the record of a step."""

import time
from collections.abc import Sequence

from instar.dialects import Command, Outcome
from instar.errors import (
    AmbiguousError,
    DatabaseError,
)
from instar.events import (
    StatementFinished,
)
from instar.execute import checks
from instar.execute.base import Flight, identifier, lock_lost, refuse_without_lock
from instar.execute.keep import Keeps, has_rows
from instar.model import Action, Kind, Segment, Statement, Step
from instar.source.script import timeout

# Where the server says that one of these failed, nothing of it has happened: no need to ask later.
_ALL_OR_NOTHING = frozenset({"ALTER", "CLUSTER", "CREATE", "REINDEX", "VACUUM"})


class Segments(Keeps):
    """Runs segments, and records the step with the last of them."""

    def _transaction(self, segment: Segment, *, last: bool, following: Step | None) -> None:
        step, work = self._work.step, self._work
        self._ours(self._settings_before(segment.first, {Kind.SETTING_OUTSIDE}))
        if not self._dialect.transactional_ddl:
            self._under_settings(segment.first, lambda: self._shelves(segment))
        self._open(segment.begin.text if segment.begin else self._dialect.begin, segment)
        self._statements(step, segment)
        if last:
            self._record(step, following)
            return
        done = [*work.done, *self._prints(segment.statements)]
        self._ours([*self._session.restoring(), self._history.save(self._checkpoint(done)), Command("COMMIT")])
        work.done = done

    def _open(self, begin: str, segment: Segment | None) -> None:
        """Begin a transaction, make sure that the lock is ours, and repeat the settings of earlier segments."""
        guard = self._guard(begin)
        replayed = self._replayed(segment) if segment else []
        self._pending = [*guard, *replayed]
        self._guards = len(guard)

    def _statements(self, step: Step, segment: Segment) -> None:
        opening, guards = self._pending, self._guards
        if step.migration.code is not None:
            self._ours(opening, guards)
            self._call_inside(step, segment)
            return
        if has_rows(segment):
            self._ours(opening, guards)
            self._meanwhile()
            self._keeping_rows(step, segment, self._statement)
            return
        commands, owners = self._limited(segment.statements)
        flight, self._flight = self._flight, None
        try:
            if flight is None:
                outcomes = self._session.run([*opening, *commands], tell=self._tell, meanwhile=self._meanwhile)
            else:
                outcomes = flight.landed()
        except DatabaseError as error:
            refuse_without_lock(error, guards)
            at = error.index - len(opening)
            error.index = owners[at] if at >= 0 else -1
            raise
        self._count(segment, outcomes[len(opening) :], owners)

    def _statement(self, segment: Segment, place: int) -> None:
        """Run one statement of a segment in the transaction that is open."""
        commands, owners = self._limited([segment.statements[place]])
        outcomes = self._session.run(commands, tell=self._tell)
        self._count(segment, outcomes, [place if owner == 0 else owner for owner in owners])

    def _limited(self, statements: Sequence[Statement]) -> tuple[list[Command], list[int]]:
        """Return the commands of a segment, and of each the index of its statement, -1 for a time-out of ours."""
        commands: list[Command] = []
        owners: list[int] = []
        for index, statement in enumerate(statements):
            asked = [item for item in statement.directives if item.name == "timeout"]
            around = self._session.limiting(timeout(asked[-1])) if asked else []
            back = self._session.limiting(None) if asked else []
            commands += [*around, Command(statement.text, None, statement), *back]
            owners += [*([-1] * len(around)), index, *([-1] * len(back))]
        return commands, owners

    def _count(self, segment: Segment, outcomes: Sequence[Outcome], owners: Sequence[int]) -> None:
        migration, total = self._work.step.migration, self._work.total
        for owner, outcome in zip(owners, outcomes, strict=True):
            if owner < 0:
                continue
            index, statement = segment.first + owner, segment.statements[owner]
            self._work.note(index, statement, outcome.seconds, outcome.count)
            self._say(StatementFinished(migration, statement, index, total, outcome.seconds, outcome.count))

    def _call(self, step: Step, statement: Statement) -> None:
        """Run a Python migration's function on the driver's connection, which it must not commit."""
        code = step.migration.code
        assert code is not None
        function = code.up if step.action is Action.APPLY else code.down
        assert function is not None
        begun = time.perf_counter()
        function(checks.Guarded(self._session.driver))
        seconds = time.perf_counter() - begun
        self._work.note(0, statement, seconds, -1)
        self._say(StatementFinished(step.migration, statement, 0, 1, seconds, -1))

    def _call_inside(self, step: Step, segment: Segment) -> None:
        """Call a Python migration, and notice when it ended our transaction: the driver's connection can do that."""
        try:
            self._call(step, segment.statements[0])
        finally:
            if not self._session.in_transaction():
                self._commit([self._history.save(self._intent(segment))])
                raise AmbiguousError(
                    f"{step.migration.label} ended the transaction that instar began for it",
                    hint="leave COMMIT and ROLLBACK out of it; look at the database, then `instar repair` records "
                    "whether it is done",
                )

    def _alone(self, segment: Segment) -> None:
        """Run a statement outside a transaction, between its committed intent and its committed end."""
        statement, work = segment.statements[0], self._work
        if statement.kind is Kind.SETTING_OUTSIDE:
            self._session.run([Command(statement.text, None, statement)], tell=self._tell)
            work.done += self._prints(segment.statements)
            return
        settle = self._kept_alone(segment)
        work.seen = self._under_settings(segment.first, lambda: self._session.describe(statement))
        self._commit([self._history.save(self._intent(segment))])
        if not self._session.hold():
            raise lock_lost()
        self._ours(self._replayed(segment))
        self._session.prepare(statement, self._tell)
        try:
            self._run_alone(segment, statement)
        except DatabaseError as error:
            if not error.connection_lost and statement.text.split(maxsplit=1)[0].upper() in _ALL_OR_NOTHING:
                self._roll_back()
                self._commit([self._history.save(self._checkpoint(work.done))])
            raise
        self._ours(self._session.restoring())
        done = [*work.done, *self._prints(segment.statements)]
        self._commit([self._history.save(self._checkpoint(done))], first=settle)
        work.done = done

    def _run_alone(self, segment: Segment, statement: Statement) -> None:
        if self._work.step.migration.code is not None:
            self._call(self._work.step, statement)
        else:
            commands, owners = self._limited([statement])
            self._count(segment, [self._session.run([item], tell=self._tell)[0] for item in commands], owners)
        self._session.confirm(statement)

    def _record_alone(self, step: Step, following: Step | None) -> None:
        """Record a step whose last segment was not a transaction of its own."""
        guard = self._guard()
        self._ours(guard, len(guard))
        self._record(step, following)

    def _record(self, step: Step, following: Step | None) -> None:
        """Check, record and commit, in the transaction that is open."""
        commands = self._recorded(step, final=following is None)
        self._tidying = self._session.tidying()
        if following is None:
            self._ours([*commands, *self._session.durable(), Command("COMMIT")])
        elif self._session.streams and _flies(following) and not self._tidying:
            self._run_on([*commands, self._started(following), Command("COMMIT")], following)
        else:
            outcomes = self._ours([*commands, self._started(following), Command("COMMIT")])
            self._waiting.append(identifier(outcomes[-2]))

    def _run_on(self, commands: list[Command], following: Step) -> None:
        """Commit this step, and send the whole of the next one behind it, but for its COMMIT.

        The server need not wait for us in between. When the commit fails it skips the rest; when the next step fails
        this one is committed all the same.
        """
        ours, size = self._work, len(commands)
        opening = self._guard()
        ahead = [Command(item.text, None, item) for item in following.segments[0].statements]

        def arrived(index: int, outcome: Outcome) -> None:
            if index == size - 2:
                self._waiting.append(identifier(outcome))
            elif index == size - 1:
                self._ended(ours)
                self._begin(following, ours.number + 1, ours.steps)
                self._meanwhile()

        try:
            outcomes = self._session.run(
                [*commands, *opening, *ahead], tell=self._tell, meanwhile=self._speak, arrived=arrived
            )
        except DatabaseError as error:
            refuse_without_lock(error, 0)
            if self._work is ours:
                self._waiting.clear()
                error.index = -1
                raise
            error.index -= size
            self._flight = Flight(error=error)
        else:
            self._flight = Flight(outcomes[size:])

    def _recorded(self, step: Step, *, final: bool) -> list[Command]:
        """Run the `after` checks; return the commands that record the step as done."""
        migration, history, work = step.migration, self._history, self._work
        self._identify()
        if step.action is Action.APPLY:
            checks.after(self._session, self._dialect, migration, self._tell)
        if self._gauge.due(force=final):
            self._ours(self._session.restoring())  # the script's role may not see what is measured
            self._gauge.sample()
        commands = self._session.restoring()
        if step.action is Action.ROLLBACK:
            commands.append(history.command("delete", migration.version))
        else:
            commands.append(history.record(migration, round(work.seconds * 1000), again=step.again))
            commands += [history.record(item, 0) for item in step.covers]
        commands += self._passing(step)
        if step.checkpoint or work.done:
            commands.append(history.clear(migration.version, step.action.value))
        return [*commands, history.finish(work.attempt, "completed", work.context(self._context, self._gauge))]


def _flies(step: Step) -> bool:
    """Whether a step is nothing but one plain transaction: it can be sent before the one before it is confirmed."""
    if len(step.segments) != 1 or step.checkpoint or step.migration.code or step.migration.before:
        return False
    segment = step.segments[0]
    simple = segment.transaction and segment.begin is None
    return simple and not any(item.data is not None or item.directives for item in segment.statements)
