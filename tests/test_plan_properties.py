"""Whatever the files and the history are, there is a plan or a refusal that names what stands against it."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from instar.errors import InstarError
from instar.model import Action, Checkpoint, Entry, Header, Migration, MigrationKind, Plan, Script, Segment, Statement
from instar.plan import Facts, OutOfOrder, down, up

BEGINNING = datetime(2024, 1, 1, tzinfo=UTC)
NUMBERS = range(1, 9)
KINDS = (
    *(MigrationKind.VERSIONED,) * 6,
    MigrationKind.REPEATABLE,
    MigrationKind.BASELINE,
)


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def version_of(number: int, kind: MigrationKind) -> str:
    return f"R__{number}" if kind is MigrationKind.REPEATABLE else str(number)


@st.composite
def migrations(draw: st.DrawFn) -> list[Migration]:
    """Any files: with dependencies on each other, on themselves, and on nothing that exists."""
    numbers = draw(st.lists(st.sampled_from(NUMBERS), unique=True, max_size=7))
    found = [draw(migration(number)) for number in sorted(numbers)]
    assume(len({item.version for item in found}) == len(found))
    return sorted(found, key=lambda item: (item.kind is MigrationKind.REPEATABLE, item.order, item.name))


@st.composite
def migration(draw: st.DrawFn, number: int) -> Migration:
    kind = draw(st.sampled_from(KINDS))
    words = st.sampled_from([*(str(n) for n in NUMBERS), *(f"name_{n}" for n in NUMBERS), "unknown"])
    needs = tuple(draw(st.lists(words, max_size=2))) if draw(st.integers(0, 2)) == 0 else ()
    return Migration(
        version_of(number, kind),
        f"name_{number}",
        f"migrations/{number}.sql",
        () if kind is MigrationKind.REPEATABLE else (number,),
        kind,
        header=Header(dependencies=needs),
        checksum=sha(f"{number} {draw(st.sampled_from(('', '', 'edited')))}"),
        up=(Script("SELECT 1;", f"{number}.sql"),),
        down=(Script("SELECT 1;", f"{number}.sql"),) if draw(st.integers(0, 4)) else (),
    )


@st.composite
def histories(draw: st.DrawFn) -> list[Entry]:
    """Any history: of files that exist or not, in any order of time, with any checksum or none."""
    numbers = draw(st.lists(st.sampled_from(NUMBERS), unique=True, max_size=6))
    return [draw(entry(number)) for number in numbers]


@st.composite
def entry(draw: st.DrawFn, number: int) -> Entry:
    when = draw(st.none() | st.integers(0, 5).map(lambda minutes: BEGINNING + timedelta(minutes=minutes)))
    checksum = draw(st.sampled_from([sha(f"{number} "), sha(f"{number} "), sha("another"), None, ""]))
    version = draw(st.sampled_from([str(number), str(number), str(number), f"R__{number}"]))
    return Entry(version, f"name_{number}", applied_at=when, checksum=checksum)


@st.composite
def checkpoints(draw: st.DrawFn) -> dict[tuple[str, str], Checkpoint]:
    if draw(st.integers(0, 4)):
        return {}
    version = str(draw(st.sampled_from(NUMBERS)))
    action = draw(st.sampled_from([Action.APPLY.value, Action.ROLLBACK.value]))
    prints = draw(st.sampled_from([(), (sha("SELECT 1"),), (sha("SELECT 2"),), (sha("SELECT 1"),) * 3]))
    return {(version, action): Checkpoint(version, action, len(prints), prints, draw(st.none() | st.integers(0, 3)))}


def cut(item: Migration, action: Action) -> tuple[Segment, ...]:
    scripts = item.up if action is Action.APPLY else item.down
    return tuple(
        Segment(number, (Statement("SELECT 1", 1, 1, 0, item.path),), transaction=True)
        for number, _ in enumerate(scripts)
    )


def prints(parts: Sequence[Segment]) -> tuple[str, ...]:
    return tuple(sha(statement.text) for part in parts for statement in part.statements)


def touched(item: Migration) -> frozenset[str] | None:
    """Odd ones touch the same table, even ones their own; number 8 cannot be told."""
    number = int(item.version.removeprefix("R__"))
    return None if number == 8 else frozenset({"shared" if number % 2 else f"own_{number}"})


def facts(
    files: Sequence[Migration], rows: Sequence[Entry], points: dict[tuple[str, str], Checkpoint] | None = None
) -> Facts:
    return Facts(
        migrations=files,
        entries=rows,
        cut=cut,
        touched=touched,
        prints=prints,
        reformatted=lambda item: item.version == "3",
        checkpoints=points or {},
    )


targets = st.sampled_from(["", "latest", "+1", "+3", "1", "4", "8", "name_5", "nothing", "+0", "+x"])
ways_back = st.sampled_from(["", "0", "base", "-1", "-2", "1", "4", "name_5", "nothing", "-0", "-x"])
counts = st.none() | st.integers(0, 3)
policies = st.sampled_from(list(OutOfOrder))
thorough = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def planned_up(
    known: Facts, to: str = "", count: int | None = None, policy: OutOfOrder = OutOfOrder.SAFE
) -> Plan | None:
    return planned(lambda: up(known, to=to, count=count, out_of_order=policy))


def planned_down(known: Facts, to: str = "", count: int | None = None) -> Plan | None:
    return planned(lambda: down(known, to=to, count=count))


def planned(make: Callable[[], Plan]) -> Plan | None:
    """Return the plan, or None for a refusal, which must say something. Any other error is a bug."""
    try:
        return make()
    except InstarError as error:
        said = error.message
    assert said
    return None


def needs(item: Migration, known: Facts) -> set[str]:
    """Return the versions that a migration depends on."""
    names = {other.name: other.version for other in known.migrations}
    names |= {other.version: other.version for other in known.migrations}
    return {names.get(word, word) for word in item.header.dependencies}


@thorough
@given(migrations(), histories(), checkpoints(), targets, counts, policies)
def test_there_is_a_plan_or_a_refusal(
    files: list[Migration],
    rows: list[Entry],
    points: dict[tuple[str, str], Checkpoint],
    to: str,
    count: int | None,
    policy: OutOfOrder,
) -> None:
    planned_up(facts(files, rows, points), to, count, policy)


@thorough
@given(migrations(), histories(), checkpoints(), ways_back, counts)
def test_there_is_a_plan_back_or_a_refusal(
    files: list[Migration], rows: list[Entry], points: dict[tuple[str, str], Checkpoint], to: str, count: int | None
) -> None:
    planned_down(facts(files, rows, points), to, count)


@thorough
@given(migrations(), histories(), targets, counts, policies)
def test_what_is_needed_comes_before(
    files: list[Migration], rows: list[Entry], to: str, count: int | None, policy: OutOfOrder
) -> None:
    known = facts(files, rows)
    plan = planned_up(known, to, count, policy)
    assume(plan is not None)
    assert plan
    running = {step.migration.version for step in plan.steps}
    idle = {item.version for item in files if item.kind is MigrationKind.BASELINE} - running
    there = {row.version for row in rows} | idle  # a baseline runs on a database without history only
    for step in plan.steps:
        there |= stood_for(step.migration, files)
        assert needs(step.migration, known) <= there, "a step runs before what it depends on"
        there.add(step.migration.version)


def stood_for(item: Migration, files: Sequence[Migration]) -> set[str]:
    """Return the versions that need not run because a baseline holds what they do."""
    if item.kind is not MigrationKind.BASELINE:
        return set()
    return {other.version for other in files if other.order and other.order <= item.order}


@thorough
@given(migrations(), histories(), targets, counts, policies)
def test_nothing_that_is_applied_is_applied_again(
    files: list[Migration], rows: list[Entry], to: str, count: int | None, policy: OutOfOrder
) -> None:
    plan = planned_up(facts(files, rows), to, count, policy)
    applied = {row.version: row.checksum for row in rows}
    for step in plan.steps if plan else ():
        version = step.migration.version
        changed = step.migration.kind is MigrationKind.REPEATABLE and applied.get(version) != step.migration.checksum
        assert version not in applied or changed
        assert step.again == (version in applied)
    versions = [step.migration.version for step in plan.steps] if plan else []
    assert len(set(versions)) == len(versions)


@thorough
@given(migrations(), histories(), targets, counts, policies, st.randoms(use_true_random=False))
def test_the_order_of_the_history_does_not_matter(
    files: list[Migration], rows: list[Entry], to: str, count: int | None, policy: OutOfOrder, random: Random
) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert said(planned_up(facts(files, rows), to, count, policy)) == said(
        planned_up(facts(files, shuffled), to, count, policy)
    )


def said(plan: Plan | None) -> tuple[object, ...] | None:
    """Return all that a plan says; its notes follow the rows of the history."""
    return None if plan is None else (plan.steps, plan.history, plan.identifier, sorted(plan.notes))


@thorough
@given(migrations(), histories(), policies)
def test_after_a_plan_was_carried_out_nothing_is_left_to_do(
    files: list[Migration], rows: list[Entry], policy: OutOfOrder
) -> None:
    plan = planned_up(facts(files, rows), policy=policy)
    assume(plan is not None)
    assert plan
    again = planned_up(facts(files, carried_out(rows, plan)), policy=policy)
    assert again is not None
    assert again.steps == ()
    assert (again.history == plan.history) == (not plan.steps)


def carried_out(rows: Sequence[Entry], plan: Plan) -> list[Entry]:
    known = {row.version: row for row in rows}
    for number, step in enumerate(plan.steps):
        for item in (step.migration, *step.covers):
            when = BEGINNING + timedelta(hours=1, minutes=number)
            known[item.version] = Entry(item.version, item.name, applied_at=when, checksum=item.checksum)
    return list(known.values())


@thorough
@given(migrations(), histories(), ways_back, counts)
def test_a_way_back_takes_nothing_away_that_others_need(
    files: list[Migration], rows: list[Entry], to: str, count: int | None
) -> None:
    known = facts(files, rows)
    plan = planned_down(known, to, count)
    if plan is None:
        return
    left = {row.version for row in rows}
    by_version = {item.version: item for item in files}
    for step in plan.steps:
        assert step.action is Action.ROLLBACK
        assert step.migration.version in left, "only what is applied can be rolled back"
        left.discard(step.migration.version)
        for version in left & by_version.keys():
            assert step.migration.version not in needs(by_version[version], known), f"{version} stays and needs it"


@thorough
@given(migrations(), policies)
def test_all_the_way_up_and_back_leaves_nothing(files: list[Migration], policy: OutOfOrder) -> None:
    plan = planned_up(facts(files, []), policy=policy)
    assume(plan is not None)
    assert plan
    back = planned_down(facts(files, carried_out([], plan)), "0")
    assume(back is not None)
    assert back
    gone = {step.migration.version for step in back.steps}
    kept = {row.version for row in carried_out([], plan)} - gone
    assert all(version.startswith("R__") for version in kept)
