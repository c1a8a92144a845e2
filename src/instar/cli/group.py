"""Commands are files: they are listed without being imported, and imported when they are called.

A command's file says three things at its top that are read as text: its sentence (first line of the module docstring),
`SECTION` (the heading that it stands under in --help), and `ALIASES` (what other tools call it).
"""

import importlib
import os
import re
from pathlib import Path
from typing import cast

import click

_FOLDER = Path(__file__).parent / "commands"
_SENTENCE = r'\A"""(.+?)\.?(?:"""|\n)'
_SECTION = r'^SECTION = "(.+)"$'
_ALIASES = r"^ALIASES = \((.*)\)$"
_SECTIONS = ("Begin", "Look", "Change", "Settle", "Tools")


class Commands(click.Group):
    """A group whose commands are the files of `cli/commands`, and plug-ins' entry points `instar.cli.commands`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, without importing any."""
        del ctx
        return sorted({*_own(), *_plugins()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's file; None when there is none."""
        del ctx
        name = _resolve(cmd_name)
        if name in _own():
            module = importlib.import_module(f"instar.cli.commands.{name.replace('-', '_')}")
        elif name in _plugins():
            module = importlib.import_module(_plugins()[name])
        else:
            return None
        return cast("click.Command", module.command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or fail with the nearest name."""
        name = args[0]
        command = self.get_command(ctx, name)
        if command is None and not name.startswith("-"):
            ctx.fail(f"there is no command {name!r}{_nearest(name)}")
        if command is None:
            return super().resolve_command(ctx, args)
        return command.name, command, args[1:]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands under their headings."""
        del ctx
        rows: dict[str, list[tuple[str, str]]] = {}
        for name in _own():
            text = _text(name)
            rows.setdefault(_found(_SECTION, text) or "Tools", []).append((name, _found(_SENTENCE, text)))
        if _plugins():
            rows["Plug-ins"] = [(name, module) for name, module in sorted(_plugins().items())]
        for section in sorted(rows, key=lambda title: (title not in _SECTIONS, (*_SECTIONS, title).index(title))):
            with formatter.section(section):
                formatter.write_dl(rows[section])


def aliases(name: str) -> tuple[str, ...]:
    """Return what other tools call the command `name`."""
    return tuple(re.findall(r'"([^"]+)"', _found(_ALIASES, _text(name))))


def _own() -> list[str]:
    files = (entry.name for entry in os.scandir(_FOLDER))
    return sorted(file[:-3].replace("_", "-") for file in files if file.endswith(".py") and not file.startswith("_"))


def _plugins() -> dict[str, str]:
    from importlib.metadata import entry_points

    return {entry.name: entry.value for entry in entry_points(group="instar.cli.commands")}


def _resolve(word: str) -> str:
    own = _own()
    return word if word in own else next((name for name in own if word in aliases(name)), word)


def _nearest(word: str) -> str:
    from instar.registry import did_you_mean

    others = {alias: name for name in _own() for alias in aliases(name)}
    hint = did_you_mean(word, [*_own(), *others])
    return f"; {hint}" if "did you mean" in hint else ""


def _text(name: str) -> str:
    return (_FOLDER / f"{name.replace('-', '_')}.py").read_text(encoding="utf-8")


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.MULTILINE)
    return match[1] if match else ""
