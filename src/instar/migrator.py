"""The library: a folder of migrations and a database, joined. The command line and tests call this and nothing else."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from msgspec import Struct, field

from instar import cuts, dialects, plan, source
from instar.config import Config, Environment
from instar.dialects import Command, Names, Session, Settings
from instar.errors import ConnectError, DatabaseError, InterruptedRunError, LockedError, PlanError, UsageError
from instar.events import Event, LockWaiting, RunFinished
from instar.history import History, open_history
from instar.model import (
    Action,
    Attempt,
    Condition,
    Migration,
    MigrationKind,
    Plan,
    Segment,
)
from instar.plan import Facts, OutOfOrder
from instar.source.script import print_of

if TYPE_CHECKING:
    from instar.execute import Done
    from instar.repairs import Repair

_POLL = 0.2


class Report(Struct, frozen=True):
    """What a call did: its steps in order, the seconds it took, the server's metrics before, after and delta."""

    steps: tuple["Done", ...] = ()
    seconds: float = 0.0
    metrics: Mapping[str, object] = field(default_factory=dict)


class Migrator:
    """Migrates one database with the migrations of one or more folders.

    `database` is a URL, or an open connection: psycopg 3, PyMySQL, sqlite3, a SQLAlchemy engine or connection on one
    of these. A connection of yours is left open, and as it was. `watch` is called with every event of a run
    (instar.events). `settings` are those of an environment (docs/configuration.md), for example `lock_timeout`.

        with Migrator("postgresql:///shop", directory="migrations") as migrator:
            migrator.up()

    Not for several threads at once. Every method raises InstarError, with a message and a hint.
    """

    def __init__(
        self,
        database: object = None,
        *,
        directory: str | Path | Sequence[str | Path] = "migrations",
        environment: str | Environment = "",
        watch: Callable[[Event], None] | None = None,
        **settings: Any,
    ) -> None:
        if not isinstance(environment, Environment):
            changes = settings | {"directories": directory} | ({"url": database} if isinstance(database, str) else {})
            environment = Config(root=Path.cwd()).environment(environment or None).replace(**changes)
        self.environment = environment
        self._connection = None if isinstance(database, str) else database
        self._watch = watch or (lambda _: None)
        self._session: Session | None = None
        self._history: History | None = None
        self._migrations: list[Migration] | None = None
        self._verb = "look"

    @classmethod
    def from_config(
        cls,
        config: Config,
        environment: str | None = None,
        *,
        database: str | None = None,
        watch: Callable[[Event], None] | None = None,
    ) -> Self:
        """Make a migrator for an environment of a configuration file; `database` replaces its URL."""
        return cls(environment=config.environment(environment, database=database), watch=watch)

    def __enter__(self) -> Self:
        """Nothing happens yet: the connection is opened when it is needed."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection."""
        self.close()

    def close(self) -> None:
        """Close the connection, and stop the server if it is an embedded one. Safe to call twice."""
        if self._session is not None:
            session, self._session, self._history = self._session, None, None
            session.close()
        if isinstance(self._connection, _Wrapped) and self._connection.borrowed is not None:
            self._connection.borrowed.close()

    # What is there

    def migrations(self) -> list[Migration]:
        """Read the migrations from the folder. No database is needed."""
        if self._migrations is None:
            here = self.environment
            options = source.Options(
                root=here.root, format=here.format, placeholders=here.placeholders, environment=here.name
            )
            self._migrations = source.load(here.directories, options)
        return self._migrations

    def status(self) -> list[Condition]:
        """Say of every migration what state it is in."""
        from instar import conditions

        history = self._open()
        facts = self._facts(history)
        return conditions.conditions(facts, history.actors() if facts.entries else {})

    def validate(self) -> list[Condition]:
        """Return the applied migrations whose files were edited, reformatted or are missing."""
        from instar.conditions import WRONG

        return [item for item in self.status() if item.state in WRONG]

    def history(
        self,
        *,
        version: str | None = None,
        status: str | None = None,
        action: str | None = None,
        limit: int | None = None,
    ) -> list[Attempt]:
        """Return attempts from the execution log, oldest first; with `limit` the latest so many."""
        history = self._open()
        wanted = {"version": version, "status": status, "action": action}
        asked = {name: value for name, value in wanted.items() if value is not None}
        rows = history.attempts() if history.ready() else []
        found = [row for row in rows if all(getattr(row, name) == value for name, value in asked.items())]
        return found if limit is None else found[-limit:] if limit else []

    def plan(
        self, *, to: str | None = None, count: int | None = None, down: bool = False, out_of_order: bool | None = None
    ) -> Plan:
        """Say what `up` (or `down`) would do. Nothing is changed."""
        facts = self._facts(self._open())
        if down:
            return plan.down(facts, to=to or "", count=count)
        return plan.up(facts, to=to or "", count=count, out_of_order=self._policy(out_of_order))

    def sql(self, wanted: Plan) -> str:
        """Return the SQL that carrying out `wanted` would run."""
        from instar.execute import dry

        return dry.script(wanted, self._dialect(), self._open())

    def dump_plan(self, wanted: Plan) -> str:
        """Return a plan as JSON, to be looked at and carried out later."""
        from instar import planfile

        return planfile.dump(wanted)

    def load_plan(self, text: str) -> Plan:
        """Read a plan that `dump_plan` wrote."""
        from instar import planfile

        return planfile.load(text, self.migrations())

    # What changes the database

    def up(
        self,
        *,
        to: str | None = None,
        single: bool = False,
        plan: Plan | None = None,
        group: bool | None = None,
        out_of_order: bool | None = None,
        wait_lock: float | None = None,
    ) -> Report:
        """Apply what is pending: all, one (`single`), or as far as `to` (a version, a name, `+N`).

        With `plan` (of `load_plan`), only exactly that: PlanError when history or files have moved since.
        """
        policy = self._policy(out_of_order)

        def make(facts: Facts) -> Plan:
            if plan is not None:
                return _agreed(plan, facts, policy)
            return _plan_up(facts, to=to or "", count=1 if single else None, out_of_order=policy)

        return self._run("up", make, group=group, wait_lock=wait_lock)

    def down(self, *, to: str | None = None, count: int | None = None, wait_lock: float | None = None) -> Report:
        """Roll back the last migration, the last `count`, or all that are newer than `to` ("0": all)."""
        return self._run("down", lambda facts: plan.down(facts, to=to or "", count=count), wait_lock=wait_lock)

    def redo(self, *, to: str | None = None, count: int | None = None) -> Report:
        """Roll back and apply again: the last migration, the last `count`, or all newer than `to`."""
        back = self.down(to=to, count=count)
        versions = {step.version for step in back.steps}
        again = self._run("redo", lambda facts: plan.up(facts, out_of_order=OutOfOrder.APPLY, only=versions))
        return Report((*back.steps, *again.steps), back.seconds + again.seconds, again.metrics)

    def baseline(self, version: str) -> Report:
        """Record that the database already is as `version` leaves it: it and all older ones count as applied."""
        from instar.execute import Done

        begun = time.perf_counter()
        with self._locked("baseline") as history:
            known = {entry.version for entry in history.entries()}
            chosen = [item for item in self._covered(version) if item.version not in known]
            about = json.dumps(self._context())
            for item in chosen:
                self._mark(history, item, about)
        done = tuple(Done(item.version, item.name, Action.BASELINE, 0.0, 0) for item in chosen)
        return Report(done, time.perf_counter() - begun)

    def repairs(self) -> "list[Repair]":
        """Return what `repair` would change: interrupted, ambiguous, edited and missing migrations."""
        from instar import conditions, repairs

        history = self._open()
        if not history.ready():
            return []
        facts = self._facts(history)
        states = {item.version: item.state for item in conditions.conditions(facts, {})}
        return repairs.find(facts, history.unfinished(), history.session, states)

    def repair(self, chosen: "Sequence[Repair]") -> None:
        """Change what `repairs` found, as decided."""
        from instar import repairs

        with self._locked("repair") as history:
            about = json.dumps(self._context())
            facts = self._facts(history)
            repairs.carry_out(chosen, facts, history, self._dialect(), history.unfinished(), about)

    def seed(self, *, only: Sequence[str] = ()) -> list[str]:
        """Run the files of the seeds folder, and return their names."""
        from instar import seeds

        paths = seeds.files(self.environment.seeds, only)
        with self._locked("seed") as history:
            for path in paths:
                shown = path.relative_to(self.environment.root) if path.is_relative_to(self.environment.root) else path
                seeds.run(history.session, self._dialect(), path, str(shown), self._watch)
        return [path.name for path in paths]

    def wait(self, timeout: float) -> float:
        """Wait until the database answers, at most `timeout` seconds; return how long it took."""
        begun = time.monotonic()
        while True:
            try:
                self._connected().query("SELECT 1")
            except ConnectError as error:
                passed = time.monotonic() - begun
                if passed >= timeout:
                    message = f"the database did not answer within {timeout:g} s: {error.message}"
                    raise ConnectError(message, hint=error.hint) from None
                time.sleep(min(_POLL, timeout - passed))
            else:
                return time.monotonic() - begun

    # How

    def _policy(self, out_of_order: bool | None) -> OutOfOrder:  # noqa: FBT001
        if out_of_order is not None:
            return OutOfOrder.APPLY if out_of_order else OutOfOrder.REFUSE
        return OutOfOrder(self.environment.out_of_order)

    def _run(
        self,
        verb: str,
        make: Callable[[Facts], Plan],
        *,
        group: bool | None = None,
        wait_lock: float | None = None,
    ) -> Report:
        from instar import execute

        begun = time.perf_counter()
        metrics: dict[str, object] = {}

        def watch(event: Event) -> None:
            if isinstance(event, RunFinished):
                metrics.update(event.metrics or {})
            self._watch(event)

        with self._locked(verb, wait_lock) as history:
            wanted = make(self._facts(history))
            options = execute.Options(
                settings=self._settings(),
                lock_deadline=self.environment.lock_deadline or float("inf"),
                group=self.environment.group if group is None else group,
                context=self._context(),
            )
            runner = execute.Execution(history.session, self._dialect(), history, options, watch)
            done = runner.run(wanted)
        return Report(tuple(done), time.perf_counter() - begun, metrics)

    @contextmanager
    def _locked(self, verb: str, wait_lock: float | None = None) -> Iterator[History]:
        """Hold the migrator lock, with the tracking tables made ready."""
        self.migrations()
        self._verb = verb
        history = self._open()
        session = history.session
        self._lock(session, history.names, self.environment.wait_lock if wait_lock is None else wait_lock)
        try:
            history.ensure()
            yield history
        except KeyboardInterrupt:
            raise InterruptedRunError("interrupted", hint="the same command goes on from there") from None
        finally:
            session.watch(None)
            _let_go(session)

    def _lock(self, session: Session, names: Names, patience: float) -> None:
        key = f"{session.server.database}/{names.schema}/{names.history}"
        holder = self._settings().application
        deadline, told = time.monotonic() + patience, ""
        while True:
            other = session.lock(key, holder)
            if other is None:
                return
            if time.monotonic() >= deadline:
                raise LockedError(
                    f"another migrator is at work: {other}",
                    hint="wait for it to end, for example with --wait-lock 10m; a dead one's lock is free at once",
                )
            if other != told:
                self._watch(LockWaiting(other))
                told = other
            time.sleep(_POLL)

    def _settings(self) -> Settings:
        here, about = self.environment, self._context()
        who = f"instar {self._verb} by {about.get('actor')}@{about.get('host')} process {about.get('process')}"
        return Settings(here.lock_timeout, here.statement_timeout, who, here.session_pooler)

    def _dialect(self) -> dialects.Dialect:
        return dialects.for_url(self.environment.database()) if self._connection is None else self._wrapped().dialect

    def _connected(self) -> Session:
        if self._session is None:
            if self._connection is not None:
                self._session = self._wrapped().session
                self._session.configure(self._settings())
            else:
                self._session = self._dialect().connect(self.environment.database(), self._settings())
        return self._session

    def _open(self) -> History:
        if self._history is None:
            here = self.environment
            names = Names(here.table, here.log_table, here.schema, here.internal_schema)
            self._history = open_history(self._connected(), self._dialect(), names)
        return self._history

    def _context(self) -> dict[str, object]:
        server = self._session.server.name if self._session else ""
        names = {"history": self._history.name} if self._history else {}
        return _context(self.environment.root, server) | names

    def _facts(self, history: History) -> Facts:
        ready = history.ready()
        entries = history.entries() if ready else []
        known = ready and history.layout() is not None
        dialect = self._dialect()

        @cache
        def cut(item: Migration, action: Action) -> tuple[Segment, ...]:
            return cuts.cut(item, action, dialect)

        def prints(parts: Sequence[Segment]) -> tuple[str, ...]:
            return tuple(print_of(statement, dialect) for part in parts for statement in part.statements)

        def reformatted(item: Migration) -> bool:
            return plan.combined(prints(cut(item, Action.APPLY))) == self._applied_prints(history).get(item.version)

        return Facts(
            migrations=self.migrations(),
            entries=entries,
            cut=cut,
            touched=lambda item: cuts.touched(item, cut(item, Action.APPLY), dialect),
            prints=prints,
            reformatted=reformatted,
            checkpoints=history.checkpoints() if known else {},
        )

    def _applied_prints(self, history: History) -> dict[str, str]:
        """Return the fingerprints of what was applied, as the log has them."""
        rows = (row for row in history.attempts() if row.action == Action.APPLY.value and row.status == "completed")
        return {row.version: str(row.context.get("fingerprint", "")) for row in rows}

    def _covered(self, version: str) -> list[Migration]:
        files = [item for item in self.migrations() if item.kind is MigrationKind.VERSIONED]
        last = next((item for item in files if version in {item.version, item.name}), None)
        order = last.order if last else plan.order_of(version)
        if not order:
            raise UsageError(f"{version!r} is no version", hint="name the version that the database is at")
        found = [item for item in files if item.order <= order]
        return found if last else [*found, Migration(version, plan.BASELINE, "", order)]

    def _mark(self, history: History, item: Migration, about: str) -> None:
        session, dialect = history.session, self._dialect()
        outcomes = session.run(
            [
                Command(dialect.begin),
                *session.opening(),
                history.record(item, 0),
                *(history.clear(item.version, action.value) for action in (Action.APPLY, Action.ROLLBACK)),
                history.start(item.version, Action.BASELINE, about),
            ]
        )
        rows = outcomes[-1].rows
        assert rows
        session.run([history.finish(int(str(rows[0][0])), "completed", about), *session.durable(), Command("COMMIT")])

    def _wrapped(self) -> "_Wrapped":
        if not isinstance(self._connection, _Wrapped):
            self._connection = _wrap(self._connection)
        return self._connection


class _Wrapped(Struct, frozen=True):
    """A connection of the caller's, as a session."""

    session: Session
    dialect: dialects.Dialect
    borrowed: Any = None
    """A connection from a SQLAlchemy engine's pool: held as long as we use it, then given back."""


def _wrap(connection: Any) -> _Wrapped:
    borrowed: Any = None
    if type(connection).__module__.startswith("sqlalchemy."):
        if hasattr(connection, "raw_connection"):
            borrowed = connection = connection.raw_connection()
        else:
            connection = connection.connection
        connection = connection.driver_connection
    session = dialects.for_connection(connection)
    return _Wrapped(session, dialects.load(session.dialect), borrowed)


@cache
def _context(root: Path, server: str) -> dict[str, object]:
    from instar.context import context

    return context(root, server)


def _let_go(session: Session) -> None:
    """Give the lock back; that of a lost connection is free already."""
    try:
        if session.in_transaction():
            session.run([Command("ROLLBACK")])
        session.unlock()
    except DatabaseError as error:
        if not error.connection_lost:
            raise


def _plan_up(facts: Facts, *, to: str, count: int | None, out_of_order: OutOfOrder) -> Plan:
    return plan.up(facts, to=to, count=count, out_of_order=out_of_order)


def _agreed(old: Plan, facts: Facts, policy: OutOfOrder) -> Plan:
    """Make the plan anew, and refuse where it is not the one that was looked at."""
    from instar import planfile

    if plan.mark(facts.entries) != old.history:
        raise PlanError("the history has moved since the plan was made", hint="make a new plan and look at it again")
    wanted = {step.migration.version for step in old.steps}
    if any(step.action is Action.ROLLBACK for step in old.steps):
        new = plan.down(facts, count=len(old.steps))
    else:
        new = plan.up(facts, out_of_order=policy)
        kept = tuple(step for step in new.steps if step.migration.version in wanted)
        new = Plan(kept, new.history, old.identifier, new.notes)
    if not planfile.same(old, new):
        raise PlanError("the plan no longer fits to files and history", hint="make a new plan and look at it again")
    return new
