"""What the tests of proofs share."""

from collections.abc import Callable

from instar.proof import Proof, Verdict

Run = Callable[..., list[Proof]]

USERS = "CREATE TABLE users (id bigint PRIMARY KEY, email text);", "DROP TABLE users;"


def last(proofs: list[Proof]) -> Proof:
    """Return the last proof; those before it are to restore."""
    assert [proof.verdict for proof in proofs[:-1]] == [Verdict.RESTORES] * (len(proofs) - 1)
    return proofs[-1]
