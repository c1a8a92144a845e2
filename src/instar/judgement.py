"""What lint says of a migration: findings, risk, and what its statements do. Renderers read these."""

from enum import StrEnum

from msgspec import Struct

from instar.effects import Effect
from instar.model import Finding, Migration, Severity, Statement


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
    unknown: str = ""
    """The fact that would decide it, where it is taken for this bad only because that is not known."""


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

    @property
    def worst(self) -> tuple[Reason, ...]:
        """The weightiest reasons: they give the level, each by itself or, where it is higher, together."""
        highest = max((item.level for item in self.reasons), key=tuple(Level).index, default=self.level)
        return tuple(item for item in self.reasons if item.level is highest)


class Judged(Struct, frozen=True):
    """A migration with what its statements do and what was found.

    `up`, `down` and `contract` pair the statements of these sections with their effects.
    """

    migration: Migration
    findings: tuple[Finding, ...] = ()
    up: tuple[tuple[Statement, Effect], ...] = ()
    down: tuple[tuple[Statement, Effect], ...] = ()
    risk: Risk | None = None
    contract: tuple[tuple[Statement, Effect], ...] = ()


class About(Struct, frozen=True):
    """A rule as it is explained to people. `summary` is one sentence, `text` the rest, in Markdown.

    `severity` is what it weighs when nothing is configured, "off" where it must be asked for. `proof` says in words
    what the tests see on a real server. `fixed` says that `lint --fix` writes the rewrite.
    """

    name: str
    group: str
    severity: str
    summary: str
    text: str
    dialects: tuple[str, ...]
    versions: tuple[int | None, int | None] = (None, None)
    setup: str = ""
    bad: str = ""
    good: str = ""
    proof: str = ""
    fixed: bool = False


class Size(Struct, frozen=True):
    """How large a relation is, as the live catalog tells: rows, and bytes on disk where they are known."""

    relation: str
    rows: float
    bytes: int | None = None


class Explained(Struct, frozen=True):
    """A statement that was asked about, where it stands, and what it does.

    On a live catalog also the sizes of the relations that it locks or works on, and how long its work takes.
    """

    statement: Statement
    effect: Effect
    sizes: tuple[Size, ...] = ()
    duration: Estimate | None = None


class Verdicts(Struct, frozen=True):
    """What one call of lint says. `findings` are all of them, sorted by place; those suppressed or in the baseline too.

    `counted` are those that count: neither suppressed, nor in the baseline.
    """

    judged: tuple[Judged, ...]
    findings: tuple[Finding, ...]
    dialect: str = ""
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    """What the reader should know of how this was found: what it was judged on, stale entries of the baseline."""
    effects: bool = True
    """Whether `judged` says what every statement does; a run over a whole project does not."""

    @property
    def counted(self) -> tuple[Finding, ...]:
        """The findings that are neither suppressed nor in the baseline."""
        return tuple(item for item in self.findings if not item.suppressed and not item.baseline)

    def failing(self, weight: Severity | None, *, strict: bool = False) -> tuple[Finding, ...]:
        """Return those that count and weigh `weight` or more (None: none); unknown ones only when `strict`."""
        if weight is None:
            return ()
        return tuple(
            item for item in self.counted if item.severity.rank <= weight.rank and (strict or not item.unknown)
        )
