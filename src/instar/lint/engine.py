"""Runs rules over migrations: every statement is analysed, judged against the schema before it, and then learned."""

import re
from collections.abc import Callable, Collection, Container, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, cast

from instar import registry, segments
from instar.catalog import Schema
from instar.dialects import Dialect
from instar.effects import Effect, LockMode
from instar.errors import InstarError, PlanError
from instar.judgement import Judged
from instar.lint import risk, rules
from instar.lint.look import Held, Look, Options, Unit
from instar.model import Finding, Kind, Migration, Place, Script, Severity, Statement
from instar.source import script as source_script

if TYPE_CHECKING:
    from instar.lint.rule import Rule

UNREADABLE = "unreadable"
"""The rule of a file that cannot be read at all."""


# What changes rows changes no schema. (SELECT ... INTO makes a table.)
_ONLY_ROWS = re.compile(r"(?:insert|update|delete|merge)\b", re.IGNORECASE)


_NOTHING: frozenset[str] = frozenset()


@cache
def catalogue() -> Mapping[str, "Rule"]:
    """Return all rules by name: ours, and those of plug-ins."""
    return {name: cast("Rule", registry.load(rules, name)) for name in registry.names(rules)}


SECTIONS = ("up", "down", "contract")
"""The sections that are judged."""
_Wanted = dict[str, list[tuple[Callable[[Look], Iterator[Finding]], str, Severity, frozenset[str]]]]
"""By kind of change: the checks that want to see it, the names of their rules, what they weigh and what they need."""


class Linter:
    """Judges migrations of one dialect in order, on a schema that it keeps up to date."""

    def __init__(
        self, dialect: Dialect, schema: Schema, options: Options | None = None, *, created: Collection[str] = ()
    ) -> None:
        self._dialect = dialect
        self._schema = schema
        self._options = options or Options()
        self._release = set(created)
        if self._options.version and self._options.version not in schema.version[:1]:
            schema.version = (self._options.version,)
        self._ran: set[str] = set()
        self._coming: Sequence[Migration] = ()
        self._wanted: dict[tuple[str, bool], _Wanted] = {(s, b): {} for s in SECTIONS for b in (False, True)}
        for name, rule in catalogue().items():
            severity = self._severity(name, rule)
            if severity is not None and self._fits(rule):
                self._ran.add(name)
                self._take(name, rule, severity)

    def judge(
        self,
        migrations: Sequence[Migration],
        *,
        wanted: Container[str] | None = None,
        release: Container[str] | None = None,
        later: Sequence[Migration] = (),
    ) -> Iterator[Judged]:
        """Yield each of `migrations` judged; those whose version is not in `wanted` are only learned.

        `release` are the versions that are released together: what they create counts as new in all later ones of them.
        Left out, these are the `wanted` ones. `later` are further migrations, not among `migrations`.
        """
        together = wanted if release is None else release
        for index, migration in enumerate(migrations):
            new = together is not None and migration.version in together
            if wanted is None or migration.version in wanted:
                rest = (*migrations[index + 1 :], *later) if new else ()
                self._coming = [item for item in rest if together is not None and item.version in together]
                yield self._judged(migration, together=new)
            else:
                self.learn(migration, new=new)

    def _take(self, name: str, rule: "Rule", severity: Severity) -> None:
        for (section, stored), wanted in self._wanted.items():
            if _judges(rule, section) and (not stored or getattr(rule, "STORED", False)):
                for kind in rule.ON:
                    needs = getattr(rule, "NEEDS", _NOTHING) if kind == "migration" else _NOTHING
                    wanted.setdefault(kind, []).append((rule.check, name, severity, needs))

    @property
    def created(self) -> Collection[str]:
        """The relations that the migrations judged together so far have made: nobody waits for these."""
        return self._release

    def _severity(self, name: str, rule: "Rule") -> Severity | None:
        said = self._options.severities.get(name) or self._options.severities.get(rule.GROUP)
        if said == "off":
            return None
        return Severity(said) if said else rule.SEVERITY

    def _fits(self, rule: "Rule") -> bool:
        if self._dialect.name not in rule.DIALECTS:
            return False
        first, last = getattr(rule, "VERSIONS", (None, None))
        version = self._options.version or (self._schema.version[0] if self._schema.version else 0)
        return not version or ((first is None or version >= first) and (last is None or version <= last))

    def learn(self, migration: Migration, *, new: bool = False) -> None:
        """Change the schema as `judge` would, without judging; `new`: what it creates counts as new in later ones."""
        self._schema.restore()
        for statement in self.statements(migration, "up"):
            if not _ONLY_ROWS.match(statement.text):
                with suppress(Exception):  # said where it is judged
                    effect = self._dialect.analyse(statement.text, self._schema)
                    self._dialect.learn(effect, self._schema, migration.version)
                    if new:
                        self._release.update(effect.creates)

    def _judged(self, migration: Migration, *, together: bool) -> Judged:
        created = self._release if together else set()
        self._schema.restore()
        up, found = self._section(migration, "up", migration.up, created)
        down, more = self._section(migration, "down", migration.down, created, up)
        contract, late = (
            self._section(migration, "contract", migration.contract, created, up) if migration.contract else (None, [])
        )
        judged = risk.of(up, self._dialect, self._options) if up else None
        if migration.code is not None:
            # It may have made anything.
            self._schema.complete = False
        return Judged(migration, (*found, *more, *late), _pairs(up), _pairs(down), judged, _pairs(contract))

    def _section(
        self,
        migration: Migration,
        section: str,
        scripts: Sequence[Script],
        created: set[str],
        up: Unit | None = None,
    ) -> tuple[Unit | None, list[Finding]]:
        try:
            unit = self._unit(migration, section, scripts, created)
        except InstarError as error:
            return None, [_refused(migration, error)]
        unit.up = up
        if section == "down" and len(unit.statements) > 1:
            # What a down does is seen by its later statements, and by nobody after it.
            unit.schema = self._schema.branch()
        look = Look(unit, self._dialect, self._options)
        look.ran = self._ran
        look.coming = self._coming
        found = [_refused(migration, error) for error in unit.refusals]
        for index, statement in enumerate(unit.statements):
            found += self._statement(look, index, statement)
        look.change, look.index = None, max(len(unit.statements) - 1, 0)
        found += self._run(look, "migration")
        look.found = tuple(found)
        found += self._run(look, "findings")
        return unit, found

    def statements(self, migration: Migration, section: str) -> Sequence[Statement]:
        """Return the statements of a section in the order in which findings number them; none if it is unreadable."""
        try:
            return self._unit(migration, section, getattr(migration, section), set()).statements
        except InstarError:
            return ()

    def _unit(self, migration: Migration, section: str, scripts: Sequence[Script], created: set[str]) -> Unit:
        statements: list[Statement] = []
        numbers: list[int] = []
        transactional: list[bool] = []
        refusals: list[InstarError] = []
        number = 0
        for script in scripts:
            written = source_script.statements(script, self._dialect)
            cut = [item for item in written if item.kind is not Kind.RESTORE]
            try:
                parts = segments.segments(cut, transaction=script.transaction)
            except PlanError as error:
                refusals.append(error)
                parts = segments.judged_apart(cut, transaction=script.transaction)
            for part in parts:
                statements += part.statements
                numbers += [number] * len(part.statements)
                transactional += [part.transaction] * len(part.statements)
                number += 1
        return Unit(
            migration, section, statements, numbers, transactional, self._schema, created=created, refusals=refusals
        )

    def _statement(self, look: Look, index: int, statement: Statement) -> list[Finding]:
        unit = look.unit
        if index and unit.segments[index] != unit.segments[index - 1]:
            unit.held.clear()
        look.index = index
        try:
            effect, found = self._dialect.analyse(statement.text, unit.schema), []
        except Exception as error:  # noqa: BLE001 - what stands beside it must be judged all the same
            effect = look.effect = Effect(statement.text)
            look.change, look.depth = None, 0
            found = [_stumbled(look, error)]
        unit.remember(effect)
        if "syntax error" in effect.error and not effect.changes:
            found.append(_no_sql(look, effect))
        found += self._look_at(look, effect, 0)
        unit.effects.append(effect)
        unit.created.update(effect.creates)
        for lock in effect.locks:
            held = unit.held.get(lock.relation)
            if lock.kind == "table" and lock.mode > (held.mode if held else LockMode.NONE):
                unit.held[lock.relation] = Held(lock.relation, lock.mode, held.index if held else index)
        if unit.section == "up" or unit.schema is not self._schema:
            try:
                self._dialect.learn(effect, unit.schema, unit.migration.version)
            except Exception as error:  # noqa: BLE001 - see above
                found.append(_stumbled(look, error))
        return found

    def _look_at(self, look: Look, effect: Effect, depth: int) -> list[Finding]:
        look.effect, look.depth, look.change = effect, depth, None
        found = self._run(look, "")
        for change in effect.changes:
            look.change = change
            found += self._run(look, change.kind)
        for inner in effect.inner:
            found += self._look_at(look, inner, depth + 1)
        look.effect, look.depth, look.change = effect, depth, None
        return found

    def _run(self, look: Look, kind: str) -> list[Finding]:
        found: list[Finding] = []
        for check, name, severity, needs in self._wanted[look.unit.section, look.effect.stored].get(kind, ()):
            if needs and needs.isdisjoint(look.unit.kinds):
                continue
            look.rule, look.severity = name, severity
            try:
                found += check(look)
            except Exception as error:  # noqa: BLE001 - a rule that stumbles, maybe a plug-in's, must not hide the others
                found.append(_stumbled(look, error, name))
        return found


def _judges(rule: "Rule", section: str) -> bool:
    """Whether a rule is for a section. What a contract takes away is meant: only who waits for it counts there."""
    if section == "contract":
        return rule.GROUP in {"blocking", "transaction"}
    return section == "up" or getattr(rule, "DOWN", False)


def _refused(migration: Migration, error: InstarError) -> Finding:
    place = error.place or Place(migration.path, 1)
    return Finding(UNREADABLE, Severity.ERROR, error.message, place, advice=error.hint, version=migration.version)


def _no_sql(look: Look, effect: Effect) -> Finding:
    look.rule, look.severity, look.effect, look.change = UNREADABLE, Severity.ERROR, effect, None
    return look.finding(f"this is not SQL: {effect.error}", why="nothing in it has been judged", start=effect.at)


def _stumbled(look: Look, error: Exception, rule: str = "") -> Finding:
    """Say that a statement could not be judged: a mistake of ours, and no reason to be silent about it."""
    look.rule, look.severity = UNREADABLE, Severity.ERROR
    what = f"the rule {rule} stumbled over this" if rule else "what this does could not be told"
    return look.finding(
        f"{what}: {type(error).__name__}: {error}",
        why="this is a mistake in instar; whether the statement is safe is not known",
        advice="look at it yourself, and please report it",
    )


def _pairs(unit: Unit | None) -> tuple[tuple[Statement, Effect], ...]:
    return tuple(zip(unit.statements, unit.effects, strict=True)) if unit else ()


def docs(rule: ModuleType) -> tuple[str, str]:
    """Return a rule's first line and the rest of its docstring."""
    first, _, rest = (rule.__doc__ or "").strip().partition("\n")
    return first, rest.strip()
