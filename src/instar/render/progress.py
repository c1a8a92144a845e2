"""Lines that tell how a run goes, for pipes, files and CI logs. Apart from `plain`: `status` need not import it."""

from collections.abc import Callable
from functools import singledispatch
from typing import Self

from instar import events
from instar.render import _words, verification
from instar.render.problem import refusals


@singledispatch
def said(event: events.Event) -> str:
    """Say an event in one line or several; "" for one that is not worth a line."""
    del event
    return ""


class Progress:
    """Writes a line per migration: its first half when it begins, its second when it ends."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._open = ""

    def __call__(self, happened: events.Event) -> None:
        """Show what happened."""
        if isinstance(happened, events.MigrationStarted):
            self._open = _beginning(happened)
            self._write(f"{self._open} ...")
        elif isinstance(happened, events.MigrationFinished):
            self._end(f" {_words.took(happened.seconds)}")
        elif isinstance(happened, events.MigrationFailed):
            self._end(f" failed after {_words.took(happened.seconds)}")
        elif text := said(happened):
            self._between(text)

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_error: object) -> None:
        """End a line that is not complete."""
        if self._open:
            self._write("\n")

    def _end(self, text: str) -> None:
        self._write(f"{text}\n")
        self._open = ""

    def _between(self, text: str) -> None:
        if not self._open:
            self._write(f"{text}\n")
            return
        indented = text.replace("\n", "\n      ")
        self._write(f"\n      {indented}\n{self._open} ...")


def _beginning(started: events.MigrationStarted) -> str:
    width = len(str(started.total))
    resumed = f" from statement {started.resumed_at + 1}" if started.resumed_at else ""
    return (
        f"[{started.number:>{width}}/{started.total}] {_words.doing(started.action)} {started.migration.label}{resumed}"
    )


@said.register
def _(event: events.LockWaiting) -> str:
    return f"waiting for another migrator: {event.holder}"


@said.register
def _(event: events.PolicyOverridden) -> str:
    return "\n".join([f"policy of {event.environment} overridden: {event.reason}", *refusals(event.refusals)])


@said.register
def _(event: events.RunStarted) -> str:
    return f"{_words.count(len(event.plan.steps), 'migration')} to do on {event.server}"


@said.register
def _(event: events.Verified) -> str:
    return verification.short(event.verification)


@said.register
def _(event: events.Notice) -> str:
    detail = f"\n  {event.detail}" if event.detail else ""
    return f"{event.severity}: {event.message}{detail}"


@said.register
def _(event: events.Blocked) -> str:
    return "\n".join(f"blocked by {_words.blocker_line(blocker)}" for blocker in event.blockers)


@said.register
def _(event: events.Retrying) -> str:
    return f"{event.message}; try {event.attempt + 1} in {_words.took(event.pause)}"
