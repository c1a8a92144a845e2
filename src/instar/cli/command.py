"""A command: its own options first in the help, then those of all commands, then examples and other tools' words."""

from collections.abc import Callable, Sequence
from typing import Any

import click

from instar.cli.options import common, is_common


class Command(click.Command):
    """A click command with `examples`, and `aliases` that it also answers to."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), aliases: Sequence[str] = (), **extra: Any) -> None:
        super().__init__(*args, **extra)
        self.examples = examples
        self.aliases = aliases

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command's own options and those of all commands apart."""
        parameters = [parameter for parameter in self.get_params(ctx) if isinstance(parameter, click.Option)]
        for title, wanted in (("Options", False), ("Options of all commands", True)):
            records = [parameter.get_help_record(ctx) for parameter in parameters if is_common(parameter) is wanted]
            rows = [record for record in records if record]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples and the aliases."""
        super().format_epilog(ctx, formatter)
        if self.examples:
            with formatter.section("Examples"):
                for example in self.examples:
                    formatter.write(f"{'':>{formatter.current_indent}}{example}\n")
        if self.aliases:
            formatter.write_paragraph()
            formatter.write_text(f"Also answers to: {', '.join(self.aliases)}.")


def command(*, examples: Sequence[str] = (), aliases: Sequence[str] = ()) -> Callable[[Callable[..., Any]], Command]:
    """Make a function the command of its file: with the options of all commands, and the Invocation given to it."""

    def decorate(function: Callable[..., Any]) -> Command:
        name = function.__module__.rpartition(".")[2].replace("_", "-")
        prepared = common(click.pass_obj(function))
        return click.command(name, cls=Command, examples=examples, aliases=aliases)(prepared)

    return decorate
