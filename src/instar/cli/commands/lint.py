"""Judge migrations before they run: what blocks, breaks or loses."""

import os
from typing import TYPE_CHECKING

import click

from instar.cli.command import command as make
from instar.cli.invocation import Invocation
from instar.cli.options import complete_version

if TYPE_CHECKING:
    from pathlib import Path

    from instar.config import Environment
    from instar.judgement import Verdicts
    from instar.lint.fix import Left
    from instar.lint.fixing import FixedFile
    from instar.linting import Request
    from instar.render.outputs import Result

SECTION = "Look"
EXAMPLES = (
    "instar lint",
    "instar lint --since origin/main",
    "instar lint --database postgresql:///shop          # sizes, and what is pending there",
    "instar lint migrations/20231205060000_split_name.sql --fix --dry-run",
    "instar lint --format sarif=lint.sarif --format github",
    "instar lint --write-baseline                       # from now on only new findings count",
)
_STDIN = "-"


def _complete_rule(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    del ctx, param
    from instar.linting import rule_names

    return [name for name in rule_names() if name.startswith(incomplete)]


def _complete_format(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    del ctx, param
    return [name for name in _formats() if name.startswith(incomplete)]


@make(examples=EXAMPLES)
@click.argument("only", metavar="[FILE|VERSION]...", nargs=-1, shell_complete=complete_version)
@click.option("--since", metavar="REF", help="Only files that git says are changed or new since REF; one release.")
@click.option("--staged", is_flag=True, help="Only files that the next commit takes, as git has them in its index.")
@click.option("--fix", is_flag=True, help="Write the rewrites that leave provably the same schema.")
@click.option("--dry-run", is_flag=True, help="With --fix: show what would be written.")
@click.option("--force", is_flag=True, help="With --fix: also what is committed, which may be applied somewhere.")
@click.option("--rule", "rules", metavar="NAME", multiple=True, shell_complete=_complete_rule, help="Only this rule.")
@click.option(
    "--fail-on",
    "--severity",
    type=click.Choice(["error", "warning", "info", "never"]),
    help="Exit with 4 at findings of this weight or more.  [default: warning]",
)
@click.option("--strict", is_flag=True, help="Findings count too where a fact is missing that would decide.")
@click.option(
    "--baseline",
    metavar="[FILE]",
    is_flag=False,
    flag_value="",
    help="File of findings that do not count.  [default: instar-lint-baseline.toml if it is there]",
)
@click.option("--write-baseline", is_flag=True, help="Write what is found now into that file.")
@click.option("--dialect", metavar="NAME", help="postgresql, mysql, mariadb or sqlite, where no URL tells.")
@click.option("--server-version", metavar="N", help="Major version of the server.")
@click.option(
    "--format",
    "formats",
    metavar="NAME[=FILE]",
    multiple=True,
    shell_complete=_complete_format,
    help="human, json, sarif, github, gitlab, junit or markdown; may be repeated.",
)
@click.option("-o", "--output", metavar="FILE", type=click.Path(dir_okay=False), help="Write the result there.")
def command(asked: Invocation, **given: object) -> int:
    """Judge migrations before they run: what blocks, breaks or loses.

    Without a database all migrations are replayed in memory, so that each is judged on what the earlier ones made. With
    --database or --environment it is what is pending there, on the live catalog with its sizes. FILE may be any SQL
    file, a folder, or - for stdin. Exits with 4 when something is found.
    """
    options = _Options(asked, given)
    if options.fix:
        return _fix(asked, options)
    verdicts = _judge(asked, options, options.request())
    if given["write_baseline"]:
        return _write_baseline(asked, options, verdicts)
    return _report(asked, options, verdicts)


class _Options:
    """What was given on the command line, read and checked."""

    def __init__(self, asked: Invocation, given: dict[str, object]) -> None:
        from instar.errors import UsageError

        self.environment = asked.settings(offline=not self._live(asked))
        self.live = self._live(asked)
        self.strict = bool(given["strict"])
        self.fix, self.dry_run = bool(given["fix"]), bool(given["dry_run"])
        if self.dry_run and not self.fix:
            raise UsageError("--dry-run shows what --fix would write", hint="instar lint --fix --dry-run")
        self.force = bool(given["force"])
        if self.force and not self.fix:
            raise UsageError("--force is for --fix", hint="instar lint --fix --force")
        if given["staged"] and given["since"]:
            raise UsageError("--staged and --since do not go together", hint="instar lint --staged")
        self.baseline = given["baseline"]
        self.partial = bool(given["only"] or given["since"] or given["staged"] or given["rules"] or self.live)
        self.fail_on = str(given["fail_on"] or self.environment.lint.fail_on)
        self.formats = _wanted(asked, given)
        self._given = given

    @staticmethod
    def _live(asked: Invocation) -> bool:
        return bool(asked.database or asked.environment)

    def request(self) -> "Request":
        """Return what is asked of lint."""
        from instar.linting import Request

        given = self._given
        names = given["only"]
        assert isinstance(names, tuple)
        rules = given["rules"]
        assert isinstance(rules, tuple)
        baseline = self.environment.lint.baseline if self.baseline == "" else self.baseline
        return Request(
            only=names if not self.live else tuple(map(_absolute, names)),
            since=str(given["since"] or ""),
            staged=bool(given["staged"]),
            text=_stdin() if _STDIN in names else "",
            rules=rules,
            live=self.live,
            dialect=str(given["dialect"] or ""),
            server_version=_major(str(given["server_version"] or "0")),
            baseline="" if given["write_baseline"] else str(baseline) if baseline is not None else None,
            quoted=any(_quotes(name) for name, _ in self.formats),
        )


def _absolute(name: str) -> str:
    """Return an existing file so that it is found after the program has gone to the project's folder."""
    return os.path.abspath(name) if name != _STDIN and os.path.exists(name) else name  # noqa: PTH100, PTH110


def _stdin() -> str:
    import sys

    return sys.stdin.buffer.read().decode("utf-8-sig", errors="replace")


def _major(version: str) -> int:
    from instar.errors import UsageError

    number = version.partition(".")[0]
    if not number.isdigit():
        raise UsageError(f"{version!r} is no version of a server", hint="write its major version: --server-version 16")
    return int(number)


def _formats() -> list[str]:
    from instar import registry
    from instar.render import outputs

    return registry.names(outputs)


def _wanted(asked: Invocation, given: dict[str, object]) -> list[tuple[str, str]]:
    """Return pairs of format and file ("": stdout)."""
    from instar.errors import UsageError

    formats, output = given["formats"], str(given["output"] or "")
    assert isinstance(formats, tuple)
    default = ("json",) if asked.json else ("human",)
    pairs = [(name, file or output) for name, _, file in (each.partition("=") for each in formats or default)]
    if sum(not file for _, file in pairs) > 1 or (output and sum(file == output for _, file in pairs) > 1):
        raise UsageError("two formats go to the same place", hint="name a file: --format sarif=lint.sarif")
    return pairs


def _quotes(name: str) -> bool:
    from instar import registry
    from instar.render import outputs

    return getattr(registry.load(outputs, name), "QUOTES", False)


def _judge(asked: Invocation, options: _Options, request: "Request") -> "Verdicts":
    if not options.live:
        from instar.linting import lint

        return lint(options.environment, request)
    with asked.migrator() as migrator:
        return migrator.lint(request)


def _report(asked: Invocation, options: _Options, verdicts: "Verdicts") -> int:
    from instar.lint.about import about
    from instar.model import Severity
    from instar.render.outputs import Result

    weight = None if options.fail_on == "never" else Severity(options.fail_on)
    result = Result(verdicts, verdicts.failing(weight, strict=options.strict), about)
    for name, file in options.formats:
        _write(asked, name, file, result)
    return 4 if result.failing else 0


def _write(asked: Invocation, name: str, file: str, result: "Result") -> None:
    import sys

    from instar import registry
    from instar.cli.output import console, fancy
    from instar.render import outputs

    output = registry.load(outputs, name)
    if file:
        _save(file, f"{output.text(result)}\n".encode())
    elif name == "human" and fancy(sys.stdout):
        console(asked, sys.stdout).print(output.rich(result), highlight=False, soft_wrap=True)
    elif not (asked.quiet and name == "human" and not result.verdicts.counted):
        sys.stdout.write(output.text(result) + "\n")
        sys.stdout.flush()


def _save(file: "str | Path", data: bytes) -> None:
    from pathlib import Path

    from instar.errors import UsageError

    try:
        Path(file).write_bytes(data)
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from None


def _write_baseline(asked: Invocation, options: _Options, verdicts: "Verdicts") -> int:
    from instar.cli.output import document
    from instar.lint import baseline

    path = _baseline_file(options.environment, str(options.baseline or ""))
    found = [item for item in verdicts.findings if not item.suppressed]
    known = baseline.load(path) if path.is_file() and options.partial else None
    _save(path, baseline.dump(found, known).encode())
    said = f"{path.name}: {len(found)} finding{'s' if len(found) != 1 else ''} that will not count from now on"
    document(asked, {"written": path.name, "findings": len(found)}, lambda: said)
    return 0


def _baseline_file(environment: "Environment", named: str) -> "Path":
    return environment.root / (named or environment.lint.baseline)


def _fix(asked: Invocation, options: _Options) -> int:
    """Write the rewrites, and judge what is there then."""
    request = options.request()
    found = _fixed(asked, options, request)
    if asked.json or options.dry_run or request.text:
        _show_fixed(asked, found, written=not options.dry_run)
    if not options.dry_run:
        _write_fixed(asked, options, found)
    _say_left(asked, found)
    if asked.json or options.dry_run or request.text:
        return 0
    return _report(asked, options, _judge(asked, options, request))


def _fixed(asked: Invocation, options: _Options, request: "Request") -> "list[FixedFile]":
    from instar.linting.fixing import fixed

    if not options.live:
        return fixed(options.environment, request, force=options.force)
    with asked.migrator() as migrator:
        return fixed(options.environment, request, migrator.live())


def _write_fixed(asked: Invocation, options: _Options, found: "list[FixedFile]") -> None:
    from instar.cli.output import say
    from instar.linting.places import repository
    from instar.source.loose import STDIN

    root = repository(options.environment.root)
    for item in found:
        if item.changed and item.file != STDIN:
            _save(root / item.file, item.after)
            proof = f"; the same schema on {item.proof}" if item.proof else f"; not tried: {item.unproved}"
            say(asked, f"fixed {item.file}: {', '.join(each.rule for each in item.done)}{proof}")
    if any(item.changed for item in found) and not (options.live or options.force or (root / ".git").exists()):
        say(asked, "there is no git to tell whether what was fixed is applied already: instar status does")


def _say_left(asked: Invocation, found: "list[FixedFile]") -> None:
    from instar.cli.output import say

    for item in found:
        for left in item.left:
            say(asked, f"left {item.file}:{left.finding.place.line} {left.finding.rule}: {left.reason}")


def _show_fixed(asked: Invocation, found: "list[FixedFile]", *, written: bool) -> None:
    """Show differences as a patch; with --json as a document; of what came from stdin the text."""
    from instar.cli.output import document
    from instar.linting.fixing import diff
    from instar.source.loose import STDIN

    files = [
        {
            "file": item.file,
            "fixed": [each.rule for each in item.done],
            "left": [_left(each) for each in item.left],
            "proof": item.proof or None,
            "diff": diff(item),
        }
        for item in found
    ]

    def lines() -> str:
        texts = (item.after.decode() if item.file == STDIN and written else diff(item) for item in found)
        return "".join(texts).removesuffix("\n")

    document(asked, {"written": written, "files": files}, lines)


def _left(item: "Left") -> dict[str, object]:
    return {"rule": item.finding.rule, "line": item.finding.place.line, "reason": item.reason}
