"""Every rule on every server that it is for: the linter says what it should, the server does what the rule says."""

from collections.abc import Callable

import pytest
from proving import NO_SERVER, Case, cases, findings, prepared, prove, said

from instar.lint.engine import catalogue

CASES = cases()
ON_SERVERS = [pytest.param(case, id=case.label, marks=_marks) for case in CASES for _marks in [
    [pytest.mark.mariadb] if case.server == "mariadb" else []
]]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_the_bad_example_is_flagged(case: Case) -> None:
    found = findings(case, case.example.bad)
    assert [item for item in found if item.rule == case.rule and not item.unknown], (
        f"not flagged; found:\n{said(found)}"
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_the_good_example_is_clear(case: Case) -> None:
    found = [item for item in findings(case, case.example.good) if item.rule == case.rule]
    assert not found, said(found)


@pytest.mark.parametrize("case", ON_SERVERS)
def test_the_server_does_what_the_rule_says(case: Case, fresh: Callable[[str], str]) -> None:
    if case.server == "mysql":
        pytest.skip(NO_SERVER)
    bad, good = fresh(case.server), fresh(case.server)
    prepared(case, bad)
    prepared(case, good)
    prove(case, bad, good)


@pytest.mark.parametrize("name", catalogue())
def test_a_rule_is_whole(name: str) -> None:
    rule = catalogue()[name]
    first = (rule.__doc__ or "").strip().partition("\n")[0]
    assert first.endswith("."), "the docstring begins with a sentence"
    assert rule.BAD.strip()
    assert rule.GOOD.strip()
    assert rule.BAD != rule.GOOD
    assert rule.GROUP


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_what_is_said_names_what_it_is_about(case: Case) -> None:
    for item in findings(case, case.example.bad):
        if item.rule != case.rule:
            continue
        text = f"{item.message} {item.why} {item.advice} {item.fix.sql if item.fix else ''}"
        assert item.message[0].lower() == item.message[0] or item.message[:2].isupper(), "a message is not a sentence"
        assert not item.message.endswith(".")
        assert not item.relation or item.relation.rpartition(".")[2] in text, f"{item.relation} is not named: {text}"
