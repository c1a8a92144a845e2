"""Write a new migration file."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from instar.cli.command import command as make
from instar.cli.invocation import Invocation
from instar.cli.options import asked as so_far
from instar.cli.output import document, say

if TYPE_CHECKING:
    from instar.config import Environment
    from instar.schemas import Comparison, Draft

SECTION = "Begin"
ALIASES = ("new", "add", "revision", "make")
EXAMPLES = (
    "instar create add_email_index_to_users",
    "instar create 'Split the name of users' --python",
    "instar create add_audit_table --template audited",
    "instar create take_over_hotfix --from-diff postgresql:///shop",
    "instar create add_invoices --models shop.models:Base",
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
@click.option("--from-diff", metavar="TARGET", help="Draft up and down: from what the migrations make to TARGET.")
@click.option("--models", metavar="MODULE:METADATA", help="Draft up and down: to what these SQLAlchemy models declare.")
@click.option("--server", metavar="URL", help="Replay on this server instead of one of its own.")
def command(
    asked: Invocation,
    *,
    name: tuple[str, ...],
    template: str | None,
    python: bool,
    message: str,
    from_diff: str | None,
    models: str | None,
    server: str | None,
) -> None:
    """Write a new migration file.

    Its name is the time in UTC and NAME in snake_case. Templates are files in migrations/templates: default.sql and
    default.py go before the built-in ones, others are used by --template.

    --from-diff and --models replay the migrations on a throw-away server and write what is missing to TARGET (a
    database URL, an environment, a dump) or to the models. Read the draft: what is not safe to say is a comment in it.
    """
    from instar.source.create import create

    settings = asked.settings(offline=True)
    found = _compared(asked, settings, from_diff, models, server or "", python=python)
    if found is not None and not found.difference.real:
        document(asked, {"path": None, "version": None}, str)
        say(asked, f"the migrations make what {found.difference.labels[1]} has: there is nothing to write")
        return
    draft = None if found is None else _drafted(found)
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
    if draft is not None:
        _fill(asked, draft, path)
    shown = os.path.relpath(path)
    document(asked, {"path": shown, "version": path.name.partition("_")[0]}, lambda: shown)


def _compared(
    asked: Invocation, settings: "Environment", target: str | None, models: str | None, server: str, *, python: bool
) -> "Comparison | None":
    """Return what is to be made up for by the file, None for an empty one."""
    if target is None and models is None:
        return None
    from instar.errors import UsageError
    from instar.schemas import Target, compare, targets

    if python or (target and models):
        given = "--python" if python else "--models"
        raise UsageError(f"{given} and {'--from-diff' if target else '--models'} exclude each other")
    here = Target("migrations", "the migrations", settings)
    wanted = targets.understand(target or f"{targets.MODELS}{models}", asked.configuration(), settings)
    asked.hide(target or "", server, wanted.environment.url)
    return compare(here, wanted, server=server)


def _drafted(found: "Comparison") -> "Draft":
    from instar.schemas import draft

    return draft(found)


def _fill(asked: Invocation, draft: "Draft", path: Path) -> None:
    from instar.errors import UsageError

    try:
        draft.fill(path)
    except UsageError:
        path.unlink()
        raise
    for reason in draft.unsaid:
        say(asked, f"note: {reason}")


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
