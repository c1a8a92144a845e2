"""What differs between two schemas: a tree for people, lines for files, a document for programs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from instar import difference as values
from instar.difference import Change, Difference, What
from instar.render import _words

if TYPE_CHECKING:
    from rich.console import Group

_STYLES = {What.ADDED: "green", What.REMOVED: "red", What.CHANGED: "yellow"}
_SAME = "no difference"


def text(found: Difference, notes: Sequence[str] = ()) -> str:
    """Return the tree and a line that counts."""
    return "\n".join([*found.lines(), summary(found), *(f"note: {note}" for note in notes)])


def rich(found: Difference, notes: Sequence[str] = ()) -> "Group":
    """Return the same for a terminal, with colours."""
    from rich.console import Group
    from rich.text import Text

    lines = [Text(f"{'  ' * depth}{line}", style=_style(change)) for depth, change, line in values.rows(found)]
    said = Text(summary(found), style="bold" if found.real else "bold green")
    return Group(*lines, said, *(Text(f"note: {note}", style="dim") for note in notes))


def value(found: Difference, notes: Sequence[str] = ()) -> dict[str, object]:
    """Return what `--json` writes."""
    return {**values.document(found), "notes": list(notes)}


def summary(found: Difference) -> str:
    """Say how much differs: "2 objects differ, 1 of them benign"."""
    if not found:
        return _SAME
    number, benign = found.shown, found.benign.shown
    said = f"{_words.count(number, 'object')} {'differs' if number == 1 else 'differ'}"
    if not benign:
        return said
    return f"{said}, which is benign" if not found.real else f"{said}, {benign} of them benign"


def _style(change: Change | None) -> str:
    if change is None:
        return "dim"
    return "dim" if change.benign else _STYLES[change.what]
