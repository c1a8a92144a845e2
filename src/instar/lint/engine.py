"""Runs rules over migrations: every statement is analysed, judged against the schema before it, and then learned."""

from collections.abc import Container, Iterator, Mapping, Sequence
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, cast

from instar import registry, segments
from instar.catalog import Schema
from instar.dialects import Dialect
from instar.effects import Effect, LockMode
from instar.errors import InstarError
from instar.judgement import Judged
from instar.lint import rules
from instar.lint.look import Held, Look, Options, Unit
from instar.model import Finding, Migration, Place, Script, Severity, Statement
from instar.source import script as source_script

if TYPE_CHECKING:
    from instar.lint.rule import Rule

UNREADABLE = "unreadable"
"""The rule of a file that cannot be read at all."""


@cache
def catalogue() -> Mapping[str, "Rule"]:
    """Return all rules by name: ours, and those of plug-ins."""
    return {name: cast("Rule", registry.load(rules, name)) for name in registry.names(rules)}


class Linter:
    """Judges migrations of one dialect in order, on a schema that it keeps up to date."""

    def __init__(self, dialect: Dialect, schema: Schema, options: Options | None = None) -> None:
        self._dialect = dialect
        self._schema = schema
        self._options = options or Options()
        self._release: set[str] = set()
        self._by_kind: dict[str, list[tuple[str, Rule, Severity]]] = {}
        for name, rule in catalogue().items():
            severity = self._severity(name, rule)
            if severity is not None and self._fits(rule):
                for kind in rule.ON:
                    self._by_kind.setdefault(kind, []).append((name, rule, severity))

    def judge(self, migrations: Sequence[Migration], *, wanted: Container[str] | None = None) -> Iterator[Judged]:
        """Yield each of `migrations` judged; those whose version is not in `wanted` are only learned.

        What wanted migrations create counts as new in all later ones: they are one release.
        """
        for migration in migrations:
            if wanted is None or migration.version in wanted:
                yield self._judged(migration, together=wanted is not None)
            else:
                self._learn(migration)

    def _severity(self, name: str, rule: "Rule") -> Severity | None:
        said = self._options.severities.get(name)
        if said == "off":
            return None
        return Severity(said) if said else rule.SEVERITY

    def _fits(self, rule: "Rule") -> bool:
        if self._dialect.name not in rule.DIALECTS:
            return False
        first, last = getattr(rule, "VERSIONS", (None, None))
        version = self._options.version or (self._schema.version[0] if self._schema.version else 0)
        return not version or ((first is None or version >= first) and (last is None or version <= last))

    def _learn(self, migration: Migration) -> None:
        for script in migration.up:
            for statement in _readable(script, self._dialect):
                effect = self._dialect.analyse(statement.text, self._schema)
                self._dialect.learn(effect, self._schema, migration.version)

    def _judged(self, migration: Migration, *, together: bool) -> Judged:
        created = self._release if together else set()
        up, found = self._section(migration, "up", migration.up, created)
        down, more = self._section(migration, "down", migration.down, created)
        return Judged(migration, tuple(found + more), _pairs(up), _pairs(down))

    def _section(
        self, migration: Migration, section: str, scripts: Sequence[Script], created: set[str]
    ) -> tuple[Unit | None, list[Finding]]:
        try:
            unit = self._unit(migration, section, scripts, created)
        except InstarError as error:
            place = error.place or Place(migration.path, 1)
            return None, [Finding(UNREADABLE, Severity.ERROR, error.message, place, advice=error.hint)]
        look = Look(unit, self._dialect, self._options)
        found: list[Finding] = []
        for index, statement in enumerate(unit.statements):
            found += self._statement(look, index, statement)
        look.change, look.index = None, max(len(unit.statements) - 1, 0)
        found += self._run(look, "migration")
        return unit, found

    def _unit(self, migration: Migration, section: str, scripts: Sequence[Script], created: set[str]) -> Unit:
        statements: list[Statement] = []
        numbers: list[int] = []
        transactional: list[bool] = []
        for script in scripts:
            cut = source_script.statements(script, self._dialect)
            for part in segments.segments(cut, transaction=script.transaction):
                number = len(set(numbers))
                statements += part.statements
                numbers += [number] * len(part.statements)
                transactional += [part.transaction] * len(part.statements)
        return Unit(migration, section, statements, numbers, transactional, self._schema, created=created)

    def _statement(self, look: Look, index: int, statement: Statement) -> list[Finding]:
        unit = look.unit
        if index and unit.segments[index] != unit.segments[index - 1]:
            unit.held.clear()
        effect = self._dialect.analyse(statement.text, self._schema)
        unit.remember(effect)
        look.index = index
        found = self._look_at(look, effect, 0)
        unit.effects.append(effect)
        unit.created.update(effect.creates)
        for lock in effect.locks:
            held = unit.held.get(lock.relation)
            if lock.kind == "table" and lock.mode > (held.mode if held else LockMode.NONE):
                unit.held[lock.relation] = Held(lock.relation, lock.mode, held.index if held else index)
        if unit.section == "up":
            self._dialect.learn(effect, self._schema, unit.migration.version)
        return found

    def _look_at(self, look: Look, effect: Effect, depth: int) -> list[Finding]:
        look.effect, look.depth, look.change = effect, depth, None
        found = list(self._run(look, ""))
        for change in effect.changes:
            look.change = change
            found += self._run(look, change.kind)
        for inner in effect.inner:
            found += self._look_at(look, inner, depth + 1)
        look.effect, look.depth, look.change = effect, depth, None
        return found

    def _run(self, look: Look, kind: str) -> Iterator[Finding]:
        for name, rule, severity in self._by_kind.get(kind, ()):
            if look.unit.section == "down" and not getattr(rule, "DOWN", False):
                continue
            look.rule, look.severity = name, severity
            yield from rule.check(look)


def _readable(script: Script, dialect: Dialect) -> Sequence[Statement]:
    try:
        return source_script.statements(script, dialect)
    except InstarError:
        return ()


def _pairs(unit: Unit | None) -> tuple[tuple[Statement, Effect], ...]:
    return tuple(zip(unit.statements, unit.effects, strict=True)) if unit else ()


def docs(rule: ModuleType) -> tuple[str, str]:
    """Return a rule's first line and the rest of its docstring."""
    first, _, rest = (rule.__doc__ or "").strip().partition("\n")
    return first, rest.strip()
