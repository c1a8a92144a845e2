"""`lint --fix`: fixes files until nothing is left to fix, and keeps only what leaves the same schema."""

from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from instar.catalog import Schema
from instar.dialects import Dialect, Scratch
from instar.errors import InstarError
from instar.judgement import Judged
from instar.lint import fix, suppress
from instar.lint.engine import Linter
from instar.lint.fix import Fixed, Left
from instar.lint.look import Options
from instar.model import Finding, Migration, Script, Segment
from instar.segments import segments
from instar.source.script import statements

_ROUNDS = 50
"""More than a file has findings: a fix that brings its own finding back would go on for ever."""


class FixedFile(Struct, frozen=True):
    """What became of a file. `before` and `after` are its contents; they are equal where nothing was changed.

    `done` are the findings that were fixed, `left` those that were not, with the reason. `proof` names the server on
    which the original and the fixed migration left the same schema; where it is "", `unproved` says why.
    """

    file: str
    version: str
    before: bytes
    after: bytes
    done: tuple[Finding, ...] = ()
    left: tuple[Left, ...] = ()
    proof: str = ""
    unproved: str = ""

    @property
    def changed(self) -> bool:
        """Whether there is something to write."""
        return self.before != self.after


class Project(Struct, frozen=True, kw_only=True):
    """What is linted: all migrations in order, those that are judged, and on which schema. See engine.Linter.judge.

    `root` is the folder that the files' names are relative to. `mark` marks what does not count: suppressed findings,
    and those in the baseline. `replayed` says that the migrations are the whole history: without that, nothing can be
    tried on another server.
    """

    root: Path
    dialect: Dialect
    schema: Schema
    migrations: Sequence[Migration]
    wanted: Container[str] | None = None
    release: Container[str] | None = None
    options: Options = Options()
    mark: Callable[[Judged], Judged] = suppress.mark
    replayed: bool = True


def fix_files(project: Project, judged: Sequence[Judged]) -> list[FixedFile]:
    """Fix the files of the migrations in `judged`, as they were found; nothing is written.

    Raises UsageError or OSError when a file cannot be read.
    """
    found = {each.migration.version: each for each in judged if any(fix.fixable(item) for item in each.findings)}
    proving = _Proving(project)
    made: list[FixedFile] = []
    linter = Linter(project.dialect, project.schema, project.options)
    try:
        for migration in project.migrations:
            final = migration
            if migration.version in found:
                files, final = _migration(project, linter, migration, proving)
                made += files
            proving.past.append(final)
            list(linter.judge([final], wanted=project.wanted, release=project.release))
    finally:
        proving.close()
    return made


def write(root: Path, files: Sequence[FixedFile]) -> None:
    """Write what has changed. Raises OSError when a file cannot be written."""
    for item in files:
        if item.changed:
            (root / item.file).write_bytes(item.after)


def _migration(
    project: Project, linter: Linter, migration: Migration, proving: "_Proving"
) -> tuple[list[FixedFile], Migration]:
    """Fix one migration, round after round; put everything back where the server sees another schema."""
    work = _Fixing(migration)
    for _ in range(_ROUNDS):
        if not work.go_on(project, linter):
            break
    differs, proof, unproved = work.returning, "", ""
    if work.now is not migration and not differs:
        differs, proof, unproved = proving.compare(migration, work.now)
    made = []
    for file, content in work.contents.items():
        before = (project.root / file).read_bytes()
        left = tuple(work.left.get(file, ()))
        if differs:
            refused = tuple(Left(item, differs) for item in work.done[file])
            made.append(FixedFile(file, migration.version, before, before, (), (*refused, *left)))
        else:
            fixes = tuple(work.done[file])
            made.append(FixedFile(file, migration.version, before, content, fixes, left, proof, unproved))
    return made, migration if differs else work.now


class _Fixing:
    """One migration while it is fixed: its files' contents so far, and what became of the findings."""

    def __init__(self, migration: Migration) -> None:
        self.now = migration
        self.contents: dict[str, bytes] = {}
        self.done: dict[str, list[Finding]] = {}
        self.left: dict[str, list[Left]] = {}
        self.returning = ""
        self._before: Counter[tuple[str, str]] = Counter()
        self._fixed: set[tuple[str, str]] = set()

    def go_on(self, project: Project, linter: Linter) -> bool:
        """Fix once more; return whether there may be more to do."""
        findings = list(_fixable(project, linter, self.now))
        counts = Counter(map(_kind, findings))
        back = [key for key in self._fixed if counts[key] >= self._before[key]]
        if back:
            self.returning = f"the rewrite brings {back[0][0]} back"
            return False
        fixed = [self._file(project, file, findings) for file in dict.fromkeys(item.place.file for item in findings)]
        self._before, self._fixed = counts, {_kind(item) for each in fixed for item in each.done}
        return bool(self._fixed)

    def _file(self, project: Project, file: str, findings: Sequence[Finding]) -> Fixed:
        data = self.contents.get(file) or (project.root / file).read_bytes()
        mine = [item for item in findings if item.place.file == file]
        made = fix.fix(data, file, self.now, mine, project.dialect)
        self.now, self.contents[file] = made.migration, made.data
        self.done.setdefault(file, []).extend(made.done)
        self.left[file] = list(made.left)
        return made


def _kind(finding: Finding) -> tuple[str, str]:
    return finding.rule, finding.message


def _fixable(project: Project, linter: Linter, migration: Migration) -> Iterator[Finding]:
    """Judge the migration on a copy of the schema."""
    trial = Linter(project.dialect, project.schema.copy(), project.options, created=linter.created)
    judged = next(trial.judge([migration], release=project.wanted if project.release is None else project.release))
    return (item for item in project.mark(judged).findings if fix.fixable(item))


class _Proving:
    """Compares on a throw-away server, which is started when it is first needed."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._scratch: Scratch | None = None
        self._missing = "" if project.replayed else "the history is not known from the beginning"
        self.past: list[Migration] = []

    def compare(self, original: Migration, fixed: Migration) -> tuple[str, str, str]:
        """Return how the outcome differs, or the server that saw none, or why no server could tell."""
        scratch = self._ready()
        if scratch is None:
            return "", "", self._missing
        found = self._outcomes(scratch, original, fixed)
        if isinstance(found, str):
            return "", "", found
        for before, after in found:
            if isinstance(after, str):
                return f"{scratch.name} refuses the rewrite: {after}", "", ""
            differing = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
            if differing:
                return f"on {scratch.name} the rewrite leaves another {differing[0]}", "", ""
        return "", scratch.name, ""

    def close(self) -> None:
        if self._scratch is not None:
            self._scratch.close()

    def _outcomes(
        self, scratch: Scratch, original: Migration, fixed: Migration
    ) -> list[tuple[Mapping[str, str], Mapping[str, str] | str]] | str:
        """Return the schemas after `up`, and after `up` and `down` where there is one; or why there are none."""
        made = []
        for both in (False, True) if original.down else (False,):
            old, new = (self._parts(item.up) + (self._parts(item.down) if both else ()) for item in (original, fixed))
            before = scratch.outcome(old)
            if isinstance(before, str):
                return f"{scratch.name} cannot run the migration as it was: {before}"
            made.append((before, scratch.outcome(new)))
        return made

    def _parts(self, scripts: Sequence[Script]) -> tuple[Segment, ...]:
        """Return the segments of scripts. What cannot be cut, and so cannot run either, has none."""
        found: tuple[Segment, ...] = ()
        for script in scripts:
            try:
                found += segments(statements(script, self._project.dialect), transaction=script.transaction)
            except InstarError:
                return ()
        return found

    def _ready(self) -> Scratch | None:
        if self._missing:
            return None
        if self._scratch is None:
            self._scratch = self._project.dialect.scratch(self._project.options.version)
            if self._scratch is None:
                self._missing = "no server to try it on is installed"
                return None
        for migration in self.past:
            if migration.code is None:
                self._scratch.replay(self._parts(migration.up))
        self.past.clear()
        return self._scratch
