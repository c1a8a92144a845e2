"""What a policy has against a plan: pure, from values."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from instar import policy
from instar.approvals import Record, sections
from instar.config import window
from instar.config.tables import Policy
from instar.judgement import Level, Reason, Risk
from instar.model import Finding, Header, Migration, Place, Script, Severity
from instar.people import Person
from instar.policy import Case, Promotion

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # a Monday
ANN, BEN, CAY = (Person(name, f"{name.lower()}@example.com") for name in ("Ann", "Ben", "Cay"))
PEOPLE = (ANN, BEN, CAY)


def migration(text: str = "SELECT 1", checksum: str = "c", **header: Any) -> Migration:
    return Migration("1", "step", "1_step.sql", header=Header(**header), checksum=checksum, up=(Script(text, "m"),))


def risk(level: str = "low", **more: Any) -> Risk:
    number = ["low", "medium", "high"].index(level)
    reasons = (Reason(Level(level), "drops the table users"),)
    testing = ("basic", "comprehensive", "extensive")[number]
    return Risk(Level(level), number + 1, testing, "simple", reasons, **more)


def record(item: Migration, person: Person, tests: str = "") -> Record:
    return Record(
        version=item.version,
        migration=item.name,
        checksum=item.checksum,
        sections=sections(item),
        name=person.name,
        email=person.email,
        at="2026-03-01T00:00:00Z",
        tests=tests,  # type: ignore[arg-type]
    )


def refused(rules: Policy, *cases: Case, now: datetime = NOON, promotion: Promotion | None = None) -> list[str]:
    return [item.policy for item in policy.decide(rules, "production", cases, now, promotion)]


def test_without_a_policy_everything_goes() -> None:
    assert refused(Policy(), Case(migration(), risk("high"))) == []
    assert not policy.asks(Policy())
    assert not policy.asks(Policy(rules={"naming-index": "error"}))


def test_an_empty_plan_is_never_refused() -> None:
    assert refused(Policy(windows=["sun 03:00-04:00"], max_risk="low")) == []


@given(st.sampled_from(["low", "medium", "high"]), st.sampled_from(["low", "medium", "high"]))
def test_a_risk_above_the_highest_is_refused_and_no_other(most: Any, level: str) -> None:
    order = ["low", "medium", "high"]

    found = refused(Policy(max_risk=most), Case(migration(), risk(level)))

    assert bool(found) == (order.index(level) > order.index(most))


def test_what_cannot_be_judged_counts_as_high() -> None:
    assert refused(Policy(max_risk="medium"), Case(migration())) == ["max_risk"]


def test_the_reasons_of_the_risk_are_told() -> None:
    (found,) = policy.decide(Policy(max_risk="low"), "production", [Case(migration(), risk("high"))], NOON)

    assert found.message == "step is of high risk, and production takes low: drops the table users"


@given(st.sampled_from(["low", "medium", "high"]), st.sets(st.sampled_from(PEOPLE)), st.booleans())
def test_reviewers_follow_the_risk(level: str, people: set[Person], fresh: bool) -> None:  # noqa: FBT001
    item = migration()
    seen = item if fresh else migration("SELECT 2", "other")
    records = tuple(record(seen, person) for person in people)

    found = refused(Policy(reviewers=True), Case(item, risk(level), records=records))

    enough = fresh and len(people) >= {"low": 1, "medium": 2, "high": 3}[level]
    assert found == ([] if enough else ["reviewers"])


def test_numbers_of_reviewers_can_be_given_by_risk() -> None:
    assert refused(Policy(reviewers={"high": 1}), Case(migration(), risk("medium"))) == []
    assert refused(Policy(reviewers={"high": 1}), Case(migration(), risk("high"))) == ["reviewers"]


@pytest.mark.parametrize("author", ["Ann", "ANN@example.com", "Ann <ann@example.com>"])
def test_an_author_does_not_count_as_a_reviewer(author: str) -> None:
    named = migration(author=author)
    by_header = Case(named, risk(), records=(record(named, ANN),))
    by_git = Case(migration(), risk(), records=(record(migration(), ANN),), authors=(ANN,))

    assert refused(Policy(reviewers=True), by_header) == ["reviewers"]
    assert refused(Policy(reviewers=True), by_git) == ["reviewers"]


def test_one_person_with_two_records_is_one_reviewer() -> None:
    item = migration()
    twice = (record(item, ANN), record(item, Person("Ann", "ann@elsewhere.example")))

    assert refused(Policy(reviewers=True), Case(item, risk("medium"), records=twice)) == ["reviewers"]


def test_an_edited_down_voids_an_approval_as_well() -> None:
    before = migration()
    after = Migration("1", "step", "m", checksum="c", up=before.up, down=(Script("DROP TABLE users", "m"),))

    assert refused(Policy(reviewers=True), Case(after, risk(), records=(record(before, ANN),))) == ["reviewers"]


def test_every_version_and_checksum_must_be_applied_where_it_is_promoted_from() -> None:
    rules, case = Policy(promote_from="staging"), Case(migration(checksum="c"))

    assert refused(rules, case, promotion=Promotion({"1": "c"})) == []
    assert refused(rules, case, promotion=Promotion({"1": "other"})) == ["promote_from"]
    assert refused(rules, case, promotion=Promotion({})) == ["promote_from"]
    assert refused(rules, case, promotion=Promotion({}, "no connection")) == ["promote_from"]


def test_a_baseline_is_promoted_when_what_it_stands_for_is() -> None:
    case = Case(migration(), covers=(Migration("0", "a", "a"),))

    assert refused(Policy(promote_from="staging"), case, promotion=Promotion({"0": "x"})) == []


@given(st.sampled_from(["low", "medium", "high"]), st.sampled_from(["", "basic", "comprehensive", "extensive"]))
def test_tests_must_be_as_extensive_as_the_risk_asks_for(level: str, passed: str) -> None:
    item = migration()
    records = (record(item, ANN, passed),) if passed else ()
    wanted, has = ["low", "medium", "high"].index(level), ["basic", "comprehensive", "extensive", ""].index(passed)

    found = refused(Policy(require_tests=True), Case(item, risk(level), records=records))

    assert found == ([] if passed and has >= wanted else ["require_tests"])


def test_downtime_is_refused_when_it_is_claimed_or_reckoned() -> None:
    rules = Policy(downtime="refuse")
    blocked = Reason(Level.HIGH, "reads of users wait for 20 s", "blocks-reads")
    reckoned = Risk(Level.HIGH, 3, "extensive", "complex", (blocked,), downtime=True)

    assert refused(rules, Case(migration(requires_downtime=True), risk())) == ["downtime"]
    assert refused(rules, Case(migration(), reckoned)) == ["downtime"]
    assert refused(rules, Case(migration(requires_downtime=False), risk())) == []


def test_headers_must_have_the_keys_that_are_asked_for() -> None:
    rules = Policy(required_headers=["author", "reversible", "affected_tables"])
    (found,) = policy.decide(rules, "production", [Case(migration(author="Ann"))], NOON)

    assert found.message == "step has no reversible, no affected_tables in its header"
    assert refused(rules, Case(migration(author="Ann", reversible=False, affected_tables=("users",)))) == []


@pytest.mark.parametrize(("gate", "number"), [("off", 0), ("error", 1), ("warning", 2)])
def test_findings_are_refused_from_the_weight_on_that_the_gate_has(gate: Any, number: int) -> None:
    place = Place("1_step.sql", 1)
    weights = (Severity.ERROR, Severity.WARNING, Severity.INFO)
    findings = [Finding("rule", weight, "is wrong", place) for weight in weights]
    unknown = Finding("rule", Severity.ERROR, "may be wrong", place, unknown="the size of users")

    found = refused(Policy(lint=gate), Case(migration(), risk(), findings=(*findings, unknown)))

    assert found == ["lint"] * number


def test_all_reasons_come_at_once() -> None:
    rules = Policy(
        max_risk="low", reviewers=True, promote_from="staging", require_tests=True, windows=["sun 03:00-04:00"],
        downtime="refuse", required_headers=["author"],
    )  # fmt: skip
    found = refused(rules, Case(migration(requires_downtime=True), risk("high")), promotion=Promotion({}))

    assert sorted(found) == sorted(
        ["windows", "max_risk", "reviewers", "promote_from", "require_tests", "downtime", "required_headers"]
    )


# Windows


@pytest.mark.parametrize(
    ("text", "moment", "holds"),
    [
        ("mon-thu 09:00-16:00", "2026-03-02T12:00Z", True),
        ("mon-thu 09:00-16:00", "2026-03-02T16:00Z", False),
        ("mon-thu 09:00-16:00", "2026-03-06T12:00Z", False),
        ("mon-thu 09:00-16:00 Europe/Berlin", "2026-03-02T08:30Z", True),
        ("mon-thu 09:00-16:00 Europe/Berlin", "2026-07-06T07:30Z", True),
        ("fri-mon 09:00-16:00", "2026-03-01T12:00Z", True),
        ("sat 22:00-02:00", "2026-03-08T01:00Z", True),
        ("sat 22:00-02:00", "2026-03-07T01:00Z", False),
        ("mon,wed 00:00-24:00", "2026-03-04T23:59Z", True),
    ],
)
def test_windows_are_open_when_they_say(text: str, moment: str, holds: bool) -> None:  # noqa: FBT001
    assert window.parse(text).holds(datetime.fromisoformat(moment)) is holds


@pytest.mark.parametrize("text", ["", "mon", "mon 9-16", "mon 09:00-16:00 Nowhere/Land", "xyz 09:00-16:00"])
def test_what_is_no_window_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="write"):
        window.parse(text)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)),  # noqa: DTZ001 - made aware below
    st.sampled_from(["mon-fri 09:00-16:00", "sun 22:00-03:00", "sat 10:00-11:00 UTC"]),
)
def test_the_next_opening_is_a_moment_at_which_the_window_is_open(moment: datetime, text: str) -> None:
    now, found = moment.replace(tzinfo=UTC), window.parse(text)
    opens = policy.opening([found], now)

    assert opens is not None
    assert found.holds(opens)
    assert now < opens <= now + timedelta(days=8)


def test_outside_of_a_window_the_next_one_is_named() -> None:
    (found,) = policy.decide(Policy(windows=["wed 09:00-16:00"]), "production", [Case(migration())], NOON)

    assert found.message == "it is Monday 12:00 UTC, and the window is wed 09:00-16:00"
    assert found.hint == "the next one opens on Wednesday, 2026-03-04 09:00 UTC"


@pytest.mark.parametrize(
    "author",
    ["Ann", "ann@example.com", "A. Lee <ANN@example.com>", "Ben, Ann", "Ben and  ann", "Cay; Ann <ann@work.example>"],
)
def test_an_author_is_recognised_by_name_or_address_and_among_others(author: str) -> None:
    assert ANN.called(author)
    assert not Person("Dan", "dan@example.com").called(author)


def test_names_are_the_same_whatever_their_spaces_and_letters() -> None:
    assert Person("Ann  Lee ", "").same(Person("\uff21nn lee", ""))


def test_another_way_to_run_voids_an_approval() -> None:
    item = migration()
    given = record(item, ANN)

    assert given.holds(item)
    assert not given.holds(replace(item, up=(Script("SELECT 1", "m", transaction=False),)))


def test_a_statement_that_moves_between_sections_voids_an_approval() -> None:
    item = replace(migration(), after=(Script("SELECT 2", "m"),))

    assert not record(item, ANN).holds(replace(migration(), contract=(Script("SELECT 2", "m"),)))


def test_line_ends_do_not_void_an_approval() -> None:
    item = migration("SELECT 1;\nSELECT 2")

    assert record(item, ANN).holds(migration("SELECT 1;\r\nSELECT 2"))


def test_a_missing_header_is_said_once() -> None:
    finding = Finding("required-header", Severity.ERROR, "the header has no author", Place("m", 1))

    assert refused(
        Policy(lint="warning", required_headers=["author"]), Case(migration(), risk(), findings=(finding,))
    ) == ["required_headers"]


def test_a_high_risk_of_several_medium_reasons_gives_them_all() -> None:
    reasons = tuple(Reason(Level.MEDIUM, f"reason {number}") for number in range(3))
    sum_of_them = Risk(Level.HIGH, 3, "extensive", "complex", (*reasons, Reason(Level.LOW, "a trifle")))

    (found,) = policy.decide(Policy(max_risk="medium"), "production", [Case(migration(), sum_of_them)], NOON)

    assert found.message.endswith("and production takes medium: reason 0; reason 1; reason 2")


def test_the_hint_of_a_finding_names_the_environment_that_it_holds_in() -> None:
    finding = Finding("serial", Severity.ERROR, "is serial", Place("1_step.sql", 1))

    (found,) = policy.decide(Policy(lint="error"), "production", [Case(migration(), None, (finding,))], NOON)

    assert found.hint == "instar lint --environment production 1_step.sql shows it, and what to do"
