"""The nouns of instar as frozen values."""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field


class Place(Struct, frozen=True):
    """A character in a file: 1-based `line` and `column`, and the `source` text of that line."""

    file: str
    line: int
    column: int = 1
    source: str = ""


class Kind(StrEnum):
    """How a statement stands to transactions."""

    PLAIN = "plain"
    """Runs inside a transaction like any other."""
    OUTSIDE = "outside"
    """Cannot run inside a transaction block (CONCURRENTLY, VACUUM, a DO block that commits, MySQL DDL)."""
    SETTING = "setting"
    """Changes the session (SET); run again when the migration is resumed after it."""
    SETTING_LOCAL = "setting-local"
    """Changes the session until the transaction ends (SET LOCAL); run again where instar itself cuts that."""
    SETTING_OUTSIDE = "setting-outside"
    """Changes the session and has no effect inside a transaction (SQLite's PRAGMA foreign_keys)."""
    BEGIN = "begin"
    COMMIT = "commit"
    ROLLBACK = "rollback"
    RESTORE = "restore"
    """No SQL: a line `-- instar:restore`, at which instar puts back what it has kept."""


class Piece(Struct, frozen=True):
    """A statement as a dialect cuts it: `text[start:end]`, in characters, without leading comments and semicolon.

    `data` holds the rows that follow `COPY ... FROM stdin`, without the line that ends them. `barrier` says that
    the transaction must be committed after this statement before the rest can run (an enum value used later).
    """

    start: int
    end: int
    kind: Kind = Kind.PLAIN
    data: str | None = None
    barrier: bool = False


class Directive(Struct, frozen=True):
    """A line `-- instar:NAME arguments` before a statement: `line` in the file, `column` of the arguments."""

    name: str
    arguments: str
    line: int
    column: int = 1


class Statement(Struct, frozen=True):
    """One statement of a script, byte for byte, with the 1-based `line` and `column` of its first character."""

    text: str
    line: int
    column: int
    offset: int
    file: str
    kind: Kind = Kind.PLAIN
    data: str | None = None
    barrier: bool = False
    directives: tuple[Directive, ...] = ()


class Script(Struct, frozen=True):
    """The text of one section of a file.

    `line` (1-based) and `offset` (bytes) say where `text` starts in `file`. `transaction` is what the author asked
    for: True or False, or None to let instar see for itself. `units` are character ranges of `text` that the author
    marked as one statement each (goose's StatementBegin and StatementEnd). `written` is the text before placeholders
    were filled in, "" where there are none.
    """

    text: str
    file: str
    line: int = 1
    offset: int = 0
    transaction: bool | None = None
    units: tuple[tuple[int, int], ...] = ()
    written: str = ""


class Code(Struct, frozen=True):
    """A Python migration's functions; `transaction` as the header says (True unless `transaction = false`)."""

    file: str
    up: Callable[[object], object] | None
    down: Callable[[object], object] | None
    transaction: bool = True


class Header(Struct, frozen=True):
    """What a migration's author says of it. Every field may be missing.

    An empty list of `affected_tables` says that there are none, None that nothing is said.
    """

    description: str = ""
    author: str = ""
    estimated_duration: str = ""
    risk_level: str = ""
    reversible: bool | None = None
    requires_downtime: bool | None = None
    idempotent: bool | None = None
    """Whether the down may run a second time: `instar test` does so."""
    affected_tables: tuple[str, ...] | None = None
    dependencies: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


class MigrationKind(StrEnum):
    """What makes a migration run."""

    VERSIONED = "versioned"
    """Runs once, in the order of versions."""
    REPEATABLE = "repeatable"
    """Runs again whenever its checksum has changed, after the versioned ones."""
    BASELINE = "baseline"
    """Stands for all versions up to its own, on a database that has no history."""


class Migration(Struct, frozen=True):
    """One migration as its files tell it.

    `version` is its identity (for a repeatable: made from its name, at most 20 characters); `order` sorts versions
    as numbers. `path` is the file, as shown to people. `checksum` is the SHA-256 (hex) of the `up` text with line
    ends normalised and without a BOM. Scripts of `down` are already in the order in which they run. `remarks` is what
    stands above the first section, or a Python file, where that ignores rules of lint: nothing of it runs. `claims` are
    the header's keys with their places, "" that of its first line.
    """

    version: str
    name: str
    path: str
    order: tuple[int, ...] = ()
    kind: MigrationKind = MigrationKind.VERSIONED
    format: str = "native"
    header: Header = Header()
    checksum: str = ""
    up: tuple[Script, ...] = ()
    down: tuple[Script, ...] = ()
    before: tuple[Script, ...] = ()
    after: tuple[Script, ...] = ()
    contract: tuple[Script, ...] = ()
    code: Code | None = None
    remarks: tuple[Script, ...] = ()
    claims: tuple[tuple[str, Place], ...] = ()

    @property
    def reversible(self) -> bool:
        """Whether there is a `down` to run."""
        return bool(self.down) or (self.code is not None and self.code.down is not None)

    @property
    def label(self) -> str:
        """The version and the name, as people say them."""
        return f"{self.version} {self.name}"


class Entry(Struct, frozen=True):
    """One row of the history: a migration that is applied. `execution_time_ms` is in milliseconds."""

    version: str
    name: str
    description: str | None = None
    author: str | None = None
    applied_at: datetime | None = None
    execution_time_ms: int | None = None
    checksum: str | None = None
    rollback_available: bool = False


class Attempt(Struct, frozen=True):
    """One row of the execution log: an attempt to apply, roll back or baseline a migration."""

    id: int
    version: str
    action: str
    status: str
    started_at: datetime | None = None
    completed_at: datetime | None = None
    error_message: str | None = None
    context: Mapping[str, object] = field(default_factory=dict)


class Checkpoint(Struct, frozen=True):
    """How far a migration of several segments has come.

    `done` statements of `action` are committed, `fingerprints` are theirs. `running` is the index of a statement
    that was begun outside a transaction and whose end nobody recorded, or None; `probe` is what the catalog said
    of its objects before it began.
    """

    version: str
    action: str
    done: int
    fingerprints: tuple[str, ...]
    running: int | None = None
    probe: str | None = None


class Segment(Struct, frozen=True):
    """Statements that commit together (`transaction`), or one that runs by itself.

    `first` is the index of the first of them among the statements of all segments of the migration (its own BEGIN and
    COMMIT do not count). `begin` is the script's own BEGIN, whose options are honoured.
    """

    first: int
    statements: tuple[Statement, ...]
    transaction: bool
    begin: Statement | None = None


class Action(StrEnum):
    """What is done with a migration; also the word in the execution log."""

    APPLY = "apply"
    ROLLBACK = "rollback"
    BASELINE = "baseline"
    REPAIR = "repair"


class Step(Struct, frozen=True):
    """One migration in a plan. `checkpoint` says where an earlier attempt stopped; `notes` are for the reader.

    `again` marks a repeatable that has been applied before; `covers` are the versions that a baseline stands for.
    """

    migration: Migration
    action: Action
    segments: tuple[Segment, ...] = ()
    checkpoint: Checkpoint | None = None
    notes: tuple[str, ...] = ()
    again: bool = False
    covers: tuple[Migration, ...] = ()


class Refusal(Struct, frozen=True):
    """Why the policy of an environment does not let a plan run. `version` is "" where it is about the run itself.

    `policy` is the key in instar.toml that refuses ("max_risk"); `hint` says what would do.
    """

    version: str
    policy: str
    message: str
    hint: str = ""


class Plan(Struct, frozen=True):
    """What will be done, in order. `history` is a mark of the history that it was made from.

    `refusals` are what the environment's policy has against it: `up` would not run it.
    """

    steps: tuple[Step, ...]
    history: str
    identifier: str = ""
    notes: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()


class State(StrEnum):
    """What `status` says of a migration."""

    APPLIED = "applied"
    PENDING = "pending"
    PARTIAL = "partial"
    EDITED = "edited"
    REFORMATTED = "reformatted"
    MISSING = "missing"
    OUT_OF_ORDER = "out-of-order"
    CONTRACT_PENDING = "contract-pending"
    OUTDATED = "outdated"


class Condition(Struct, frozen=True):
    """One line of `status`: a migration's file, its history row, or both. `by` is who applied it."""

    version: str
    name: str
    state: State
    entry: Entry | None = None
    migration: Migration | None = None
    by: str = ""
    note: str = ""


class Blocker(Struct, frozen=True):
    """A session that holds a lock we wait for; `seconds` is the age of its transaction."""

    pid: int
    user: str
    seconds: float
    query: str
    state: str = ""
    application: str = ""


class Severity(StrEnum):
    """How much a finding weighs."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the weightiest."""
        return list(Severity).index(self)


class Fix(Struct, frozen=True):
    """SQL that does the same without the finding: it takes the place of the statement's text, word for word.

    `sql` is the whole replacement, statements with semicolons. `same` says that the schema afterwards is provably the
    same; only then `lint --fix` writes it. `down` replaces nothing and is only shown.
    """

    sql: str
    same: bool = False
    segments: bool = False
    """Whether the statements must not share one transaction: `lint --fix` puts COMMIT and BEGIN between them."""


class Finding(Struct, frozen=True):
    """What a rule has to say of a statement (or of a whole migration, when `place` is its first line).

    `message` is one sentence with the user's own names; `why` says who waits for what, or what breaks; `advice` says
    what to do, and `fix` is that in SQL. `unknown` names the fact that would decide it: such a finding is neither
    flagged nor cleared. `print` is the same for the same finding after lines have moved. `end` is the column (1-based,
    exclusive) on the place's line where the code that is meant ends, or 0. `suppressed` is the reason given with
    `-- instar:ignore`. `baseline` says that the baseline file knows it.
    """

    rule: str
    severity: Severity
    message: str
    place: Place
    why: str = ""
    advice: str = ""
    fix: Fix | None = None
    unknown: str = ""
    relation: str = ""
    version: str = ""
    statement: int = -1
    end: int = 0
    print: str = ""
    suppressed: str = ""
    baseline: bool = False
