"""A plan as a file: what was looked at is what is carried out, or nothing is."""

import json
from collections.abc import Mapping, Sequence

from msgspec import Struct

from instar.errors import PlanError, UsageError
from instar.model import Action, Migration, Plan, Step

_KIND = "instar plan 1"


class _Written(Struct, frozen=True):
    """A step as the file has it."""

    version: str
    name: str
    action: str
    checksum: str

    def __post_init__(self) -> None:
        """Raise ValueError at an action that there is not."""
        Action(self.action)


def dump(plan: Plan) -> str:
    """Return `plan` as JSON: its history mark, and version, action and checksum of every step."""
    steps = [
        {
            "version": step.migration.version,
            "name": step.migration.name,
            "action": step.action.value,
            "checksum": step.migration.checksum,
            "segments": [
                {"transaction": part.transaction, "statements": [item.text for item in part.statements]}
                for part in step.segments
            ],
        }
        for step in plan.steps
    ]
    document = {"kind": _KIND, "plan": plan.identifier, "history": plan.history, "steps": steps}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def load(text: str, migrations: Sequence[Migration]) -> Plan:
    """Read a plan back. Raises UsageError when the text is none, PlanError when a file has changed since."""
    try:
        document = json.loads(text)
        kind, history = document["kind"], str(document["history"])
        steps = [_Written(*(str(item[key]) for key in _Written.__struct_fields__)) for item in document["steps"]]
    except (ValueError, KeyError, TypeError):
        raise UsageError("this is not a plan of instar", hint="`instar plan --output plan.json` writes one") from None
    if kind != _KIND:
        raise UsageError(f"this plan is of another kind: {kind}", hint="make it anew with `instar plan --output`")
    known = {(item.version, item.checksum): item for item in migrations}
    return Plan(tuple(_step(item, known) for item in steps), history, str(document.get("plan", "")))


def _step(item: _Written, known: Mapping[tuple[str, str], Migration]) -> Step:
    migration = known.get((item.version, item.checksum))
    if migration is None:
        what = "was edited" if any(version == item.version for version, _ in known) else "is missing"
        raise PlanError(f"{item.version} {item.name} {what} since the plan was made", hint="make a new plan")
    return Step(migration, Action(item.action))


def same(old: Plan, new: Plan) -> bool:
    """Whether two plans do the same steps from the same history."""

    def steps(plan: Plan) -> list[tuple[str, str, str]]:
        return [(step.action.value, step.migration.version, step.migration.checksum) for step in plan.steps]

    return old.history == new.history and steps(old) == steps(new)
