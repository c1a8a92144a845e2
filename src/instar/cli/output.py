"""Where text goes: results to stdout, progress and errors to stderr; JSON, lines, or a terminal's full means."""

import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Literal, Protocol, TextIO, cast

from instar.cli.invocation import Invocation

if TYPE_CHECKING:
    from rich.console import Console

    from instar.events import Event

Kind = Literal["status", "plan", "history", "report", "repairs"]
Watch = Callable[["Event"], None]


class _Renderer(Protocol):
    status: Callable[[Any], Any]
    plan: Callable[[Any], Any]
    history: Callable[[Any], Any]
    report: Callable[[Any], Any]
    repairs: Callable[[Any], Any]


def show(asked: Invocation, kind: Kind, value: object) -> None:
    """Write a result to stdout in the form that was asked for."""
    if not asked.json and fancy(sys.stdout):
        from instar.render import human

        console(asked, sys.stdout).print(getattr(human, kind)(value), highlight=False)
        return
    sys.stdout.write(f"{getattr(_renderer(asked), kind)(value)}\n")
    sys.stdout.flush()


def progress(asked: Invocation) -> AbstractContextManager[Watch | None]:
    """Return what watches a run: lines of JSON on stdout, a bar or lines on stderr, or nothing with --quiet."""
    if asked.json:
        from instar.render import json

        return json.Progress(_writer(sys.stdout))
    if asked.quiet:
        return nullcontext()
    if fancy(sys.stderr):
        from instar.render import human

        return human.Progress(console(asked, sys.stderr))
    from instar.render.progress import Progress

    return Progress(_writer(sys.stderr))


def fancy(stream: TextIO) -> bool:
    """Tell whether `stream` is a terminal that can show more than lines."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def console(asked: Invocation, stream: TextIO) -> "Console":
    """Return a console on `stream`."""
    from rich.console import Console

    return Console(file=stream, no_color=not asked.colored() or None, soft_wrap=False)


def document(asked: Invocation, value: object, lines: Callable[[], str]) -> None:
    """Write `value` as JSON when that was asked for, else what `lines` returns."""
    if asked.json:
        from instar.render import json

        sys.stdout.write(json.pretty(value) + "\n")
    elif text := lines():
        sys.stdout.write(text + "\n")


def say(asked: Invocation, text: str, *, result: bool = False) -> None:
    """Write a sentence: a `result` to stdout, anything else to stderr unless --quiet. With --json nothing."""
    if asked.json or (asked.quiet and not result):
        return
    stream = sys.stdout if result else sys.stderr
    stream.write(f"{text}\n")
    stream.flush()


def _renderer(asked: Invocation) -> _Renderer:
    if asked.json:
        from instar.render import json

        return cast("_Renderer", json)
    from instar.render import plain

    return cast("_Renderer", plain)


def _writer(stream: TextIO) -> Callable[[str], None]:
    def write(text: str) -> None:
        stream.write(text)
        stream.flush()

    return write
