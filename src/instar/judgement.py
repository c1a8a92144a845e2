"""What lint says of a migration: findings, risk, and what its statements do. Renderers read these."""

from enum import StrEnum

from msgspec import Struct

from instar.effects import Effect
from instar.model import Finding, Migration, Statement


class Level(StrEnum):
    """How risky a migration is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Reason(Struct, frozen=True):
    """Why a migration has at least this level; `hazard` is a short word for programs ("blocks-writes")."""

    level: Level
    text: str
    hazard: str = ""
    relation: str = ""


class Estimate(Struct, frozen=True):
    """How long it takes, in seconds, from `low` to `high`, and what that is reckoned from."""

    low: float
    high: float
    basis: str


class Risk(Struct, frozen=True):
    """The standards' classification of a migration.

    `testing` is "basic", "comprehensive" or "extensive"; `rollback` is "simple", "moderate" or "complex". `tables` are
    those that it affects. `blocked` is the longest time that an application waits on an existing relation; both it and
    `duration` are None where no sizes are known.
    """

    level: Level
    reviewers: int
    testing: str
    rollback: str
    reasons: tuple[Reason, ...] = ()
    tables: tuple[str, ...] = ()
    reversible: bool = False
    downtime: bool = False
    duration: Estimate | None = None
    blocked: Estimate | None = None


class Judged(Struct, frozen=True):
    """A migration with what its statements do and what was found. `up` and `down` pair statements with effects."""

    migration: Migration
    findings: tuple[Finding, ...] = ()
    up: tuple[tuple[Statement, Effect], ...] = ()
    down: tuple[tuple[Statement, Effect], ...] = ()
    risk: Risk | None = None


class Verdicts(Struct, frozen=True):
    """What one call of lint says. `findings` are all of them, sorted by place; those suppressed or in the baseline too.

    `counted` are those that count: neither suppressed, nor in the baseline.
    """

    judged: tuple[Judged, ...]
    findings: tuple[Finding, ...]
    dialect: str = ""
    seconds: float = 0.0

    @property
    def counted(self) -> tuple[Finding, ...]:
        """The findings that are neither suppressed nor in the baseline."""
        return tuple(item for item in self.findings if not item.suppressed and not item.baseline)
