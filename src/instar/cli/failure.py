"""An exception becomes a message on stderr, with --json also an object on stdout, and an exit code."""

import sys

import click

from instar import redact
from instar.cli.invocation import Invocation
from instar.cli.output import fancy
from instar.errors import InstarError, InterruptedRunError, UsageError

_BUG = "this is a mistake in instar itself; please report it with the text above"


def report(error: BaseException, asked: Invocation) -> int:
    """Write `error` for people, and with --json for programs; return the exit code."""
    if isinstance(error, click.UsageError):
        _usage(error, asked)
        return _finish(UsageError(error.format_message()), asked)
    if isinstance(error, click.Abort):
        error = InterruptedRunError("interrupted")
    if isinstance(error, click.ClickException):
        error = UsageError(error.format_message())
    if not isinstance(error, InstarError):
        _traceback(error, asked)
        return _finish(InstarError(f"{type(error).__name__}: {error}", hint=_BUG), asked)
    _human(error, asked)
    return _finish(error, asked)


def _human(error: InstarError, asked: Invocation) -> None:
    from instar.render import problem

    for line in problem.lines(error):
        text = redact.scrub(line, asked.secrets)
        word, colon, rest = text.partition(":")
        style = {"error": "red", "hint": "cyan", "detail": "yellow"}.get(word, "")
        if colon and style and fancy(sys.stderr) and asked.colored():
            text = click.style(word + colon, fg=style, bold=True) + rest
        click.echo(text, err=True, color=True)


def _usage(error: click.UsageError, asked: Invocation) -> None:
    path = error.ctx.command_path if error.ctx else "instar"
    click.echo(redact.scrub(f"error: {error.format_message()}", asked.secrets), err=True)
    click.echo(f"hint: {path} --help shows what it understands", err=True)


def _traceback(error: BaseException, asked: Invocation) -> None:
    import traceback

    click.echo(redact.scrub("".join(traceback.format_exception(error)), asked.secrets).rstrip(), err=True)
    click.echo(f"hint: {_BUG}", err=True)


def _finish(error: InstarError, asked: Invocation) -> int:
    if asked.json:
        from instar.render import json

        click.echo(redact.scrub(json.error(error), asked.secrets))
    return error.exit_code
