"""Migrations, a schema and the rules, joined: what `instar lint` says, without a database or with one."""

import gc
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from instar import dialects
from instar.catalog import Schema
from instar.config import Environment
from instar.dialects import Dialect, Session
from instar.judgement import About, Judged, Verdicts
from instar.lint import baseline, engine, prints, suppress
from instar.lint.files import Files
from instar.lint.look import Options
from instar.lint.rule import GROUPS
from instar.linting import chosen, rates
from instar.linting.places import repository
from instar.model import Attempt, Condition, Finding, State

__all__ = ["Live", "Request", "dialect_of", "lint", "look", "require_rules", "rule_names", "weight"]

CACHE = ".instar_cache"
"""The folder, beside the configuration, in which larger projects keep what lint found."""
_LARGE = 100
_PENDING = frozenset({State.PENDING, State.PARTIAL, State.OUT_OF_ORDER, State.OUTDATED})


class Request(Struct, frozen=True, kw_only=True):
    """What is to be judged, and how. Everything may be left out: then it is all migrations, by all rules.

    `only` are files, folders, versions or names ("-": `text` is a migration); `since` is a git reference: what has
    changed after it; `staged`: what the next commit takes. `rules` are the only ones to look for. `live` says to
    judge what is pending on the live catalog. `dialect` and `server_version` go before what is configured. `baseline`
    is a file, None: the configured one where it exists, "": none. `quoted` says that the statements of findings are
    wanted too.
    """

    only: tuple[str, ...] = ()
    since: str = ""
    staged: bool = False
    text: str = ""
    rules: tuple[str, ...] = ()
    live: bool = False
    dialect: str = ""
    server_version: int = 0
    baseline: str | None = None
    quoted: bool = True


class Live(Struct, frozen=True):
    """A database that was looked at: its catalog, the server for people, and the versions that are pending.

    From `attempts`, the execution log, the database's own rates are learned.
    """

    catalog: Schema
    server: str
    pending: frozenset[str]
    attempts: Sequence[Attempt] = ()


class Work(Struct, frozen=True):
    """What a request comes to: the migrations, on which schema, by which rules, and which findings are known."""

    root: Path
    dialect: Dialect
    files: chosen.Chosen
    options: Options
    known: baseline.Baseline
    live: Live | None = None
    read: Files | None = None

    def schema(self) -> Schema:
        """Return the schema to begin with; judging changes it."""
        return self.live.catalog.copy() if self.live else self.dialect.schema()

    def mark(self, judged: Judged) -> Judged:
        """Return `judged` with what does not count marked."""
        return baseline.mark([self.finished(judged)], self.known, complete=False)[0][0]

    def finished(self, judged: Judged) -> Judged:
        """Return `judged` with what is ignored marked, and with fingerprints."""
        return prints.printed(suppress.mark(judged), self.dialect)


def prepare(environment: Environment, asked: Request, live: Live | None = None) -> Work:
    """Read what a request needs. Raises UsageError for what is not there."""
    root = repository(environment.root)
    read = Files(environment.root / CACHE, (environment.placeholders, environment.format, environment.name, str(root)))
    files = chosen.choose(environment, root, asked.only, asked.since, asked.text, read.recall, staged=asked.staged)
    forward = chosen.forward(files.migrations)
    dialect = dialects.load(dialect_of(environment, asked))
    if live is not None:
        rates.learn(live.catalog, live.attempts, files.migrations, dialect)
        files = chosen.pending(files, live.pending, live.server)
    known = baseline.load(_baseline(environment, asked))
    return Work(root, dialect, files, _options(environment, asked, forward), known, live, read)


def lint(environment: Environment, asked: Request, live: Live | None = None) -> Verdicts:
    """Judge the migrations of an environment.

    Without `live` all migrations are replayed in order into a schema in memory; with it, the pending ones are judged on
    the catalog. Paths in the answer are relative to the repository. Raises UsageError for what is not there.
    """
    begun = time.perf_counter()
    with _without_collector():
        work = prepare(environment, asked, live)
        files = work.files
        done = list(_judged(work, environment.root, quoted=asked.quoted))
    complete = files.wanted is None and not asked.rules
    marked, stale = baseline.mark(done, work.known, complete=complete)
    return Verdicts(
        tuple(marked),
        tuple(sorted((finding for each in marked for finding in each.findings), key=_by_place)),
        dialect=work.dialect.name,
        seconds=time.perf_counter() - begun,
        effects=files.wanted is not None,
        notes=(*files.notes, *stale),
    )


@contextmanager
def _without_collector() -> Iterator[None]:
    """Hold the garbage collector back: of ten thousand files nothing becomes garbage, and it looks again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _judged(work: Work, root: Path, *, quoted: bool) -> Iterator[Judged]:
    """Judge on the live catalog, or in memory: there, what was found before is remembered in larger projects."""
    files, schema = work.files, work.schema()
    linter = engine.Linter(work.dialect, schema, work.options)
    if work.live is not None or work.read is None or len(files.migrations) < _LARGE:
        judged = linter.judge(files.migrations, wanted=files.wanted, release=files.release)
        yield from map(work.finished, judged)
        return
    from instar.lint.cache import Cache
    from instar.lint.memory import State

    cache = Cache(root / CACHE, (work.dialect.name, work.options), work.finished, work.read.print_of)
    state = State(schema)
    if files.wanted is None:
        yield from cache.all(linter, state, files.migrations, quoted=quoted)
    else:
        yield from cache.some(linter, state, files.migrations, files.wanted, release=files.release)
    cache.save()
    work.read.save(files.migrations)


def look(session: Session, conditions: Sequence[Condition], attempts: Sequence[Attempt] = ()) -> Live:
    """Read the catalog behind a session; `conditions` say which migrations are pending there."""
    pending = frozenset(item.version for item in conditions if item.state in _PENDING)
    return Live(session.catalog(), session.server.name, pending, attempts)


def rule_names() -> Sequence[str]:
    """Return the names of all rules, without importing any."""
    from instar import registry
    from instar.lint import rules

    return registry.names(rules)


def _by_place(finding: Finding) -> tuple[str, int, int, str]:
    return finding.place.file, finding.place.line, finding.place.column, finding.rule


def dialect_of(environment: Environment, asked: Request) -> str:
    """Return the dialect: what was asked for, else the URL's, else what is configured, else PostgreSQL."""
    scheme = environment.url.partition(":")[0].partition("+")[0].lower()
    known = dialects.known(scheme) if scheme else ""
    return asked.dialect or known or environment.lint.dialect or "postgresql"


def _options(environment: Environment, asked: Request, forward: str) -> Options:
    _check(asked.rules, "")
    require_rules(environment)
    severities: dict[str, str] = {**environment.lint.rules, **environment.policy.rules}
    if asked.rules:
        severities |= {name: "off" for name in rule_names() if name not in asked.rules}
        severities |= {name: "warning" for name in asked.rules if _off(name, severities)}
    return Options(
        version=asked.server_version or environment.lint.server_version,
        small=environment.lint.small_table_rows,
        severities=severities,
        naming=environment.naming,
        required=tuple(environment.policy.required_headers),
        forward=forward,
    )


def require_rules(environment: Environment) -> None:
    """Check that the rules that the configuration weighs are there. Raises ConfigError."""
    file = f" of {environment.configured_in}" if environment.configured_in else ""
    _check(set(environment.lint.rules) - GROUPS.keys(), f"[lint.rules]{file}")
    own = f"[environments.{environment.name}.policy.rules]"
    _check(set(environment.policy.rules) - GROUPS.keys(), f"[policy.rules] or {own}{file}")


def weight(rule: About, environment: Environment) -> str:
    """Return what a rule weighs in an environment: by its own name, else by its group, else as it is."""
    said = {**environment.lint.rules, **environment.policy.rules}
    return said.get(rule.name) or said.get(rule.group) or rule.severity


def _off(name: str, severities: Mapping[str, str]) -> bool:
    """Whether a rule is off here: one that is asked for by name is looked for all the same."""
    rule = engine.catalogue()[name]
    said = severities.get(name) or severities.get(rule.GROUP)
    return said == "off" or (said is None and rule.SEVERITY is None)


def _check(names: Iterable[str], where: str) -> None:
    from instar.errors import ConfigError, UsageError
    from instar.registry import did_you_mean

    known = list(rule_names())
    for name in names:
        if name not in known:
            message = f"there is no rule {name!r}"
            kind = ConfigError if where else UsageError
            near = did_you_mean(name, known)
            hint = near if near.startswith("did you mean") else "instar rules lists all of them"
            raise kind(f"{message}, which {where} names" if where else message, hint=hint)


def _baseline(environment: Environment, asked: Request) -> Path | None:
    if asked.baseline == "":
        return None
    path = environment.root / (asked.baseline or environment.lint.baseline)
    return path if asked.baseline or path.is_file() else None
