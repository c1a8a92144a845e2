"""What happened, for whoever watches: a renderer, a test, an application."""

from collections.abc import Mapping
from dataclasses import dataclass

from instar.model import Action, Blocker, Migration, Plan, Statement


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened during a run."""


@dataclass(frozen=True, slots=True)
class LockWaiting(Event):
    """Another migrator holds the lock; `holder` describes it."""

    holder: str


@dataclass(frozen=True, slots=True)
class RunStarted(Event):
    """A plan begins to be carried out."""

    plan: Plan
    server: str


@dataclass(frozen=True, slots=True)
class MigrationStarted(Event):
    """A step begins: the `number`-th (1-based) of `total`."""

    migration: Migration
    action: Action
    number: int
    total: int
    resumed_at: int = 0


@dataclass(frozen=True, slots=True)
class StatementFinished(Event):
    """A statement ran: `index` (0-based) of `total`; `rows` as the server counts them, -1 when it does not."""

    migration: Migration
    statement: Statement
    index: int
    total: int
    seconds: float
    rows: int


@dataclass(frozen=True, slots=True)
class Notice(Event):
    """The server said something (NOTICE, WARNING) during a migration."""

    severity: str
    message: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Blocked(Event):
    """A statement waits for locks that `blockers` hold."""

    blockers: tuple[Blocker, ...]


@dataclass(frozen=True, slots=True)
class Retrying(Event):
    """A lock was not to be had within the budget; the segment is tried again after `pause` seconds."""

    migration: Migration
    attempt: int
    pause: float
    message: str


@dataclass(frozen=True, slots=True)
class MigrationFinished(Event):
    """A step is done and committed."""

    migration: Migration
    action: Action
    number: int
    total: int
    seconds: float
    statements: int
    metrics: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class MigrationFailed(Event):
    """A step stopped. What it did in its open transaction was rolled back."""

    migration: Migration
    action: Action
    message: str
    seconds: float


@dataclass(frozen=True, slots=True)
class RunFinished(Event):
    """The plan is carried out. `metrics` holds the run's `before`, `after` and `delta` samples."""

    steps: int
    seconds: float
    metrics: Mapping[str, object] | None = None
