"""What a rule sees: one change, its statement, the transaction so far, the migration, and the schema before it."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec import Struct, field

from instar.catalog import Schema, Table
from instar.config.tables import Naming
from instar.dialects import Dialect
from instar.effects import Change, Effect, LockMode
from instar.errors import InstarError
from instar.model import Finding, Fix, Migration, Place, Severity, Statement
from instar.source.script import place_in

_SYSTEM = ("pg_", "pg_catalog.", "information_schema.")


class Options(Struct, frozen=True):
    """What lint may be told. `version` is the server's major version, 0 when not known.

    `small` is how many rows a table of the live catalog may have so that work on it blocks nobody to speak of.
    """

    version: int = 0
    small: int = 10_000
    severities: Mapping[str, str] = field(default_factory=dict)
    naming: Naming = Naming()
    required: tuple[str, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)
    forward: str = ""
    """The first migration of a project of which none can be undone: what all of them lack is said there."""


class Held(Struct, frozen=True):
    """A lock held since statement `index` of the migration's section, until the transaction ends."""

    relation: str
    mode: LockMode
    index: int


class Unit(Struct):
    """A section (`up` or `down`) of a migration while it is looked at.

    `statements` are all of its statements and `effects` theirs so far. `segments` counts transactions: statements with
    the same number commit together. `created` are keys of relations made in this migration or in another one that is
    not released; `held` are the locks of the current transaction. `notes` is for what rules remember within a unit.
    """

    migration: Migration
    section: str
    statements: Sequence[Statement]
    segments: Sequence[int]
    transactional: Sequence[bool]
    schema: Schema
    effects: list[Effect] = field(default_factory=list)
    created: set[str] = field(default_factory=set)
    held: dict[str, Held] = field(default_factory=dict)
    before: dict[str, Table] = field(default_factory=dict)
    """The relations that the statements are about, as they were when first met."""
    around: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    """Of each of them: the tables that reference it, the views that read it, and its partitions, counted."""
    kinds: set[str] = field(default_factory=set)
    """The kinds of change that its statements make."""
    notes: dict[str, object] = field(default_factory=dict)
    up: "Unit | None" = None
    """Of a `down`: the `up` that it undoes."""
    refusals: list[InstarError] = field(default_factory=list)
    """Why `up` would refuse the scripts, where they can be judged all the same."""

    def remember(self, effect: Effect) -> None:
        """Keep the relations of a statement as they are before it, and its kinds of change."""
        self.kinds.update(item.kind for item in effect.changes)
        keys = {lock.relation for lock in effect.locks}
        keys.update(item.relation for item in effect.changes)
        for key in keys - self.before.keys():
            table = self.schema.table(key)
            if table is not None:
                self.before[key] = table
                self.around[key] = self.schema.around(key)


class Look:
    """One change under one rule. `schema` is as it was before the statement; `change` may be None (see rule.ON)."""

    def __init__(self, unit: Unit, dialect: Dialect, options: Options) -> None:
        self.unit = unit
        self.dialect = dialect
        self.options = options
        self.schema = unit.schema
        self.index = 0
        self.effect = Effect("")
        self.change: Change | None = None
        self.rule = ""
        self.severity = Severity.WARNING
        self.depth = 0
        self.found: Sequence[Finding] = ()
        self.ran: Collection[str] = ()
        self.coming: Sequence[Migration] = ()
        """The later migrations of the same release."""

    # What is there

    @property
    def statement(self) -> Statement:
        """The statement that is looked at."""
        return self.unit.statements[self.index]

    @property
    def migration(self) -> Migration:
        """The migration that is looked at."""
        return self.unit.migration

    @property
    def version(self) -> int:
        """The server's major version, or 0 when it is not known: then what holds for every version counts."""
        return self.options.version or (self.schema.version[0] if self.schema.version else 0)

    def table(self, key: str = "") -> Table:
        """Return the change's relation (or another), as it was before the statement; incomplete when unknown."""
        return self.schema.known(key or (self.change.relation if self.change else ""))

    def new(self, key: str = "") -> bool:
        """Whether nobody can wait for the relation: made in this migration or release, or known to be empty."""
        table = self.table(key)
        return table.name in self.unit.created or table.rows == 0

    def small(self, key: str = "") -> bool:
        """Whether work on the relation takes no time to speak of: the live catalog says so, or it is the server's."""
        table = self.table(key)
        if table.rows is None:
            return table.name.startswith(_SYSTEM)
        return table.rows <= self.options.small

    def transaction(self) -> Iterator[tuple[int, Effect]]:
        """Yield the earlier statements of the same transaction: index and effect."""
        if not self.unit.transactional[self.index]:
            return
        for index in range(self.index):
            if self.unit.segments[index] == self.unit.segments[self.index]:
                yield index, self.unit.effects[index]

    def later(self) -> Iterator[tuple[int, Statement]]:
        """Yield the statements after this one in the section."""
        yield from ((i, self.unit.statements[i]) for i in range(self.index + 1, len(self.unit.statements)))

    def name(self, key: str = "") -> str:
        """Return a relation's key, or an identifier, as it is written in SQL."""
        return self.dialect.spell(key or (self.change.relation if self.change else ""))

    def part(self, start: int, end: int) -> str:
        """Return characters of the statement's text."""
        return self.effect.text[start:end]

    # What is said

    def finding(  # noqa: PLR0913 - a finding has many parts, all named
        self,
        message: str,
        *,
        why: str = "",
        advice: str = "",
        fix: Fix | None = None,
        unknown: str = "",
        severity: Severity | None = None,
        relation: str = "",
        start: int | None = None,
        end: int | None = None,
        place: Place | None = None,
    ) -> Finding:
        """Make a finding at the change (or at `start`:`end` of the statement's text, or at `place`)."""
        first, last = self._span(start, end)
        where = place or place_in(self.statement, first)
        rest = len(where.source) - where.column + 1
        width = max(rest if place else min(last - first, rest), 1)
        return Finding(
            rule=self.rule,
            severity=severity or self.severity,
            message=message,
            place=where,
            why=why,
            advice=advice,
            fix=fix,
            unknown=unknown,
            relation=relation or (self.change.relation if self.change else ""),
            version=self.migration.version,
            statement=-1 if place else self.index,
            end=where.column + width,
        )

    def _span(self, start: int | None, end: int | None) -> tuple[int, int]:
        if start is None and self.change is not None and self.change.end:
            start, end = self.change.start, self.change.end
        first = self.effect.offset + (start or 0)
        return first, self.effect.offset + (end or len(self.effect.text))
