"""Write the schema as SQL that makes it: the same text every time."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from instar.cli.command import command as make
from instar.cli.invocation import Invocation
from instar.cli.output import document, say

if TYPE_CHECKING:
    from instar.schemas import Reading

SECTION = "Look"
EXAMPLES = (
    "instar dump --output schema.sql",
    "instar dump --check --output schema.sql         # in CI: exits with 4 when the file is stale",
    "instar dump migrations --output schema.sql      # without a database: replayed on a throw-away server",
)
_STALE = 4


@make(examples=EXAMPLES)
@click.argument("target", required=False)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, resolve_path=True),
    help="Write it there instead of to stdout.",
)
@click.option("--check", is_flag=True, help="Write nothing; exit with 4 when FILE is not what would be written.")
@click.option("--server", metavar="URL", help="Replay on this server instead of one of its own.")
def command(asked: Invocation, *, target: str | None, output: str | None, check: bool, server: str | None) -> int:
    """Write the schema as SQL that makes it: the same text every time.

    TARGET is a database URL, an environment, a folder of migrations, or another dump; the environment's database when
    it is left out. The text depends on nothing but the schema, and loads into an empty database, by instar or by the
    engine's own program. Roles must be there. Passwords of user mappings are written as ***.
    """
    from instar.errors import UsageError
    from instar.schema.dump import dump

    if check and not output:
        raise UsageError("--check needs a file to look at", hint="instar dump --check --output schema.sql")
    found = _read(asked, target, server or "")
    text = dump(found.snapshot, found.dialect)
    if output and check:
        return _check(asked, text, Path(output))
    if output:
        _write(text, Path(output))
        say(asked, f"written to {Path(output).name}")
    value = {"sql": text, "digest": found.snapshot.digest, "file": output}
    document(asked, value, lambda: "" if output else text.rstrip("\n"))
    return 0


def _read(asked: Invocation, target: str | None, server: str) -> "Reading":
    from instar.schemas import Target, read, targets

    asked.hide(target or "", server)
    asked.settle(target or "")
    environment = asked.settings(offline=target is not None)
    if target is None:
        return read(Target("database", environment.name, environment))
    wanted = targets.understand(target, asked.configuration(), environment)
    asked.hide(wanted.environment.url)
    return read(wanted, server=server)


def _check(asked: Invocation, text: str, path: Path) -> int:
    stale = not path.is_file() or path.read_text(encoding="utf-8") != text
    said = f"{path.name} is {'stale' if stale else 'up to date'}"
    document(asked, {"file": str(path), "stale": stale}, lambda: said)
    if stale:
        say(asked, f"hint: instar dump --output {path.name} writes it anew")
    return _STALE if stale else 0


def _write(text: str, path: Path) -> None:
    from instar.errors import UsageError

    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None
