"""May this plan run here? What an environment's policy has against it: all of it at once. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from instar.approvals import TESTS, Record
from instar.config import window
from instar.config.tables import Policy
from instar.config.window import Window
from instar.judgement import Level, Risk
from instar.model import Finding, Migration, Refusal, Severity
from instar.people import Person

REVIEWERS: Mapping[str, int] = {"low": 1, "medium": 2, "high": 3}
"""How many review a migration, by its risk: Database Migration Standards, "Change Types and Impact"."""
_LEVELS = tuple(level.value for level in Level)
_DAYS = 8


class Case(Struct, frozen=True):
    """A migration that is to be applied, and what is known of it.

    `risk` is None where a migration cannot be judged: that counts as high. `findings` are those that count. `records`
    are all that approvals.toml has on its version; `authors` wrote it, as git and its header say. `covers` are the
    versions that a baseline stands for.
    """

    migration: Migration
    risk: Risk | None = None
    findings: tuple[Finding, ...] = ()
    records: tuple[Record, ...] = ()
    authors: tuple[Person, ...] = ()
    covers: tuple[Migration, ...] = ()


class Promotion(Struct, frozen=True):
    """What is applied in the environment to promote from: checksums by version. `trouble` says why nobody knows."""

    applied: Mapping[str, str | None]
    trouble: str = ""


def asks(policy: Policy) -> bool:
    """Whether a policy demands anything of a run."""
    return policy != Policy(rules=policy.rules)


def judges(policy: Policy) -> bool:
    """Whether a policy can only be applied to migrations that have been judged."""
    demands = (policy.max_risk, policy.reviewers, policy.require_tests, policy.lint != "off")
    return any(demands) or policy.downtime == "refuse"


def decide(
    policy: Policy, environment: str, cases: Sequence[Case], now: datetime, promotion: Promotion | None = None
) -> tuple[Refusal, ...]:
    """Return everything that the policy of `environment` has against applying `cases` at `now`; nothing: go ahead."""
    if not cases:
        return ()
    found = list(_window(policy, now))
    if policy.promote_from and promotion is not None and promotion.trouble:
        message = f"{policy.promote_from} cannot be asked what is applied there: {promotion.trouble}"
        found.append(Refusal("", "promote_from", message))
    for case in cases:
        found += _risk(policy, environment, case)
        found += _reviewers(policy, case)
        found += _promoted(policy, case, promotion)
        found += _tested(policy, case)
        found += _downtime(policy, environment, case)
        found += _header(policy, case)
        found += _findings(policy, environment, case)
    return tuple(found)


def level(case: Case) -> str:
    """Return a migration's risk; what cannot be judged is high."""
    return (case.risk.level if case.risk else Level.HIGH).value


def counted(case: Case) -> tuple[Record, ...]:
    """Return the approvals that count: of the text as it is, by somebody who did not write it, one for each person."""
    found: list[Record] = []
    for record in case.records:
        fresh = not record.tests and record.holds(case.migration)
        if fresh and not wrote(case, record.person) and not any(record.person.same(each.person) for each in found):
            found.append(record)
    return tuple(found)


def wrote(case: Case, person: Person) -> bool:
    """Whether somebody is the author of a migration: by its header, or by git."""
    named = case.migration.header.author
    return bool(named and person.called(named)) or any(person.same(author) for author in case.authors)


def needed(policy: Policy, risk: str) -> int:
    """Return how many have to approve a migration of that risk."""
    if isinstance(policy.reviewers, bool):
        return REVIEWERS[risk] if policy.reviewers else 0
    return {str(name): number for name, number in policy.reviewers.items()}.get(risk, 0)


def _refusal(case: Case, policy: str, message: str, hint: str = "") -> Refusal:
    return Refusal(case.migration.version, policy, f"{case.migration.name} {message}", hint)


def _risk(policy: Policy, environment: str, case: Case) -> Iterator[Refusal]:
    if policy.max_risk is None or _LEVELS.index(level(case)) <= _LEVELS.index(policy.max_risk):
        return
    why = "; ".join(item.text for item in case.risk.worst) if case.risk else "it cannot be judged"
    yield _refusal(case, "max_risk", f"is of {level(case)} risk, and {environment} takes {policy.max_risk}: {why}")


def _reviewers(policy: Policy, case: Case) -> Iterator[Refusal]:
    wanted, good = needed(policy, level(case)), counted(case)
    if len(good) >= wanted:
        return
    who = f" ({', '.join(record.name for record in good)})" if good else ""
    reviewers = "1 reviewer" if wanted == 1 else f"{wanted} reviewers"
    message = f"is of {level(case)} risk and needs {reviewers}, and has {len(good)}{who}{_void(case)}"
    yield _refusal(case, "reviewers", message, f"who has not written it: instar approve {case.migration.version}")


def _void(case: Case) -> str:
    given = [record for record in case.records if not record.tests]
    edited = sum(not record.holds(case.migration) for record in given)
    own = sum(record.holds(case.migration) and wrote(case, record.person) for record in given)
    said = [
        f"{edited} of an earlier text do{'es' if edited == 1 else ''} not count" if edited else "",
        f"{own} of its author do{'es' if own == 1 else ''} not count" if own else "",
    ]
    return "".join(f"; {text}" for text in said if text)


def _promoted(policy: Policy, case: Case, promotion: Promotion | None) -> Iterator[Refusal]:
    if not policy.promote_from or promotion is None or promotion.trouble:
        return
    there, item = policy.promote_from, case.migration
    if item.version not in promotion.applied:
        if not case.covers or any(each.version not in promotion.applied for each in case.covers):
            yield _refusal(case, "promote_from", f"is not applied in {there}", f"instar up --environment {there}")
    elif promotion.applied[item.version] != item.checksum:
        yield _refusal(case, "promote_from", f"is applied in {there} with another checksum: its file was edited since")


def _tested(policy: Policy, case: Case) -> Iterator[Refusal]:
    if not policy.require_tests:
        return
    wanted = case.risk.testing if case.risk else TESTS[-1]
    passed = [record.tests for record in case.records if record.tests and record.holds(case.migration)]
    if any(TESTS.index(each) >= TESTS.index(wanted) for each in passed):
        return
    has = f"; only {max(passed, key=TESTS.index)} tests are recorded" if passed else ""
    yield _refusal(
        case,
        "require_tests",
        f"has no record that its {wanted} tests have passed{has}",
        f"when they have: instar approve --tested {wanted} {case.migration.version}",
    )


def _downtime(policy: Policy, environment: str, case: Case) -> Iterator[Refusal]:
    if policy.downtime != "refuse":
        return
    if case.migration.header.requires_downtime:
        yield _refusal(case, "downtime", f"requires downtime, as its header says, and {environment} has none")
    elif case.risk is not None and case.risk.downtime:
        blocked = [item.text for item in case.risk.reasons if item.hazard == "blocks-reads"]
        yield _refusal(case, "downtime", f"stops the application, and {environment} has no downtime: {blocked[0]}")


def _header(policy: Policy, case: Case) -> Iterator[Refusal]:
    header = case.migration.header
    missing = [key for key in policy.required_headers if getattr(header, key) in ("", (), None)]
    if missing:
        yield _refusal(case, "required_headers", f"has no {', no '.join(missing)} in its header")


def _findings(policy: Policy, environment: str, case: Case) -> Iterator[Refusal]:
    if policy.lint == "off":
        return
    least = Severity(policy.lint)
    for finding in case.findings:
        said = finding.rule == "required-header" and policy.required_headers
        if finding.severity.rank <= least.rank and not finding.unknown and not said:
            where = f"{finding.place.file}:{finding.place.line}"
            hint = f"instar lint --environment {environment} {case.migration.path} shows it, and what to do"
            yield _refusal(case, "lint", f"{finding.severity} {finding.rule}, {where}: {finding.message}", hint)


def _window(policy: Policy, now: datetime) -> Iterator[Refusal]:
    windows = [window.parse(text) for text in policy.windows]
    if not windows or any(each.holds(now) for each in windows):
        return
    said = " or ".join(each.text for each in windows)
    opens = opening(windows, now)
    hint = f"the next one opens on {opens:%A, %Y-%m-%d %H:%M %Z}" if opens else ""
    local = now.astimezone(windows[0].zone)
    yield Refusal("", "windows", f"it is {local:%A %H:%M %Z}, and the window is {said}", hint)


def opening(windows: Sequence[Window], now: datetime) -> datetime | None:
    """Return when the next of the windows opens, at most eight days ahead."""
    found = []
    for each in windows:
        local = now.astimezone(each.zone).replace(second=0, microsecond=0)
        begins = [
            (local + timedelta(days=day)).replace(hour=each.begin.hour, minute=each.begin.minute)
            for day in range(_DAYS)
        ]
        found += [begin for begin in begins if begin > now and begin.weekday() in each.days]
    return min(found, default=None)
