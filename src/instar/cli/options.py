"""The options that every command takes, before or after its name, and how their values are read."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

import instar
from instar.cli.invocation import Invocation

F = TypeVar("F", bound=Callable[..., Any])


def common(function: F) -> F:
    """Add the options of all commands; their values go into the Invocation, not to the function."""
    for option in reversed(_COMMON):
        function = option(function)
    return function


def is_common(parameter: click.Parameter) -> bool:
    """Tell whether all commands have this option."""
    return isinstance(parameter, click.Option) and (parameter.callback is _remember or "--help" in parameter.opts)


def version(function: F) -> F:
    """Add --version."""
    return click.version_option(instar.__version__, "-V", "--version", message="%(prog)s %(version)s")(function)


class DurationType(click.ParamType[float]):
    """A duration: "100ms", "30s", "5m", "1h" or seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds."""
        from instar.config.duration import parse

        try:
            return parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


DURATION = DurationType()


def asked(ctx: click.Context) -> Invocation:
    """Return what was asked for so far, for completion."""
    return ctx.find_object(Invocation) or Invocation()


def complete_version(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the versions of the migrations in the folder, without a database."""
    del param
    from instar.errors import InstarError

    try:
        folders = asked(ctx).settings().directories
    except InstarError:
        return []
    names = {path.name.partition("_")[0] for folder in folders if folder.is_dir() for path in folder.iterdir()}
    return sorted(name for name in names if name[:1].isdigit() and name.startswith(incomplete))


def _remember(ctx: click.Context, param: click.Parameter, value: object) -> None:
    """Keep what was given; what stands after the command goes before what stands before it."""
    if value:
        setattr(ctx.ensure_object(Invocation), param.name or "", value)


def _complete_environment(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    del param
    from instar.errors import InstarError

    try:
        names = asked(ctx).configuration().environments()
    except InstarError:
        return []
    return [name for name in names if name.startswith(incomplete)]


def _option(*names: str, **attributes: Any) -> Callable[[F], F]:
    return click.option(*names, expose_value=False, callback=_remember, **attributes)


_COMMON = (
    _option("--config", metavar="FILE", type=click.Path(dir_okay=False), help="Use this configuration file."),
    _option(
        "-e",
        "--environment",
        metavar="NAME",
        shell_complete=_complete_environment,
        help="Use this environment of the configuration.  [env: INSTAR_ENVIRONMENT]",
    ),
    _option(
        "-d", "--database", metavar="URL", help="Use this database; '${NAME}' in it is filled in.  [env: DATABASE_URL]"
    ),
    _option(
        "--directory",
        metavar="DIR",
        type=click.Path(),
        multiple=True,
        help="Folder of the migrations; may be repeated.",
    ),
    _option("--json", is_flag=True, help="Write the result as JSON."),
    _option("-q", "--quiet", is_flag=True, help="No progress, only results and errors."),
    _option("--no-color", is_flag=True, help="No colours.  [env: NO_COLOR]"),
)
