"""The proof of one migration: up, snapshot, down, snapshot, up, snapshot."""

from msgspec.structs import replace

from instar.difference import Difference
from instar.errors import InstarError, MigrationFailedError
from instar.model import Migration
from instar.proof import FAILING, Proof, Trouble, Verdict
from instar.proving.lane import Lane
from instar.schema.diff import compare
from instar.snapshot import Snapshot

_LABELS = ("before", "after down")
_AGAIN = ("after up", "after up again")
_RAISED = "P0001"
"""PostgreSQL manual, appendix A: raise_exception."""


class Case:
    """One migration on a lane that stands right before it; `before` is the schema there."""

    def __init__(self, lane: Lane, migration: Migration, before: Snapshot) -> None:
        self._lane = lane
        self._migration = migration
        self.before = before
        self.after = before
        self._number = lane.at

    def prove(self) -> Proof:
        """Prove it, and leave the lane right after the migration. Raises nothing that a migration can cause."""
        proof = self._proved()
        broken = proof.verdict is Verdict.NO_DOWN and self._migration.header.reversible is True
        return replace(proof, failed=broken or proof.verdict in FAILING)

    def _proved(self) -> Proof:
        item = self._migration
        proof = Proof(version=item.version, name=item.name, path=item.path, verdict=Verdict.APPLIED)
        self._lane.keep()
        try:
            proof = replace(proof, up=self._lane.up().seconds)
        except InstarError as error:
            self._lane.back(self._number)
            self._lane.skip(item.version)
            return refused(item, error)
        self.after = self._lane.snapshot()
        if not item.reversible:
            declared_so = item.header.reversible is False
            return replace(proof, verdict=Verdict.IRREVERSIBLE if declared_so else Verdict.NO_DOWN)
        return self._back(proof)

    def _back(self, proof: Proof) -> Proof:
        try:
            proof = replace(proof, down=self._lane.down().seconds)
        except InstarError as error:
            self._lane.back(self._number + 1)
            verdict = Verdict.IRREVERSIBLE if declared(self._migration, error) else Verdict.FAILS
            return replace(proof, verdict=verdict, trouble=trouble(error))
        undone = self._lane.snapshot()
        difference = compare(self.before, undone, _LABELS)
        if difference.real:
            self._lane.back(self._number + 1)
            verdict = Verdict.EMPTY if undone == self.after else Verdict.DIFFERS
            return replace(proof, verdict=verdict, difference=difference.real)
        if self._migration.header.idempotent and (said := self._twice(undone)):
            self._lane.back(self._number + 1)
            return replace(proof, verdict=Verdict.NOT_IDEMPOTENT, notes=(said,))
        return self._again(replace(proof, verdict=Verdict.BENIGN if difference else Verdict.RESTORES), difference)

    def _twice(self, undone: Snapshot) -> str:
        """Run the down again; return what is wrong with that, or ""."""
        try:
            self._lane.down_again(self._migration)
        except InstarError as error:
            return f"down is refused the second time: {error.message}"
        changed = compare(undone, self._lane.snapshot(), ("after down", "after down again"))
        return f"down changes something the second time:\n{changed}" if changed else ""

    def _again(self, proof: Proof, difference: Difference) -> Proof:
        proof = replace(proof, difference=difference)
        try:
            proof = replace(proof, again=self._lane.up().seconds)
        except InstarError as error:
            self._lane.back(self._number + 1)
            return replace(proof, verdict=Verdict.AGAIN_FAILS, trouble=trouble(error))
        second = compare(self.after, self._lane.snapshot(), _AGAIN)
        if second.real:
            self._lane.back(self._number + 1)
            return replace(proof, verdict=Verdict.AGAIN_DIFFERS, difference=second.real)
        if difference or second:
            # What is benign here would add up: the next migration is proved on what it is meant for.
            self._lane.back(self._number + 1)
        return proof


def declared(migration: Migration, error: InstarError) -> bool:
    """Whether the author says that there is no way back: in the header, or by a down that raises."""
    cause = error.__cause__ if isinstance(error, MigrationFailedError) else error
    return migration.header.reversible is False or getattr(cause, "sqlstate", "") == _RAISED


def refused(migration: Migration, error: InstarError) -> Proof:
    """Return the proof of a migration that cannot be applied."""
    return Proof(
        version=migration.version,
        name=migration.name,
        path=migration.path,
        verdict=Verdict.UP_FAILS,
        trouble=trouble(error),
        failed=True,
    )


def trouble(error: InstarError) -> Trouble:
    """Return what an error says."""
    return Trouble(error.message, error.hint, error.place)
