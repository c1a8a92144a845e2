"""The gate before a run: gathers what a policy must know of a plan, and lets it through or refuses it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from instar import approvals, dialects, linting, people, plan, planfile, policy
from instar.approvals import Record
from instar.config import Config, Environment
from instar.dialects import Names, Session, Settings
from instar.errors import ConfigError, InstarError, PlanError, PolicyError
from instar.history import History, open_history
from instar.judgement import Judged
from instar.model import Action, Migration, Plan, Refusal, Step
from instar.people import Person
from instar.plan import Facts, OutOfOrder
from instar.policy import Case, Promotion

_Look = Callable[[], Session]


def check(environment: Environment, wanted: Plan, look: _Look, config: Config | None = None) -> tuple[Refusal, ...]:
    """Return all that the environment's policy has against a plan. Reads, and changes nothing.

    Steps that are rolled back count as those that are applied: `redo` applies them again.
    `look` gives the session whose catalog is asked; `config` knows the environment to promote from.
    """
    steps = wanted.steps
    rules = environment.policy
    if not steps or not policy.asks(rules):
        return ()
    judged = _judged(environment, steps, look()) if policy.judges(rules) else {}
    records = _records(environment)
    cases = [_case(environment, step, judged.get(step.migration.version), records) for step in steps]
    promotion = _promotion(environment, config) if rules.promote_from else None
    return policy.decide(rules, environment.name, cases, datetime.now(UTC), promotion)


def passed(environment: Environment, refusals: Sequence[Refusal], override: str | None) -> Mapping[str, object]:
    """Return what the log is to say of the gate: nothing, or what was overridden, and why.

    Raises PolicyError with all reasons where nobody overrides them.
    """
    if not refusals:
        return {}
    if override:
        overridden = [f"{each.policy}: {f'{each.version} ' * bool(each.version)}{each.message}" for each in refusals]
        return {"override": {"reason": override, "refused": overridden}}
    number = "1 reason" if len(refusals) == 1 else f"{len(refusals)} reasons"
    raise PolicyError(
        f"the policy of {environment.name} does not let this run, for {number}; the database was not touched",
        reasons=tuple(refusals),
        hint="in an emergency: instar up --override REASON, which is recorded",
    )


def agreed(old: Plan, facts: Facts, late: OutOfOrder) -> Plan:
    """Make the plan anew, and refuse where it is not the one that was looked at."""
    if plan.mark(facts.entries) != old.history:
        raise PlanError("the history has moved since the plan was made", hint="make a new plan and look at it again")
    wanted = {step.migration.version for step in old.steps}
    if any(step.action is Action.ROLLBACK for step in old.steps):
        new = plan.down(facts, count=len(old.steps))
    else:
        new = plan.up(facts, out_of_order=late)
        kept = tuple(step for step in new.steps if step.migration.version in wanted)
        new = Plan(kept, new.history, old.identifier, new.notes)
    if not planfile.same(old, new):
        raise PlanError("the plan no longer fits to files and history", hint="make a new plan and look at it again")
    return new


def files(migration: Migration) -> tuple[str, ...]:
    """Return the files that a migration is made of, as shown."""
    scripts = (*migration.up, *migration.down, *migration.before, *migration.after, *migration.contract)
    return tuple(dict.fromkeys((migration.path, *(script.file for script in scripts))))


def folder(environment: Environment) -> Path:
    """Return the folder in which the approvals lie: the first one of the migrations."""
    return environment.directories[0]


def case(environment: Environment, migration: Migration) -> Case:
    """Return what approvals and authors there are of a migration, for those who look at approvals only."""
    return _case(environment, Step(migration, Action.APPLY), None, _records(environment))


def _records(environment: Environment) -> tuple[Record, ...]:
    return tuple(each for place in environment.directories for each in approvals.load(place))


def _case(environment: Environment, step: Step, judged: Judged | None, records: Iterable[Record]) -> Case:
    item = step.migration
    given = tuple(each for each in records if each.version == item.version)
    wrote: tuple[Person, ...] = people.authors(environment.root, files(item)) if given else ()
    findings = judged.findings if judged else ()
    counted = tuple(each for each in findings if not each.suppressed and not each.baseline)
    return Case(item, judged.risk if judged else None, counted, given, wrote, step.covers)


def _judged(environment: Environment, steps: Sequence[Step], session: Session) -> Mapping[str, Judged]:
    """Judge what is to be applied on the live catalog."""
    pending = frozenset(step.migration.version for step in steps)
    history = _history(environment, session)
    attempts = history.attempts() if history.ready() else ()
    live = linting.Live(session.catalog(), session.server.name, pending, attempts)
    found = linting.lint(environment, linting.Request(live=True, dialect=session.dialect), live)
    return {each.migration.version: each for each in found.judged}


def _promotion(environment: Environment, config: Config | None) -> Promotion:
    """Ask the environment to promote from what is applied there."""
    name = environment.policy.promote_from
    if name == environment.name:
        raise ConfigError(f"policy.promote_from of {name} names {name} itself", hint="name the environment before it")
    if config is None:
        raise ConfigError(f"policy.promote_from names {name}, and there is no configuration file that tells its URL")
    there = config.environment(name)
    if dialects.same(there.url, environment.url, environment.root):
        return Promotion({}, f"it is the same database as {environment.name}")
    try:
        return Promotion(_applied(there))
    except InstarError as error:
        return Promotion({}, error.message)


def _applied(there: Environment) -> Mapping[str, str | None]:
    session = dialects.for_url(there.database()).connect(
        there.database(), Settings(there.lock_timeout, there.statement_timeout, session_pooler=there.session_pooler)
    )
    try:
        history = _history(there, session)
        return {entry.version: entry.checksum for entry in history.entries()} if history.ready() else {}
    finally:
        session.close()


def _history(environment: Environment, session: Session) -> History:
    names = Names(environment.table, environment.log_table, environment.schema, environment.internal_schema)
    return open_history(session, dialects.load(session.dialect), names)


# Approvals


def approve(environment: Environment, migrations: Sequence[Migration], tested: str = "") -> list[Record]:
    """Record that whoever works in this checkout approves `migrations`, or (`tested`) that their tests have passed.

    Raises UsageError where git does not know who that is, and PlanError for all that may not be approved: by its
    author, or before it is committed.
    """
    person = people.identity(environment.root)
    against = [] if tested else [each for item in migrations for each in _against(environment, item, person)]
    if against:
        reasons, hints = zip(*against, strict=True)
        raise PlanError("; ".join(reasons), hint="; ".join(dict.fromkeys(hints)))
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    kept = approvals.load(folder(environment))
    made = []
    for item in migrations:
        kept = approvals.without(kept, item.version, person, tested)
        made.append(
            Record(
                version=item.version,
                migration=item.name,
                checksum=item.checksum,
                sections=approvals.sections(item),
                name=person.name,
                email=person.email,
                at=at,
                tests=tested,  # type: ignore[arg-type]
            )
        )
    approvals.save(folder(environment), (*kept, *made))
    return made


def revoke(environment: Environment, migrations: Sequence[Migration]) -> list[Record]:
    """Take back what whoever works in this checkout has recorded on `migrations`; return what there was."""
    person = people.identity(environment.root)
    before = kept = approvals.load(folder(environment))
    for item in migrations:
        kept = approvals.without(kept, item.version, person)
    if kept != before:
        approvals.save(folder(environment), kept)
    return [each for each in before if each not in kept]


def records(environment: Environment, migrations: Sequence[Migration]) -> list[tuple[Record, str]]:
    """Return all records on `migrations`, each with why it does not count: "edited", "author", or ""."""
    found = []
    for item in migrations:
        known = case(environment, item)
        for each in known.records:
            own = not each.tests and policy.wrote(known, each.person)
            found.append((each, "edited" if not each.holds(item) else "author" if own else ""))
    return found


def _against(environment: Environment, item: Migration, person: Person) -> list[tuple[str, str]]:
    """Say why somebody may not approve a migration, and what to do."""
    root, names = environment.root, files(item)
    if people.changed(root, names):
        return [(f"{item.path} has changes that are not committed, so nobody can know whose they are", "commit them")]
    known = Case(item, authors=people.authors(root, names))
    if policy.wrote(known, person):
        return [(f"{person} has written {item.label} and cannot approve it", "somebody else has to look at it")]
    if people.shallow(root):
        return [(f"this clone does not know who wrote {item.label}", "git fetch --unshallow")]
    if not known.authors and not item.header.author:
        message = f"nobody is known as the author of {item.label}: neither its header nor git names one"
        return [(message, "commit it, or name the author in the header: author = ...")]
    return []
