"""Every error that instar raises: what happened, what to do now, and the exit code of the contract."""

from instar.model import Place, Refusal


class InstarError(Exception):
    """Something went wrong; `message` says what, `hint` what to do now.

    `exit_code` is the program's exit code by the contract in docs/exit-codes.md.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "", place: Place | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.place = place


class UsageError(InstarError):
    """The command, the configuration or a file cannot be understood. Nothing was touched."""

    exit_code = 2


class SourceError(UsageError):
    """A migration file or folder cannot be read as one."""


class ConfigError(UsageError):
    """The configuration is wrong."""


class PlanError(InstarError):
    """The files and the history do not give a plan: the message names what stands against it."""

    exit_code = 5


class PolicyError(InstarError):
    """The policy of the environment does not let it run. `reasons` are all that stands against it."""

    exit_code = 5

    def __init__(self, message: str, *, reasons: tuple[Refusal, ...], hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reasons = reasons


class FindingsError(InstarError):
    """A check of files or history found something (`validate`)."""

    exit_code = 4


class LockedError(InstarError):
    """Another migrator is at work on this database."""

    exit_code = 6


class AmbiguousError(InstarError):
    """Whether a statement took effect cannot be known; `instar repair` settles it."""

    exit_code = 7


class PendingError(InstarError):
    """Migrations are pending (`status --check`)."""

    exit_code = 3


class ConnectError(InstarError):
    """The database cannot be reached, or is not fit to run migrations on."""


class ForeignHistoryError(InstarError):
    """The history table belongs to another tool. It was not touched."""

    exit_code = 5


class CheckFailedError(InstarError):
    """A `before` or `after` check found rows, or raised. `rows` holds the first of them, `columns` their names."""

    def __init__(
        self,
        message: str,
        *,
        columns: tuple[str, ...] = (),
        rows: tuple[tuple[object, ...], ...] = (),
        hint: str = "",
        place: Place | None = None,
    ) -> None:
        super().__init__(message, hint=hint, place=place)
        self.columns = columns
        self.rows = rows


class BackupError(InstarError):
    """What `-- instar:backup` asks for cannot be kept, or `-- instar:restore` has nothing to put back."""


class DatabaseError(InstarError):
    """The server refused a statement, or went away.

    `index` is the command's place in the list that was run; `sqlstate` is the engine's own code (SQLSTATE, MySQL
    error number or SQLite error name); `position` is the 0-based character in the command's text that the server
    points at, or None. `lock_timeout` says that nothing but a lock was missing, `connection_lost` that the
    connection is gone and the outcome of the command may be unknown.
    """

    def __init__(
        self,
        message: str,
        *,
        index: int = 0,
        sqlstate: str = "",
        detail: str = "",
        hint: str = "",
        position: int | None = None,
        context: str = "",
        lock_timeout: bool = False,
        connection_lost: bool = False,
    ) -> None:
        super().__init__(message, hint=hint)
        self.index = index
        self.sqlstate = sqlstate
        self.detail = detail
        self.position = position
        self.context = context
        self.lock_timeout = lock_timeout
        self.connection_lost = connection_lost


class MigrationFailedError(InstarError):
    """A migration stopped: `version` failed, `applied` were done before it in this run and stay done."""

    def __init__(
        self, message: str, *, version: str, applied: tuple[str, ...] = (), hint: str = "", place: Place | None = None
    ) -> None:
        super().__init__(message, hint=hint, place=place)
        self.version = version
        self.applied = applied


class InterruptedRunError(InstarError):
    """The user stopped the run (Ctrl-C, SIGTERM); the open transaction was rolled back and recorded."""

    exit_code = 130
