"""A plan is carried out: every migration in its transaction with its history row, resumable after any crash.

How a crash is visible, and nothing is done twice: the log row "started" is committed before work begins (with the
commit of the migration before it, where there is one); history, checkpoint and "completed" are committed with the
work itself. What cannot be in a transaction has its intent committed before it and its end after it.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from instar.dialects import Command, Dialect, Outcome, Probe, Session, Settings
from instar.errors import (
    AmbiguousError,
    DatabaseError,
    InstarError,
    InterruptedRunError,
    LockedError,
    MigrationFailedError,
    PlanError,
)
from instar.events import (
    Blocked,
    Event,
    MigrationFailed,
    MigrationFinished,
    MigrationStarted,
    Notice,
    Retrying,
    RunFinished,
    RunStarted,
    StatementFinished,
)
from instar.execute import checks
from instar.execute.retry import Tries
from instar.execute.work import Work, statement_at
from instar.history import History
from instar.metrics import Gauge
from instar.model import Action, Blocker, Checkpoint, Kind, Plan, Segment, Statement, Step
from instar.plan import combined
from instar.segments import left, segments
from instar.source.script import place_in, timeout

_Answer = TypeVar("_Answer")


class Options(Struct, frozen=True):
    """How a plan is carried out. `lock_deadline` (seconds) bounds all tries of one segment together.

    `context` is what every log row says of this run: actor, host, process, commit, versions. `group` puts all steps
    into one transaction.
    """

    settings: Settings = Settings()
    lock_deadline: float = 300.0
    group: bool = False
    context: Mapping[str, object] = field(default_factory=dict)


class Done(Struct, frozen=True):
    """A step that was carried out."""

    version: str
    name: str
    action: Action
    seconds: float
    statements: int


class Execution:
    """Carries one plan out, on one session that holds the migrator lock."""

    def __init__(
        self, session: Session, dialect: Dialect, history: History, options: Options, emit: Callable[[Event], None]
    ) -> None:
        self._session = session
        self._dialect = dialect
        self._history = history
        self._options = options
        self._watcher = emit
        self._unsaid: list[Event] = []
        self._context = dict(options.context)
        self._gauge = Gauge(session)
        self._applied: list[Done] = []
        self._waiting: list[int] = []
        self._flight: _Flight | None = None
        self._work: Work

    def run(self, plan: Plan) -> list[Done]:
        """Carry out `plan`, step by step; what is done before a failure stays done.

        Raises MigrationFailedError, CheckFailedError, AmbiguousError, LockedError or InterruptedRunError.
        """
        begun = time.perf_counter()
        self._context["plan"] = plan.identifier
        self._about = json.dumps(self._context)
        self._emit(RunStarted(plan, self._session.server.name))
        self._settle_unfinished()
        if plan.steps:
            self._session.watch(self._blocked)
            self._gauge.sample()
            self._group(plan) if self._options.group else self._one_by_one(plan)
        self._emit(RunFinished(len(plan.steps), time.perf_counter() - begun, self._gauge.summary()))
        return self._applied

    def _one_by_one(self, plan: Plan) -> None:
        total = len(plan.steps)
        for number, step in enumerate(plan.steps):
            following = plan.steps[number + 1] if number + 1 < total else None
            if self._flight is None:
                self._begin(step, number, total)
            self._guarded(partial(self._perform, step, following))
            if self._flight is None:
                self._ended(self._work)

    def _begin(self, step: Step, number: int, total: int) -> Work:
        attempt = self._waiting.pop(0) if self._waiting else _identifier(self._session.run([self._started(step)])[0])
        self._work = Work(step, attempt, self._gauge.number, number, total)
        resumed = step.checkpoint.done if step.checkpoint else 0
        self._say(MigrationStarted(step.migration, step.action, number + 1, total, resumed))
        return self._work

    def _ended(self, work: Work) -> None:
        step, seconds, count = work.step, work.seconds, len(work.statements)
        self._applied.append(Done(step.migration.version, step.migration.name, step.action, seconds, count))
        self._say(MigrationFinished(step.migration, step.action, work.number + 1, work.steps, seconds, count))

    def _say(self, event: Event) -> None:
        """Keep an event until the server is at work: telling it must not make the server wait."""
        self._unsaid.append(event)

    def _speak(self) -> None:
        events, self._unsaid = self._unsaid, []
        for event in events:
            self._watcher(event)

    def _emit(self, event: Event) -> None:
        self._speak()
        self._watcher(event)

    def _meanwhile(self) -> None:
        """Do what can be done while the server works on the statements of a step."""
        self._speak()
        self._identify()

    def _identify(self) -> None:
        """Take the fingerprint of all the step's statements: by it an edit is told from a new layout later."""
        if not self._work.fingerprint:
            parts = self._work.step.segments
            self._work.fingerprint = combined([found for part in parts for found in self._prints(part.statements)])

    def _settle_unfinished(self) -> None:
        """Close the log rows of runs that died: we hold the lock, so nobody works on them."""
        message = "interrupted: the process or its connection died"
        finish = [
            self._history.finish(row.id, "failed", json.dumps(dict(row.context)), message)
            for row in self._history.unfinished()
        ]
        if finish:
            self._commit(finish)

    def _blocked(self, blockers: tuple[Blocker, ...]) -> None:
        self._work.blockers = blockers
        self._emit(Blocked(blockers))

    def _tell(self, severity: str, message: str, detail: str) -> None:
        self._emit(Notice(severity, message, detail))

    def _started(self, step: Step) -> Command:
        return self._history.start(step.migration.version, step.action, self._about)

    # One step

    def _perform(self, step: Step, following: Step | None) -> None:
        finished = self._resume(step)
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
        if statement is None or _is_idempotent(statement):
            return checkpoint.done
        found = self._under_settings(checkpoint.running, lambda: self._session.probe(statement, checkpoint.probe))
        if found is Probe.UNKNOWN:
            raise AmbiguousError(
                f"{step.migration.label}: statement {checkpoint.running + 1} was interrupted, and the catalog does not "
                "show whether it took effect",
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
                _locate(error, segment)
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
        if _is_idempotent(statement):
            return True
        found = self._under_settings(segment.first, lambda: self._session.probe(statement, seen))
        return found is Probe.NOT_APPLIED

    def _pause(self, tries: Tries, error: DatabaseError) -> None:
        pause = tries.next_pause()
        if pause is None:
            error.message += f"; gave up after {tries.number} tries in {tries.elapsed():.1f} s{self._work.who()}"
            error.hint = "nothing was changed by the last try, and the migration stays pending: run the command again"
            raise error
        self._work.retries += 1
        self._work.lock_wait += pause
        self._emit(Retrying(self._work.step.migration, tries.number, pause, error.message))
        time.sleep(pause)

    # One segment

    def _transaction(self, segment: Segment, *, last: bool, following: Step | None) -> None:
        step, work = self._work.step, self._work
        self._ours(self._settings_before(segment.first, {Kind.SETTING_OUTSIDE}))
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

    def _guard(self, begin: str = "") -> list[Command]:
        return [Command(begin or self._dialect.begin), *self._session.opening()]

    def _statements(self, step: Step, segment: Segment) -> None:
        opening, guards = self._pending, self._guards
        if step.migration.code is not None:
            self._ours(opening, guards)
            self._call(step, segment.statements[0])
            return
        commands, owners = self._limited(segment.statements)
        flight, self._flight = self._flight, None
        try:
            if flight is None:
                outcomes = self._session.run([*opening, *commands], tell=self._tell, meanwhile=self._meanwhile)
            else:
                outcomes = flight.landed()
        except DatabaseError as error:
            _refuse_without_lock(error, guards)
            at = error.index - len(opening)
            error.index = owners[at] if at >= 0 else -1
            raise
        self._count(segment, outcomes[len(opening) :], owners)

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

    def _alone(self, segment: Segment) -> None:
        """Run a statement outside a transaction, between its committed intent and its committed end."""
        statement, work = segment.statements[0], self._work
        if statement.kind is Kind.SETTING_OUTSIDE:
            self._session.run([Command(statement.text, None, statement)], tell=self._tell)
            work.done += self._prints(segment.statements)
            return
        work.seen = self._under_settings(segment.first, lambda: self._session.describe(statement))
        intent = self._checkpoint(work.done, running=segment.first, probe=work.seen)
        self._commit([self._history.save(intent)])
        self._ours(self._replayed(segment))
        self._session.prepare(statement, self._tell)
        if work.step.migration.code is not None:
            self._call(work.step, statement)
        else:
            commands, owners = self._limited([statement])
            self._count(segment, [self._session.run([item], tell=self._tell)[0] for item in commands], owners)
        self._session.confirm(statement)
        self._ours(self._session.restoring())
        done = [*work.done, *self._prints(segment.statements)]
        self._commit([self._history.save(self._checkpoint(done))])
        work.done = done

    def _replayed(self, segment: Segment) -> list[Command]:
        """Settings that earlier segments of this migration made: every segment begins with our own."""
        kinds = {Kind.SETTING} if segment.transaction else {Kind.SETTING, Kind.SETTING_OUTSIDE}
        return self._settings_before(segment.first, kinds)

    def _settings_before(self, index: int, kinds: set[Kind]) -> list[Command]:
        before = [statement for part in self._work.step.segments for statement in part.statements][:index]
        return [Command(statement.text, None, statement) for statement in before if statement.kind in kinds]

    def _under_settings(self, index: int, ask: Callable[[], _Answer]) -> _Answer:
        """Ask the catalog about statement `index` as the script sees it: its search_path says what a name means."""
        settings = self._settings_before(index, {Kind.SETTING})
        if not settings:
            return ask()
        self._ours(settings)
        answer = ask()
        self._ours(self._session.restoring())
        return answer

    def _checkpoint(self, done: Sequence[str], running: int | None = None, probe: str | None = None) -> Checkpoint:
        step = self._work.step
        return Checkpoint(step.migration.version, step.action.value, len(done), tuple(done), running, probe)

    # Our own writes

    def _ours(self, commands: list[Command], guards: int = 0) -> list[Outcome]:
        """Run commands that are no statement of the script: an error in them has no place in it.

        The first `guards` of them open a transaction, and fail when the migrator lock is lost.
        """
        try:
            return self._session.run(commands, tell=self._tell, meanwhile=self._speak) if commands else []
        except DatabaseError as error:
            _refuse_without_lock(error, guards)
            error.index = -1
            raise

    def _commit(self, commands: list[Command]) -> None:
        guard = self._guard()
        self._ours([*guard, *commands, Command("COMMIT")], len(guard))

    def _record_alone(self, step: Step, following: Step | None) -> None:
        """Record a step whose last segment was not a transaction of its own."""
        guard = self._guard()
        self._ours(guard, len(guard))
        self._record(step, following)

    def _record(self, step: Step, following: Step | None) -> None:
        """Check, record and commit, in the transaction that is open."""
        commands = self._recorded(step, final=following is None)
        tidying = self._session.tidying()
        if following is None:
            self._ours([*commands, *self._session.durable(), Command("COMMIT")])
        elif self._session.streams and _flies(following) and not tidying:
            self._run_on([*commands, self._started(following), Command("COMMIT")], following)
        else:
            outcomes = self._ours([*commands, self._started(following), Command("COMMIT")])
            self._waiting.append(_identifier(outcomes[-2]))
        self._ours(tidying)

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
                self._waiting.append(_identifier(outcome))
            elif index == size - 1:
                self._ended(ours)
                self._begin(following, ours.number + 1, ours.steps)
                self._meanwhile()

        try:
            outcomes = self._session.run(
                [*commands, *opening, *ahead], tell=self._tell, meanwhile=self._speak, arrived=arrived
            )
        except DatabaseError as error:
            _refuse_without_lock(error, 0)
            if self._work is ours:
                self._waiting.clear()
                error.index = -1
                raise
            error.index -= size
            self._flight = _Flight(error=error)
        else:
            self._flight = _Flight(outcomes[size:])

    def _recorded(self, step: Step, *, final: bool) -> list[Command]:
        """Run the `after` checks; return the commands that record the step as done."""
        migration, history, work = step.migration, self._history, self._work
        self._identify()
        if step.action is Action.APPLY:
            checks.after(self._session, self._dialect, migration, self._tell)
        self._gauge.border(force=final)
        commands = self._session.restoring()
        if step.action is Action.ROLLBACK:
            commands.append(history.command("delete", migration.version))
        else:
            commands.append(history.record(migration, round(work.seconds * 1000), again=step.again))
            commands += [history.record(item, 0) for item in step.covers]
        if step.checkpoint or work.done:
            commands.append(history.clear(migration.version, step.action.value))
        return [*commands, history.finish(work.attempt, "completed", work.context(self._context, self._gauge))]

    # All steps in one transaction

    def _group(self, plan: Plan) -> None:
        for step in plan.steps:
            _refuse_in_group(step)
        starts = [self._started(step) for step in plan.steps]
        outcomes = self._session.run([Command(self._dialect.begin), *starts, Command("COMMIT")])
        attempts = [_identifier(outcome) for outcome in outcomes[1:-1]]
        self._retried_group(plan, attempts)

    def _retried_group(self, plan: Plan, attempts: list[int]) -> None:
        def work() -> None:
            self._applied.clear()
            self._waiting = list(attempts)
            guard = self._guard()
            self._ours(guard, len(guard))
            for number, step in enumerate(plan.steps):
                self._in_group(step, number, len(plan.steps))
            self._ours([*self._session.durable(), Command("COMMIT")])

        try:
            self._guarded(lambda: self._retried(work, None))
        except InstarError:
            self._applied.clear()
            self._fail_rest(attempts)
            raise

    def _in_group(self, step: Step, number: int, total: int) -> None:
        work = self._begin(step, number, total)
        self._pending, self._guards = [], 0
        if step.action is Action.APPLY:
            checks.inside(self._session, self._dialect, step.migration, self._tell)
        for segment in step.segments:
            try:
                self._statements(step, segment)
            except DatabaseError as error:
                _locate(error, segment)
                raise
        self._ours(self._recorded(step, final=number + 1 == total))
        self._ended(work)

    def _fail_rest(self, attempts: list[int]) -> None:
        context, message = json.dumps(self._context, default=str), "rolled back with the group that it was in"
        rows = [self._history.finish(attempt, "failed", context, message) for attempt in attempts]
        self._written(rows)

    # What goes wrong

    def _guarded(self, work: Callable[[], None]) -> None:
        """Do `work`; record what stops it in the log, and say it with the migration's name."""
        try:
            work()
        except KeyboardInterrupt:
            label = self._work.step.migration.label
            error: InstarError = InterruptedRunError(
                f"interrupted in {label}", hint="its open transaction was rolled back; the same command goes on from there"
            )
            self._fail(error)
            raise error from None
        except InstarError as error:
            self._fail(error)
            raise self._named(error) from error
        except Exception as error:
            if self._work.step.migration.code is None:
                raise
            failed = _of_python(self._work.step, error)
            self._fail(failed)
            raise self._named(failed) from error

    def _named(self, error: InstarError) -> InstarError:
        if not isinstance(error, DatabaseError):
            return error
        migration = self._work.step.migration
        detail = f"\n{error.detail}" if error.detail else ""
        return MigrationFailedError(
            f"{migration.label} failed: {error.message}{detail}",
            version=migration.version,
            applied=tuple(done.version for done in self._applied),
            hint=error.hint or self._advice(error),
            place=error.place,
        )

    def _advice(self, error: DatabaseError) -> str:
        if error.connection_lost:
            return "the connection is gone; the same command finds out how far it came and goes on from there"
        if "pending trigger events" in error.message:
            return "rows changed in this transaction still wait for their checks: put SET CONSTRAINTS ALL IMMEDIATE before"
        done = len(self._work.done)
        return f"{done} statements before it are committed; the same command goes on after them" if done else ""

    def _fail(self, error: InstarError) -> None:
        """Record a failure in the log; where the connection is gone, the next run does."""
        work = self._work
        self._emit(MigrationFailed(work.step.migration, work.step.action, error.message, work.seconds))
        if not (isinstance(error, DatabaseError) and error.connection_lost):
            context = work.context(self._context, self._gauge, error)
            self._written([self._history.finish(work.attempt, "failed", context, error.message)])

    def _written(self, rows: list[Command]) -> None:
        try:
            self._session.run([Command(self._dialect.begin), *rows, *self._session.durable(), Command("COMMIT")])
        except DatabaseError as second:
            if not second.connection_lost:
                raise

    def _roll_back(self) -> None:
        """Leave no transaction open; a connection that is gone has been rolled back by the server."""
        try:
            if self._session.in_transaction():
                self._session.run([Command("ROLLBACK")])
            self._session.run(self._session.restoring())
            self._session.run(self._session.tidying())
        except DatabaseError as error:
            if not error.connection_lost:
                raise

    def _prints(self, statements: Sequence[Statement]) -> list[str]:
        return [self._dialect.fingerprint(statement.text) for statement in statements]


class _Flight(Struct):
    """What came of a step's statements that were sent behind the commit of the step before."""

    outcomes: list[Outcome] = []
    error: DatabaseError | None = None

    def landed(self) -> list[Outcome]:
        """Return the outcomes, or raise what went wrong."""
        if self.error is not None:
            raise self.error
        return self.outcomes


def _flies(step: Step) -> bool:
    """Whether a step is nothing but one plain transaction: it can be sent before the one before it is confirmed."""
    if len(step.segments) != 1 or step.checkpoint or step.migration.code or step.migration.before:
        return False
    segment = step.segments[0]
    simple = segment.transaction and segment.begin is None
    return simple and not any(item.data is not None or item.directives for item in segment.statements)


def _is_idempotent(statement: Statement) -> bool:
    return any(item.name == "idempotent" for item in statement.directives)


def _identifier(outcome: Outcome) -> int:
    assert outcome.rows
    return int(str(outcome.rows[0][0]))


def _locate(error: DatabaseError, segment: Segment | None) -> None:
    if segment is not None and 0 <= error.index < len(segment.statements) and error.place is None:
        error.place = place_in(segment.statements[error.index], error.position)


def _refuse_without_lock(error: DatabaseError, guards: int) -> None:
    """Raise LockedError where the check of the lock failed: it stands between the BEGIN and the rest."""
    if 0 < error.index < guards and not error.connection_lost and not error.lock_timeout:
        raise LockedError(
            "the migrator lock was lost: another migrator may be at work", hint="run the same command again"
        ) from error


def _refuse_in_group(step: Step) -> None:
    if step.checkpoint is None and all(part.transaction for part in step.segments) and len(step.segments) <= 1:
        return
    raise PlanError(
        f"{step.migration.label} cannot be in one transaction with others: it has transactions of its own",
        hint="run it without --group, or up to it first: `instar up --to VERSION`",
    )


def _of_python(step: Step, error: Exception) -> DatabaseError:
    """Make our error of what a Python migration raised; a driver's own error may mean that the connection is gone."""
    text = str(error).strip() or "no message"
    return DatabaseError(f"{type(error).__name__}: {text}", index=-1)
