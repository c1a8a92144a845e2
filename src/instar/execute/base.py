"""What every part of carrying a plan out shares: the session, the step in progress, events, and our own writes."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from instar.dialects import Command, Dialect, Outcome, Session, Settings
from instar.errors import (
    DatabaseError,
    LockedError,
)
from instar.events import (
    Blocked,
    Event,
    MigrationFinished,
    MigrationStarted,
    Notice,
)
from instar.execute.work import Work
from instar.history import History
from instar.metrics import Gauge
from instar.model import Action, Blocker, Checkpoint, Kind, Segment, Statement, Step
from instar.plan import combined
from instar.source.script import print_of

_Answer = TypeVar("_Answer")


class Options(Struct, frozen=True):
    """How a plan is carried out. `lock_deadline` (seconds) bounds all tries of one segment together.

    `context` is what every log row says of this run: actor, host, process, commit, versions. `group` puts all steps
    into one transaction. `keep_backups` (seconds, None for ever) is how long what `-- instar:backup` keeps is wanted.
    """

    settings: Settings = Settings()
    lock_deadline: float = 300.0
    group: bool = False
    keep_backups: float | None = None
    context: Mapping[str, object] = field(default_factory=dict)


class Done(Struct, frozen=True):
    """A step that was carried out."""

    version: str
    name: str
    action: Action
    seconds: float
    statements: int


class Flight(Struct):
    """What came of a step's statements that were sent behind the commit of the step before."""

    outcomes: list[Outcome] = []
    error: DatabaseError | None = None

    def landed(self) -> list[Outcome]:
        """Return the outcomes, or raise what went wrong."""
        if self.error is not None:
            raise self.error
        return self.outcomes


class Base:
    """State and tools of one run; nothing here decides what happens next."""

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
        self._about = ""
        self._gauge = Gauge(session)
        self._applied: list[Done] = []
        self._waiting: list[int] = []
        self._flight: Flight | None = None
        self._tidying: list[Command] = []
        self._with_backups: frozenset[str] = frozenset()
        self._work: Work

    def _begin(self, step: Step, number: int, total: int) -> Work:
        attempt = self._waiting.pop(0) if self._waiting else identifier(self._session.run([self._started(step)])[0])
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

    def _blocked(self, blockers: tuple[Blocker, ...]) -> None:
        self._work.blockers = blockers
        self._emit(Blocked(blockers))

    def _tell(self, severity: str, message: str, detail: str) -> None:
        self._emit(Notice(severity, message, detail))

    def _started(self, step: Step) -> Command:
        return self._history.start(step.migration.version, step.action, self._about)

    def _prints(self, statements: Sequence[Statement]) -> list[str]:
        return [print_of(statement, self._dialect) for statement in statements]

    def _guard(self, begin: str = "") -> list[Command]:
        return [Command(begin or self._dialect.begin), *self._session.opening()]

    def _ours(self, commands: list[Command], guards: int = 0) -> list[Outcome]:
        """Run commands that are no statement of the script: an error in them has no place in it.

        The first `guards` of them open a transaction, and fail when the migrator lock is lost.
        """
        try:
            return self._session.run(commands, tell=self._tell, meanwhile=self._speak) if commands else []
        except DatabaseError as error:
            refuse_without_lock(error, guards)
            error.index = -1
            raise

    def _commit(self, commands: list[Command], first: Callable[[], object] | None = None) -> None:
        """Run commands in a transaction of their own, and what `first` does before them."""
        guard = self._guard()
        if first is not None:
            self._ours(guard, len(guard))
            first()
            guard = []
        self._ours([*guard, *commands, Command("COMMIT")], len(guard))

    def _checkpoint(self, done: Sequence[str]) -> Checkpoint:
        step = self._work.step
        return Checkpoint(step.migration.version, step.action.value, len(done), tuple(done))

    def _intent(self, segment: Segment) -> Checkpoint:
        """Say which statement is about to run outside a transaction; its fingerprint tells an edit in the meantime."""
        done = self._work.done
        began = self._checkpoint([*done, *self._prints(segment.statements)])
        return replace(began, done=len(done), running=segment.first, probe=self._work.seen)

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

    def _tidy(self) -> None:
        """Clear the session after a commit: what fails here must not undo, nor repeat, what is done."""
        commands, self._tidying = self._tidying, []
        try:
            self._session.run(commands)
        except DatabaseError as error:
            self._tell("WARNING", "the session could not be cleared of what the script left in it", error.message)

    def _settings_before(self, index: int, kinds: set[Kind]) -> list[Command]:
        owners = ((part, statement) for part in self._work.step.segments for statement in part.statements)
        before = [(part, statement) for part, statement in owners][:index]
        return [
            Command(statement.text, None, statement)
            for part, statement in before
            if statement.kind in kinds and not (statement.kind is Kind.SETTING_LOCAL and part.begin)
        ]

    def _under_settings(self, index: int, ask: Callable[[], _Answer]) -> _Answer:
        """Ask the catalog about statement `index` as the script sees it: its search_path says what a name means."""
        settings = self._settings_before(index, {Kind.SETTING})
        if not settings:
            return ask()
        self._ours(settings)
        answer = ask()
        self._ours(self._session.restoring())
        return answer

    def _replayed(self, segment: Segment) -> list[Command]:
        """Repeat the settings that earlier segments of this migration made: every segment begins with our own.

        SET LOCAL is repeated only where the author wrote one transaction and instar cut it.
        """
        if not segment.transaction:
            return self._settings_before(segment.first, {Kind.SETTING, Kind.SETTING_OUTSIDE})
        local = {Kind.SETTING_LOCAL} if segment.begin is None else set()
        return self._settings_before(segment.first, {Kind.SETTING, *local})


def is_idempotent(statement: Statement) -> bool:
    """Whether its author says that a statement may run twice."""
    return any(item.name == "idempotent" for item in statement.directives)


def identifier(outcome: Outcome) -> int:
    """Return the id of the log row that a command has made."""
    assert outcome.rows
    return int(str(outcome.rows[0][0]))


def refuse_without_lock(error: DatabaseError, guards: int) -> None:
    """Raise LockedError where the check of the lock failed: it stands between the BEGIN and the rest."""
    if 0 < error.index < guards and not error.connection_lost and not error.lock_timeout:
        raise lock_lost() from error


def lock_lost() -> LockedError:
    """Return the error that says so."""
    return LockedError("the migrator lock was lost: another migrator may be at work", hint="run the same command again")
