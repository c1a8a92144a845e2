"""Values and events become text: one file per output. Each of `plain`, `human` and `json` offers the same functions.

`status`, `plan`, `history`, `report` and `repairs` turn a value into text for stdout; `Progress` watches events.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol


class ReportStep(Protocol):
    """One migration that a run has done."""

    @property
    def version(self) -> str:
        """Its version."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def action(self) -> str:
        """What was done with it: apply, rollback, baseline."""

    @property
    def seconds(self) -> float:
        """How long it took."""

    @property
    def statements(self) -> int:
        """How many statements ran."""


class Report(Protocol):
    """What a run has done."""

    @property
    def steps(self) -> Sequence[ReportStep]:
        """The migrations, in order."""

    @property
    def seconds(self) -> float:
        """How long all of it took."""

    @property
    def metrics(self) -> Mapping[str, object]:
        """What the database said of itself before and after."""


class Repair(Protocol):
    """Something that `repair` would change."""

    @property
    def version(self) -> str:
        """The migration's version."""

    @property
    def what(self) -> str:
        """A sentence: what is wrong and what will be done."""

    @property
    def kind(self) -> str:
        """One of checksum, interrupted, missing, ambiguous."""

    @property
    def choices(self) -> tuple[str, ...]:
        """The answers among which the user must choose; empty when there is nothing to choose."""
