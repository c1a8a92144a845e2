"""What `instar verify` found: a check with its outcome for all that a migration, or its rollback, should leave."""

from enum import StrEnum

from msgspec import Struct

from instar.model import Action


class Status(StrEnum):
    """The outcome of a check. What could not be looked at is not checked: it is never a PASS."""

    PASS = "PASS"  # noqa: S105
    FAIL = "FAIL"
    ERROR = "ERROR"
    NOT_CHECKED = "not checked"


class Check(Struct, frozen=True):
    """One thing that was looked at: `check` says what should be, `message` what is, or why nobody can say."""

    check: str
    status: Status
    message: str = ""


class Verification(Struct, frozen=True):
    """All checks of one migration after `action` (apply or rollback)."""

    version: str
    name: str
    action: Action
    checks: tuple[Check, ...]
    seconds: float = 0.0

    def count(self, status: Status) -> int:
        """Return how many checks had that outcome."""
        return sum(item.status is status for item in self.checks)

    @property
    def failed(self) -> bool:
        """Whether something is not as it should be."""
        return self.count(Status.FAIL) > 0

    @property
    def erroneous(self) -> bool:
        """Whether a check could not be carried out."""
        return self.count(Status.ERROR) > 0
