"""Check the files against the history: edited, reformatted, missing."""

from collections import Counter

from instar.cli.command import command as make
from instar.cli.invocation import Invocation
from instar.cli.output import say, show

SECTION = "Look"
ALIASES = ("check",)
EXAMPLES = ("instar validate", "instar validate --environment production --json")


@make(examples=EXAMPLES, aliases=ALIASES)
def command(asked: Invocation) -> None:
    """Check the files against the history: edited, reformatted, missing.

    Reads every file and compares its checksum with what was applied. `reformatted` means that only layout and comments
    differ, `edited` that statements do. Exits with 4 when it finds any.
    """
    from instar.errors import FindingsError

    with asked.migrator() as migrator:
        found = migrator.validate()
    if asked.json or found:
        show(asked, "status", found)
    if not found:
        say(asked, "every applied migration is as it was applied", result=True)
        return
    numbers = Counter(condition.state for condition in found)
    said = ", ".join(f"{number} {state}" for state, number in numbers.items())
    raise FindingsError(
        f"the files differ from what was applied: {said}",
        hint="put back what was applied and write a new migration; or accept the files as they are: instar repair",
    )
