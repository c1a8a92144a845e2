"""Every migration up, down and up again on a database of its own: what `instar test` says."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from threading import Event

from msgspec import Struct
from msgspec.structs import replace

from instar import dialects
from instar.config import Environment
from instar.dialects import Throwaway
from instar.errors import InstarError, UsageError
from instar.model import Migration, MigrationKind
from instar.proof import Proof, Proved, Verdict
from instar.proving import restoring
from instar.proving.filling import Filling, Held
from instar.proving.lane import Lane
from instar.snapshot import Snapshot

__all__ = ["Prover", "Request", "joined", "prove"]

_RESTORED = frozenset({Verdict.RESTORES, Verdict.BENIGN})


class Request(Struct, frozen=True, kw_only=True):
    """What is to be proved, and on what.

    `wanted` are the versions (None: all). `server` is the URL of a server on which a database may be made, "": one of
    instar's own is started, of the major version `version` where that is installed. `told` is called with each proof
    as soon as it is there. `rows` is how many every empty table gets for the proof with data (0: there is none), `data`
    ("error", "warning", "off") what lost content weighs, `budget` the longest that an up or a down may take, in seconds
    (None: any).
    """

    wanted: Collection[str] | None = None
    dialect: str = "postgresql"
    version: int = 0
    server: str = ""
    told: Callable[[Proof], None] | None = None
    rows: int = 20
    data: str = "warning"
    budget: float | None = 30.0


class Prover:
    """Proves migrations one by one, in any order; in that of the migrations it is fast.

    `steps` are what an empty database would get. Raises UsageError when no server can be had.
    """

    def __init__(self, environment: Environment, asked: Request) -> None:
        self._asked = asked
        self._environment = environment
        self._dialect = dialects.load(asked.dialect)
        self._lane = Lane(environment, self._place)
        self._filled: Lane | None = None
        self._left = False
        self.shared = bool(asked.server)
        self.server = self._lane.server
        self.steps = self._lane.migrator.plan().steps
        self.versioned = [step.migration for step in self.steps if step.migration.kind is MigrationKind.VERSIONED]
        self._before: tuple[int, Snapshot] | None = None

    def leave(self) -> None:
        """Take the database of the first proof away: nothing more will be asked of it."""
        if not self._left:
            self._left = True
            self._lane.close()

    def close(self) -> None:
        """Take the databases away."""
        self.leave()
        if self._filled is not None:
            self._filled.close()

    def _place(self) -> Throwaway:
        return self._dialect.throwaway(self._asked.version, self._asked.server)

    def schema(self, index: int) -> Proof:
        """Prove what the versioned migration number `index` does to the schema."""
        self._lane.reach(index)
        before = self._before[1] if self._before is not None and self._before[0] == index else self._lane.snapshot()
        case = restoring.Case(self._lane, self.versioned[index], before)
        proof = case.prove()
        self._before = (index + 1, case.after)
        return proof

    def data(self, index: int) -> Held | None:
        """Prove what it does to rows, on a database of its own; None where that is not asked for."""
        if not self._asked.rows or self._asked.data == "off":
            return None
        if self._filled is None:
            self._filled = Lane(self._environment, self._place)
        filling = Filling(self._filled, self._asked.rows, self._environment.test.empty)
        return filling.prove(self.versioned[index], index)

    def whole(self, index: int) -> Proof:
        """Prove both."""
        return joined(self.schema(index), self.data(index), self._asked)

    def repeatable(self) -> InstarError | None:
        """Apply what is repeatable, behind all others; return why the server refused it."""
        try:
            self._lane.migrator.up()
        except InstarError as error:
            return error
        return None


def prove(environment: Environment, asked: Request) -> Proved:
    """Apply the migrations in order on an empty database; each that is wanted goes up, down and up again.

    Raises UsageError when no server can be had, or a version is wanted that is not there.
    """
    begun = time.perf_counter()
    with closing(Prover(environment, asked)) as prover:
        _require([step.migration for step in prover.steps], asked)
        chosen = [index for index, item in enumerate(prover.versioned) if _wanted(item, asked)]
        with _beside(prover, chosen) as held:
            proofs = tuple(_each(prover, chosen, asked))
            found = held()
        done = tuple(joined(proof, found.get(proof.version), asked) for proof in proofs)
        return Proved(done, prover.server, time.perf_counter() - begun, _notes(prover, asked))


@contextmanager
def _beside(prover: Prover, chosen: Sequence[int]) -> Iterator[Callable[[], Mapping[str, Held]]]:
    """Make the proof with data at the same time; what is yielded waits for it."""
    stop = Event()

    def work() -> Mapping[str, Held]:
        found: dict[str, Held] = {}
        for index in chosen:
            held = None if stop.is_set() else prover.data(index)
            if held is None:
                break
            found[held.version] = held
        return found

    def afterwards() -> Mapping[str, Held]:
        prover.leave()
        return work()

    if prover.shared:
        # Roles are the server's, not the database's: two lanes would be in each other's way.
        yield afterwards
        return
    with ThreadPoolExecutor(1, thread_name_prefix="instar-data") as pool:
        future = pool.submit(work)
        try:
            yield future.result
        finally:
            stop.set()


def _each(prover: Prover, chosen: Sequence[int], asked: Request) -> Iterator[Proof]:
    """Yield the proofs of what is wanted, in order. Behind a migration that cannot be applied they go on without it."""
    stuck = ""
    for index in chosen:
        proof = prover.schema(index)
        if stuck:
            proof = replace(proof, notes=(*proof.notes, f"{stuck} could not be applied before it"))
        if proof.verdict is Verdict.UP_FAILS:
            stuck = stuck or prover.versioned[index].label
        yield _told(proof, asked)
    others = [step.migration for step in prover.steps if step.migration.kind is not MigrationKind.VERSIONED]
    wanted = [item for item in others if _wanted(item, asked)]
    if wanted:
        yield from (_told(proof, asked) for proof in _applied(prover, wanted))


def _applied(prover: Prover, repeatables: Sequence[Migration]) -> Iterator[Proof]:
    """Apply what has no way back; whoever fails stops those behind it."""
    failed = prover.repeatable()
    at_fault = getattr(failed, "version", "") or repeatables[0].version
    for item in repeatables:
        if failed is not None and item.version == at_fault:
            yield restoring.refused(item, failed)
        elif failed is not None:
            yield _not_run(item, at_fault)
        else:
            yield Proof(version=item.version, name=item.name, path=item.path, verdict=Verdict.APPLIED)


def _notes(prover: Prover, asked: Request) -> tuple[str, ...]:
    """Say that it is another version than was asked for."""
    if not asked.version or prover.server.split()[-1].partition(".")[0] == str(asked.version):
        return ()
    return (f"version {asked.version} is not installed here",)


def joined(proof: Proof, held: Held | None, asked: Request) -> Proof:
    """Say in a proof what became of the rows, and whether all of it is in time."""
    if held is not None:
        notes = () if proof.trouble is not None else held.notes
        proof = replace(proof, losses=held.losses, notes=(*proof.notes, *notes), rows=held.rows)
    if held is not None and held.losses and proof.verdict in _RESTORED:
        proof = replace(proof, verdict=Verdict.LOSES, failed=asked.data == "error")
    slow = [f"{name} took {seconds:.1f} s" for name, seconds in (("up", proof.up), ("down", proof.down))
            if seconds is not None and asked.budget is not None and seconds > asked.budget]  # fmt: skip
    if not slow or proof.failed:
        return proof
    notes = (*proof.notes, *(f"{each}; the budget is {asked.budget:g} s" for each in slow))
    return replace(proof, verdict=Verdict.SLOW, notes=notes, failed=True)


def _not_run(item: Migration, stuck: str) -> Proof:
    note = f"{stuck} could not be applied"
    return Proof(version=item.version, name=item.name, path=item.path, verdict=Verdict.NOT_RUN, notes=(note,))


def _wanted(item: Migration, asked: Request) -> bool:
    return asked.wanted is None or item.version in asked.wanted


def _told(proof: Proof, asked: Request) -> Proof:
    if asked.told is not None:
        asked.told(proof)
    return proof


def _require(known: Sequence[Migration], asked: Request) -> None:
    unknown = sorted(set(asked.wanted or ()) - {item.version for item in known})
    if unknown:
        raise UsageError(f"no migration {', '.join(unknown)} would run on an empty database", hint="see instar plan")
