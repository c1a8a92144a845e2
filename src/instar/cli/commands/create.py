"""Write a new migration file."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from instar.cli.command import command as make
from instar.cli.invocation import Invocation
from instar.cli.options import asked as so_far
from instar.cli.output import document

if TYPE_CHECKING:
    from instar.config import Environment

SECTION = "Begin"
ALIASES = ("new", "add", "revision", "make")
EXAMPLES = (
    "instar create add_email_index_to_users",
    "instar create 'Split the name of users' --python",
    "instar create add_audit_table --template audited",
)


def _complete_template(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    del param
    from instar.errors import InstarError

    try:
        folder = so_far(ctx).settings().templates
    except InstarError:
        return []
    return sorted({path.stem for path in folder.glob(f"{incomplete}*.*") if path.is_file()})


@make(examples=EXAMPLES, aliases=ALIASES)
@click.argument("name", nargs=-1, required=True)
@click.option("--template", metavar="NAME", shell_complete=_complete_template, help="Use this template of your own.")
@click.option("--python", is_flag=True, help="Write it in Python instead of SQL.")
@click.option("-m", "--message", metavar="TEXT", default="", help="The header's description; default: from the name.")
def command(asked: Invocation, *, name: tuple[str, ...], template: str | None, python: bool, message: str) -> None:
    """Write a new migration file.

    Its name is the time in UTC and NAME in snake_case. Templates are files in migrations/templates: default.sql and
    default.py go before the built-in ones, others are used by --template.
    """
    from instar.source.create import create

    settings = asked.settings()
    _layout_of(settings)
    path = create(
        settings.directories[0],
        " ".join(name),
        template_folder=settings.templates,
        template=template or settings.template,
        python=python,
        author=_author(settings),
        description=message,
    )
    _require_fit(settings, path)
    shown = os.path.relpath(path)
    document(asked, {"path": shown, "version": path.name.partition("_")[0]}, lambda: shown)


def _layout_of(settings: "Environment") -> frozenset[str]:
    """Return the paths of the migrations that are there. Raises SourceError when the folder cannot be read as it is."""
    from instar import source

    folders = [folder for folder in settings.directories if folder.is_dir()]
    options = source.Options(root=settings.root, format=settings.format, placeholders=settings.placeholders)
    return frozenset(migration.path for migration in source.load(folders, options))


def _require_fit(settings: "Environment", path: Path) -> None:
    """Take the new file away again when the folder has another tool's layout, in which it would be a foreign body."""
    from instar.errors import SourceError, UsageError

    shown = os.path.relpath(path, settings.root)
    try:
        if shown in _layout_of(settings) or Path(shown).is_absolute():
            return
    except SourceError:
        pass
    path.unlink()
    raise UsageError(
        f"{path.parent.name} holds another tool's layout, which a new file of ours does not fit",
        hint=f"put its template into {os.path.relpath(settings.templates)}, or use another folder",
    )


def _author(settings: "Environment") -> str:
    """Return who git says is at work here, which is what the header's `author` is for; "" without git."""
    import subprocess

    folder = settings.root if settings.root.is_dir() else Path.cwd()
    try:
        answer = subprocess.run(
            ["git", "config", "user.email"],  # noqa: S607 - the git that the user has
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=5,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip()
