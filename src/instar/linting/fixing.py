"""`lint --fix`: the files as they are when the rewrites are in them. Nothing is written here."""

from collections.abc import Sequence
from difflib import unified_diff

from instar import linting
from instar.config import Environment
from instar.judgement import Judged
from instar.lint import fix
from instar.lint.engine import Linter
from instar.lint.fix import Left
from instar.lint.fixing import FixedFile, Project, fix_files
from instar.linting import Live, Request, Work, changed
from instar.source.loose import FORMAT, STDIN

_SETTLED = "it is committed, so it may have run somewhere: --since REF, --database URL or --force"


def fixed(
    environment: Environment, asked: Request, live: Live | None = None, *, force: bool = False
) -> list[FixedFile]:
    """Return every file that holds findings with a rewrite, with the rewrites in it that may be written.

    Without `force` that is none of a migration that may be applied: what a database knows to be, or, without one and
    without `since`, what is committed and unchanged. Raises UsageError for what is not there.
    """
    work = linting.prepare(environment, asked, live)
    files = work.files
    linter = Linter(work.dialect, work.schema(), work.options)
    judged = [work.mark(each) for each in linter.judge(files.migrations, wanted=files.wanted, release=files.release)]
    if asked.text:
        return [item for each in judged if each.migration.path == STDIN for item in _text(work, each, asked.text)]
    kept = [] if force or asked.since or asked.staged or live is not None else _settled(work, judged)
    outside = any(item.format == FORMAT for item in files.migrations)
    project = Project(
        root=work.root,
        dialect=work.dialect,
        schema=work.schema(),
        migrations=files.migrations,
        wanted=files.wanted,
        release=files.release,
        options=work.options,
        mark=work.mark,
        replayed=live is None and not outside,
    )
    versions = {item.version for item in kept}
    return [*kept, *fix_files(project, [each for each in judged if each.migration.version not in versions])]


def _settled(work: Work, judged: Sequence[Judged]) -> list[FixedFile]:
    """Return the files that are left as they are because they may have run."""
    open_ones = [(each, found) for each in judged if (found := [*filter(fix.fixable, each.findings)])]
    ours = [(each, found) for each, found in open_ones if each.migration.format != FORMAT]
    known = changed.settled(work.root, {script.file for each, _ in ours for script in each.migration.up})
    made = []
    for each, found in ours:
        if known.issuperset(script.file for script in each.migration.up):
            for file in dict.fromkeys(item.place.file for item in found):
                data = (work.root / file).read_bytes()
                left = tuple(Left(item, _SETTLED) for item in found if item.place.file == file)
                made.append(FixedFile(file, each.migration.version, data, data, (), left))
    return made


def diff(item: FixedFile) -> str:
    """Return what changes in a file, as `git diff` shows it."""
    old, new = (text.decode("utf-8", "replace").splitlines(keepends=True) for text in (item.before, item.after))
    lines = unified_diff(old, new, f"a/{item.file}", f"b/{item.file}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _text(work: Work, judged: Judged, text: str) -> list[FixedFile]:
    """Fix what came from stdin, once: there is no file to come back to."""
    findings = [item for item in judged.findings if fix.fixable(item)]
    made = fix.fix(text.encode(), STDIN, judged.migration, findings, work.dialect)
    return [FixedFile(STDIN, judged.migration.version, text.encode(), made.data, made.done, made.left)]
