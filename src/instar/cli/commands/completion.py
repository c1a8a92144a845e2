"""Print the script that completes instar's commands in your shell."""

import click

from instar.cli.command import command as make
from instar.cli.invocation import Invocation

SECTION = "Tools"
EXAMPLES = (
    'eval "$(instar completion bash)"        # in ~/.bashrc',
    'eval "$(instar completion zsh)"         # in ~/.zshrc',
    "instar completion fish > ~/.config/fish/completions/instar.fish",
)


@make(examples=EXAMPLES)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, _asked: Invocation, *, shell: str) -> None:
    """Print the script that completes instar's commands in your shell.

    Completes commands, options, environments, templates, and versions of the migrations in the folder.
    """
    from click.shell_completion import get_completion_class

    program = ctx.find_root()
    name = program.info_name or "instar"
    complete = get_completion_class(shell)
    assert complete is not None
    variable = f"_{name.replace('-', '_').upper()}_COMPLETE"
    click.echo(complete(program.command, {}, name, variable).source())
