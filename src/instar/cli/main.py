"""The program: finds the command's file, runs it, and turns errors into messages and exit codes."""

import gc
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

import click

from instar.cli.group import Commands
from instar.cli.options import common, version

# Reading thousands of files makes hundreds of thousands of objects and no cycles: collecting less often is a fifth of
# the time of `status`.
gc.set_threshold(200_000, 20, 20)

_EPILOG = """\b
Examples:
  instar init
  instar create add_email_index_to_users
  instar plan
  instar up
  instar down

\b
Exit codes: 0 done, 1 failed, 2 usage, 3 pending (status --check), 4 findings,
5 refused, 6 locked by another migrator, 7 ambiguous, 130 interrupted."""


@click.command(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=_EPILOG,
    subcommand_metavar="COMMAND [ARGUMENTS]...",
)
@common
@version
def program() -> None:
    """Change the schema and the data of databases that are in use.

    Commands read instar.toml (or [tool.instar] in pyproject.toml), found upwards from here. Without one, DATABASE_URL
    and the folder migrations/ are enough. Options may stand before or after the command.
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with its code. A command's Ctrl-C and SIGTERM stop it in the same orderly way."""
    signal.signal(signal.SIGTERM, _interrupt)
    given = list(sys.argv[1:] if arguments is None else arguments)
    code = run(given)
    # All is said and cleared away: another Ctrl-C now must not turn the exit code into a death by signal.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # The interpreter's last collections would look at every object of a folder of thousands of files: 20 to 40 ms.
    gc.freeze()
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code."""
    from instar.cli.invocation import Invocation

    asked = Invocation(json="--json" in arguments)
    try:
        code: object = program.main(list(arguments), prog_name=_program_name(), standalone_mode=False, obj=asked)
    except Exception as error:  # noqa: BLE001 - the last place where one can become a message
        from instar.cli.failure import report

        return report(error, asked)
    return code if isinstance(code, int) else 0


def _program_name() -> str:
    name = sys.argv[0].replace("\\", "/").rpartition("/")[2]
    return name if name in ("instar", "db-migrate") else "instar"


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
