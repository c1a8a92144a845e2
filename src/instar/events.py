"""What happened, for whoever watches: a renderer, a test, an application."""

from collections.abc import Mapping

from msgspec import Struct

from instar.model import Action, Blocker, Migration, Plan, Refusal, Statement
from instar.verification import Verification


class Event(Struct, frozen=True):
    """Something that happened during a run."""


class LockWaiting(Event, frozen=True):
    """Another migrator holds the lock; `holder` describes it."""

    holder: str


class PolicyOverridden(Event, frozen=True):
    """A run goes against the policy of its `environment`: `refusals` are what it had against it."""

    environment: str
    reason: str
    refusals: tuple[Refusal, ...]


class RunStarted(Event, frozen=True):
    """A plan begins to be carried out."""

    plan: Plan
    server: str


class MigrationStarted(Event, frozen=True):
    """A step begins: the `number`-th (1-based) of `total`."""

    migration: Migration
    action: Action
    number: int
    total: int
    resumed_at: int = 0


class StatementFinished(Event, frozen=True):
    """A statement ran: `index` (0-based) of `total`; `rows` as the server counts them, -1 when it does not."""

    migration: Migration
    statement: Statement
    index: int
    total: int
    seconds: float
    rows: int


class Notice(Event, frozen=True):
    """The server said something (NOTICE, WARNING) during a migration."""

    severity: str
    message: str
    detail: str = ""


class Blocked(Event, frozen=True):
    """A statement waits for locks that `blockers` hold."""

    blockers: tuple[Blocker, ...]


class Retrying(Event, frozen=True):
    """A lock was not to be had within the budget; the segment is tried again after `pause` seconds."""

    migration: Migration
    attempt: int
    pause: float
    message: str


class MigrationFinished(Event, frozen=True):
    """A step is done and committed."""

    migration: Migration
    action: Action
    number: int
    total: int
    seconds: float
    statements: int
    metrics: Mapping[str, object] | None = None


class MigrationFailed(Event, frozen=True):
    """A step stopped. What it did in its open transaction was rolled back."""

    migration: Migration
    action: Action
    message: str
    seconds: float


class Verified(Event, frozen=True):
    """After a rollback it was checked that what the migration had made is gone, and what it had changed is back."""

    verification: Verification


class RunFinished(Event, frozen=True):
    """The plan is carried out. `metrics` holds the run's `before`, `after` and `delta` samples."""

    steps: int
    seconds: float
    metrics: Mapping[str, object] | None = None
