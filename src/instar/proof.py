"""What `instar test` has proved of a migration: its verdict, what differs, what the server said, how long it took."""

from enum import StrEnum

from msgspec import Struct

from instar.difference import Difference
from instar.model import Place


class Verdict(StrEnum):
    """What came of up, down, up."""

    RESTORES = "restores"
    """Down leaves the schema as it was before, and up can be applied again."""
    BENIGN = "benign"
    """The same, but for what does not count: the order of columns, names that the server makes."""
    LOSES = "loses data"
    """The schema is restored, the content of a column or table that was there before is not."""
    DIFFERS = "differs"
    """Down runs, and leaves another schema than before."""
    EMPTY = "does nothing"
    """Up changes the schema, down changes nothing."""
    FAILS = "down fails"
    AGAIN_FAILS = "up again fails"
    AGAIN_DIFFERS = "up again differs"
    NOT_IDEMPOTENT = "not idempotent"
    """Down was declared to be idempotent, and is refused or changes something when it runs again."""
    SLOW = "too slow"
    """It takes longer than its budget."""
    UP_FAILS = "up fails"
    IRREVERSIBLE = "irreversible"
    """Declared to be so, by its header or by a down that raises."""
    NO_DOWN = "no down"
    APPLIED = "applied"
    """Nothing is to be undone: a repeatable, a baseline."""
    NOT_RUN = "not run"
    """An earlier migration could not be applied."""


FAILING = frozenset(
    {Verdict.DIFFERS, Verdict.EMPTY, Verdict.FAILS, Verdict.AGAIN_FAILS, Verdict.AGAIN_DIFFERS}
    | {Verdict.NOT_IDEMPOTENT, Verdict.SLOW, Verdict.UP_FAILS}
)
"""The verdicts that make the call fail, whatever is configured."""


class Trouble(Struct, frozen=True):
    """What the server said, and where."""

    message: str
    hint: str = ""
    place: Place | None = None


class Proof(Struct, frozen=True, kw_only=True):
    """A migration's verdict.

    `difference` is what the first down left otherwise than before, or what the second up made otherwise than the
    first. `losses` say in words which content is not what it was, `notes` what else the reader should know. The times
    are seconds of the first up, the down and the second up; None: it did not get there. `rows` are how many rows
    there were before, in tables that instar filled and others.
    """

    version: str
    name: str
    path: str
    verdict: Verdict
    difference: Difference = Difference()
    trouble: Trouble | None = None
    losses: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    up: float | None = None
    down: float | None = None
    again: float | None = None
    rows: int = 0
    failed: bool = False


class Proved(Struct, frozen=True):
    """What one call of `instar test` says. `server` names what it was proved on; `seconds` is how long it took."""

    proofs: tuple[Proof, ...]
    server: str
    seconds: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def failed(self) -> tuple[Proof, ...]:
        """The proofs that make the call fail."""
        return tuple(proof for proof in self.proofs if proof.failed)
