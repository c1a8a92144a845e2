"""A run: the steps of a plan in turn, or all in one transaction; and what is said and recorded when one fails."""

import json
import time
from collections.abc import Callable
from functools import partial

from instar import backups
from instar.dialects import Command
from instar.errors import (
    DatabaseError,
    InstarError,
    InterruptedRunError,
    MigrationFailedError,
    PlanError,
)
from instar.events import (
    MigrationFailed,
    RunFinished,
    RunStarted,
)
from instar.execute import checks
from instar.execute.base import Done, identifier
from instar.execute.step import Steps, locate, place_in_code
from instar.execute.work import storable
from instar.model import Action, Plan, Step


class Execution(Steps):
    """Carries one plan out, on one session that holds the migrator lock."""

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
            self._with_backups = frozenset(item.version for item in backups.listed(self._history))
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
                self._tidy()
                self._ended(self._work)

    def _settle_unfinished(self) -> None:
        """Close the log rows of runs that died: we hold the lock, so nobody works on them."""
        message = "interrupted: the process or its connection died"
        finish = [
            self._history.finish(row.id, "failed", json.dumps(dict(row.context)), message)
            for row in self._history.unfinished()
        ]
        if finish:
            self._commit(finish)

    def _group(self, plan: Plan) -> None:
        for step in plan.steps:
            _refuse_in_group(step)
        for step in plan.steps:
            self._look_ahead(step)
            if not self._dialect.transactional_ddl:
                for segment in step.segments:
                    self._shelves(segment, step)
        starts = [self._started(step) for step in plan.steps]
        outcomes = self._session.run([Command(self._dialect.begin), *starts, Command("COMMIT")])
        attempts = [identifier(outcome) for outcome in outcomes[1:-1]]
        self._retried_group(plan, attempts)

    def _retried_group(self, plan: Plan, attempts: list[int]) -> None:
        def work() -> None:
            self._applied.clear()
            self._waiting = list(attempts)
            guard = self._guard()
            self._ours(guard, len(guard))
            for number, step in enumerate(plan.steps):
                self._in_group(step, number, len(plan.steps))
            self._tidying = self._session.tidying()
            self._ours([*self._session.durable(), Command("COMMIT")])

        try:
            self._guarded(lambda: self._retried(work, None))
            self._tidy()
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
                locate(error, segment)
                raise
        self._ours(self._recorded(step, final=number + 1 == total))
        self._ended(work)

    def _fail_rest(self, attempts: list[int]) -> None:
        context, message = json.dumps(self._context, default=str), "rolled back with the group that it was in"
        rows = [self._history.finish(attempt, "failed", context, message) for attempt in attempts]
        self._written(rows)

    def _guarded(self, work: Callable[[], None]) -> None:
        """Do `work`; record what stops it in the log, and say it with the migration's name."""
        try:
            work()
        except KeyboardInterrupt:
            label = self._work.step.migration.label
            error: InstarError = InterruptedRunError(
                f"interrupted in {label}", hint="what was open was rolled back; the same command goes on from there"
            )
            self._fail(error)
            raise error from None
        except InstarError as error:
            self._point_into_code(error, error)
            self._fail(error)
            raise self._named(error) from error
        except Exception as error:
            failed = _of_python(error)
            self._point_into_code(failed, error)
            self._fail(failed)
            raise self._named(failed) from error

    def _point_into_code(self, error: InstarError, raised: Exception) -> None:
        """Give an error of a Python migration the line of its file that raised it."""
        if self._work.step.migration.code is not None:
            error.place = place_in_code(raised, self._work.step.migration.path)

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
            return "rows changed here still wait for their checks: put SET CONSTRAINTS ALL IMMEDIATE before it"
        done = len(self._work.done)
        if not done:
            return ""
        before = f"{done} statements before it are" if done > 1 else "the statement before it is"
        return f"{before} committed; the same command goes on from there"

    def _fail(self, error: InstarError) -> None:
        """Record a failure in the log; where the connection is gone, the next run does."""
        work = self._work
        self._emit(MigrationFailed(work.step.migration, work.step.action, error.message, work.seconds))
        if not (isinstance(error, DatabaseError) and error.connection_lost):
            context = work.context(self._context, self._gauge, error)
            self._written([self._history.finish(work.attempt, "failed", context, storable(error.message))])

    def _written(self, rows: list[Command]) -> None:
        try:
            self._session.run([Command(self._dialect.begin), *rows, *self._session.durable(), Command("COMMIT")])
        except DatabaseError as second:
            self._roll_back()
            self._tell("WARNING", "the failure could not be written to the log; the next run does", second.message)


def _refuse_in_group(step: Step) -> None:
    if step.checkpoint is None and all(part.transaction for part in step.segments) and len(step.segments) <= 1:
        return
    raise PlanError(
        f"{step.migration.label} cannot be in one transaction with others: it has transactions of its own",
        hint="run it without --group, or up to it first: `instar up --to VERSION`",
    )


def _of_python(error: Exception) -> DatabaseError:
    """Make our error of what a Python migration, or whoever watches, raised."""
    text = str(error).strip() or "no message"
    return DatabaseError(f"{type(error).__name__}: {text}", index=-1)
