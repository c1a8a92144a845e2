"""Begin a project: instar.toml and a folder for migrations."""

import os
import re
from pathlib import Path
from string import Template

import click

from instar.cli.command import command as make
from instar.cli.invocation import Invocation
from instar.cli.output import document

SECTION = "Begin"
EXAMPLES = (
    "instar init",
    "instar init --database postgresql://localhost/shop",
    "instar init --directory db/migrations --format dbmate",
)
_TEMPLATE = Path(__file__).parent.parent / "instar.toml.template"
_IGNORED = (".instar/", ".env")


@make(examples=EXAMPLES)
@click.option("--format", "layout", metavar="NAME", default="", help="Layout of the files; default: detected.")
def command(asked: Invocation, *, layout: str) -> None:
    """Begin a project: instar.toml and a folder for migrations.

    Nothing that exists is overwritten. A URL with a password goes into .env, which git ignores, and not into the
    configuration.
    """
    folder = asked.directory[0] if asked.directory else "migrations"
    _require_format(layout)
    done = [*_write_config(asked, folder, layout), *_make_folder(Path(folder)), *_ignore()]
    document(asked, {"written": done}, lambda: "\n".join([*(f"wrote {path}" for path in done), *_next()]))


def _require_format(layout: str) -> None:
    if layout:
        from instar import registry
        from instar.source import formats

        registry.load(formats, layout)


def _write_config(asked: Invocation, folder: str, layout: str) -> list[str]:
    from instar.errors import UsageError

    path = Path(asked.config or "instar.toml")
    if path.exists():
        raise UsageError(f"{path} exists already", hint="change it with an editor; instar config shows what it means")
    written = _write_secret(asked.database) if asked.database else []
    url = "${DATABASE_URL}" if written or not asked.database else asked.database
    text = Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        directory=_quoted(folder),
        format=_quoted(layout),
        url=_quoted(url),
        comment="# " if not asked.database else "",
    )
    path.write_text(text, encoding="utf-8")
    return [str(path), *written]


def _write_secret(url: str) -> list[str]:
    """Put a URL with a password into .env; return what was written."""
    from instar.errors import UsageError
    from instar.redact import secrets

    if not secrets(url):
        return []
    path = Path(".env")
    if path.exists():
        raise UsageError(
            "the URL holds a password, which belongs into .env, and .env exists already",
            hint="write DATABASE_URL=... there yourself, then run instar init without --database",
        )
    path.touch(mode=0o600)
    escaped = re.sub(r'[\\"$]', r"\\\g<0>", url)
    path.write_text(f'DATABASE_URL="{escaped}"\n', encoding="utf-8")
    return [str(path)]


def _make_folder(folder: Path) -> list[str]:
    if folder.is_dir():
        return []
    folder.mkdir(parents=True)
    (folder / ".gitkeep").touch()
    return [f"{folder}{os.sep}"]


def _ignore() -> list[str]:
    path = Path(".gitignore")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    missing = [name for name in _IGNORED if name not in lines]
    if missing:
        path.write_text("\n".join([*lines, *missing]) + "\n", encoding="utf-8")
    return [str(path)] if missing else []


def _quoted(text: str) -> str:
    """Return `text` as a TOML string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _next() -> list[str]:
    return ["", "next: instar create NAME, then instar plan and instar up"]
