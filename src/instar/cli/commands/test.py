"""Prove on a throw-away server that migrations can be undone and applied again."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from instar.cli.command import command as make
from instar.cli.invocation import Invocation
from instar.cli.options import complete_version
from instar.cli.output import console, document, fancy

if TYPE_CHECKING:
    from collections.abc import Collection

    from instar.config import Environment
    from instar.proof import Proved
    from instar.proving import Request

SECTION = "Look"
EXAMPLES = (
    "instar test",
    "instar test --since origin/main",
    "instar test --pending --environment production     # on a server of production's version",
    "instar test 20231205060000 --server postgresql://localhost/postgres",
    "instar test --junit proofs.xml",
)
_FAILED = 4


@make(examples=EXAMPLES)
@click.argument("only", metavar="[FILE|VERSION]...", nargs=-1, shell_complete=complete_version)
@click.option("--since", metavar="REF", help="Only migrations that git says are changed or new since REF.")
@click.option("--pending", is_flag=True, help="Only what is pending in the database.")
@click.option("--server", metavar="URL", help="Make the databases on this server instead of one of its own.")
@click.option("--server-version", metavar="N", type=click.IntRange(1), help="Major version of its own server.")
@click.option("--rows", metavar="N", type=click.IntRange(0), help="Rows in every table beforehand.  [default: 20]")
@click.option("--strict", is_flag=True, help="Fail, too, where down does not bring the data back.")
@click.option("--junit", metavar="FILE", type=click.Path(dir_okay=False), help="Also write JUnit's XML there.")
def command(asked: Invocation, **given: object) -> int:
    """Prove on a throw-away server that migrations can be undone and applied again.

    All migrations are applied in order to an empty database. Each that is asked for goes up, down and up again: the
    schema after the down must be the one before, and after the second up the one after the first. Then the same with
    rows in all tables: what was in a column before must be there afterwards. Exits with 4 when a migration fails.
    """
    file = Path(str(given["junit"])).absolute() if given["junit"] else None
    if file is not None:
        _write(file, "")
    environment = asked.settings(offline=not _live(asked, given))
    proved = _proved(asked, environment, given)
    if file is not None:
        from instar.render import proof

        _write(file, proof.junit(proved) + "\n")
    _show(asked, proved)
    return _FAILED if proved.failed else 0


def _write(file: Path, text: str) -> None:
    from instar.errors import UsageError

    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from None


def _live(asked: Invocation, given: dict[str, object]) -> bool:
    return bool(given["pending"] or asked.database or asked.environment)


def _proved(asked: Invocation, environment: "Environment", given: dict[str, object]) -> "Proved":
    from instar.proving import prove

    request = _request(asked, environment, given)
    return prove(environment, request)


def _request(asked: Invocation, environment: "Environment", given: dict[str, object]) -> "Request":
    from instar import linting
    from instar.proving import Request

    configured = environment.test
    version, wanted = int(str(given["server_version"] or configured.server_version)), _wanted(environment, given)
    if _live(asked, given):
        with asked.migrator() as migrator:
            version = version or migrator.session().server.version[0]
            if given["pending"]:
                pending = {step.migration.version for step in migrator.plan().steps}
                wanted = pending if wanted is None else pending & set(wanted)
    return Request(
        wanted=wanted,
        dialect=linting.dialect_of(environment, linting.Request()),
        version=version,
        server=str(given["server"] or configured.server),
        rows=configured.rows if given["rows"] is None else int(str(given["rows"])),
        data="error" if given["strict"] else configured.data,
        budget=environment.test_budget,
    )


def _wanted(environment: "Environment", given: dict[str, object]) -> "Collection[str] | None":
    from instar.linting import chosen
    from instar.linting.places import repository

    only = given["only"]
    assert isinstance(only, tuple)
    found = chosen.choose(environment, repository(environment.root), only, str(given["since"] or ""))
    return found.wanted


def _show(asked: Invocation, proved: "Proved") -> None:
    from instar.render import proof

    if not asked.json and fancy(sys.stdout):
        console(asked, sys.stdout).print(proof.rich(proved), highlight=False, soft_wrap=True)
    else:
        document(asked, proof.document(proved), lambda: proof.text(proved))
