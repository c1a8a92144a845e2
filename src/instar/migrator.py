"""The library: a folder of migrations and a database, joined. The command line and tests call this and nothing else."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from msgspec import Struct, field
from msgspec.structs import replace

from instar import cuts, dialects, plan, source
from instar.borrowed import Wrapped, wrap
from instar.catalog import Schema
from instar.config import Config, Environment, Policy
from instar.dialects import Command, Names, Session, Settings
from instar.errors import ConnectError, DatabaseError, InterruptedRunError, LockedError, UsageError
from instar.events import Event, LockWaiting, PolicyOverridden, RunFinished
from instar.history import History, open_history
from instar.model import Action, Attempt, Condition, Migration, MigrationKind, Plan, Refusal, Segment
from instar.plan import Facts, OutOfOrder
from instar.snapshot import Snapshot
from instar.source.script import print_of

if TYPE_CHECKING:
    from instar.execute import Done
    from instar.judgement import Verdicts
    from instar.linting import Live, Request
    from instar.repairs import Repair

_POLL = 0.2
_plan_up = plan.up


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
        self._config: Config | None = None

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
        made = cls(environment=config.environment(environment, database=database), watch=watch)
        made._config = config
        return made

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
        if isinstance(self._connection, Wrapped) and self._connection.borrowed is not None:
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

    def lint(self, asked: "Request | None" = None) -> "Verdicts":
        """Judge the migrations: all in memory, or with `live` in `asked` what is pending, on the live catalog."""
        from instar import linting

        wanted = asked or linting.Request()
        return linting.lint(self.environment, wanted, self.live() if wanted.live else None)

    def live(self) -> "Live":
        """Look at the database as lint wants to know it: its catalog, and what is pending."""
        from instar import linting

        return linting.look(self.session(), self.status(), self.history())

    def catalog(self) -> Schema:
        """Read the live catalog: relations with sizes and statistics, types, functions. Nothing is changed."""
        return self.session().catalog()

    def snapshot(self) -> Snapshot:
        """Read the whole schema, without instar's own tables. Nothing is changed."""
        return self.session().snapshot(self._open().names)

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
        """Say what `up` (or `down`) would do, and what the policy has against it. Nothing is changed."""
        facts = self._facts(self._open())
        if down:
            return plan.down(facts, to=to or "", count=count)
        found = plan.up(facts, to=to or "", count=count, out_of_order=self._policy(out_of_order))
        return replace(found, refusals=self._refusals(found))

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
        override: str | None = None,
    ) -> Report:
        """Apply what is pending: all, one (`single`), or as far as `to` (a version, a name, `+N`).

        With `plan` (of `load_plan`), only exactly that: PlanError when history or files have moved since. Raises
        PolicyError where the environment's policy is against it, unless `override` says why it is done all the same.
        """
        policy = self._policy(out_of_order)

        def make(facts: Facts) -> Plan:
            if plan is not None:
                from instar.gate import agreed

                return agreed(plan, facts, policy)
            return _plan_up(facts, to=to or "", count=1 if single else None, out_of_order=policy)

        return self._run("up", make, group=group, wait_lock=wait_lock, override=override)

    def down(self, *, to: str | None = None, count: int | None = None, wait_lock: float | None = None) -> Report:
        """Roll back the last migration, the last `count`, or all that are newer than `to` ("0": all)."""
        return self._run("down", lambda facts: plan.down(facts, to=to or "", count=count), wait_lock=wait_lock)

    def redo(self, *, to: str | None = None, count: int | None = None) -> Report:
        """Roll back and apply again: the last migration, the last `count`, or all newer than `to`."""
        self._pass(lambda facts: plan.down(facts, to=to or "", count=count))
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
                self.session().query("SELECT 1")
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
        asked = OutOfOrder.APPLY if out_of_order else OutOfOrder.REFUSE
        return OutOfOrder(self.environment.out_of_order) if out_of_order is None else asked

    def _run(
        self,
        verb: str,
        make: Callable[[Facts], Plan],
        *,
        group: bool | None = None,
        wait_lock: float | None = None,
        override: str | None = None,
    ) -> Report:
        from instar import execute

        begun = time.perf_counter()
        metrics: dict[str, object] = {}

        def watch(event: Event) -> None:
            if isinstance(event, RunFinished):
                metrics.update(event.metrics or {})
            self._watch(event)

        allowed: dict[str, object] = {}
        gate = (lambda: allowed.update(self._pass(make, override))) if verb == "up" else None
        with self._locked(verb, wait_lock, gate) as history:
            wanted = make(self._facts(history))
            options = execute.Options(
                settings=self._settings(),
                lock_deadline=self.environment.lock_deadline or float("inf"),
                group=self.environment.group if group is None else group,
                keep_backups=self.environment.keep_backups,
                context=self._context() | allowed,
            )
            done = execute.Execution(history.session, self._dialect(), history, options, watch).run(wanted)
        return Report(tuple(done), time.perf_counter() - begun, metrics)

    @contextmanager
    def _locked(
        self, verb: str, wait_lock: float | None = None, gate: Callable[[], None] | None = None
    ) -> Iterator[History]:
        """Hold the migrator lock, with the tracking tables made ready once the `gate` has let us through."""
        self.migrations()
        self._verb = verb
        history = self._open()
        session = history.session
        self._lock(session, history.names, self.environment.wait_lock if wait_lock is None else wait_lock)
        try:
            if gate is not None:
                gate()
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

    def _refusals(self, wanted: Plan) -> tuple[Refusal, ...]:
        """Return what the environment's policy has against a plan."""
        if self.environment.policy == Policy():
            return ()
        from instar import gate

        return gate.check(self.environment, wanted, self.session, self._config)

    def _pass(self, make: Callable[[Facts], Plan], override: str | None = None) -> Mapping[str, object]:
        """Go through the gate of the policy; return what the log is to say of it."""
        if self.environment.policy == Policy():
            return {}
        from instar import gate

        refusals = self._refusals(make(self._facts(self._open())))
        allowed = gate.passed(self.environment, refusals, override)
        if allowed:
            self._watch(PolicyOverridden(self.environment.name, override or "", refusals))
        return allowed

    def _settings(self) -> Settings:
        here, about = self.environment, self._context()
        who = f"instar {self._verb} by {about.get('actor')}@{about.get('host')} process {about.get('process')}"
        return Settings(here.lock_timeout, here.statement_timeout, who, here.session_pooler)

    def _dialect(self) -> dialects.Dialect:
        return dialects.for_url(self.environment.database()) if self._connection is None else self._wrapped().dialect

    def session(self) -> Session:
        """Return the session, which is opened when it is first needed."""
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
            self._history = open_history(self.session(), self._dialect(), names)
        return self._history

    def _context(self) -> dict[str, object]:
        from instar.context import context

        server = self._session.server.name if self._session else ""
        names = {"history": self._history.name} if self._history else {}
        return {**context(self.environment.root, server), **names}

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

    def _wrapped(self) -> "Wrapped":
        if not isinstance(self._connection, Wrapped):
            self._connection = wrap(self._connection)
        return self._connection


def _let_go(session: Session) -> None:
    """Give the lock back; that of a lost connection is free already."""
    try:
        if session.in_transaction():
            session.run([Command("ROLLBACK")])
        session.unlock()
    except DatabaseError as error:
        if not error.connection_lost:
            raise
