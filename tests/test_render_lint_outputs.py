"""What lint found, in every output: complete, escaped, and in the form that the other side asks for."""

import json as standard_json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping

import pytest
from msgspec import structs

from instar.effects import Effect, Lock, LockMode, Work, WorkKind
from instar.judgement import About, Estimate, Judged, Level, Reason, Risk, Verdicts
from instar.model import Finding, Fix, Migration, Place, Severity, Statement
from instar.render.outputs import Result, github, gitlab, human, json, junit, markdown, sarif

PATH = "db/migra tions/1_a,b:c.sql"
NASTY = 'the "name|of`it" is 100% <b>bold</b> & ]]> *not*\nmarkup\x0b'
STATEMENT = Statement("ALTER TABLE orders\n  ALTER COLUMN note\n  SET NOT NULL", 3, 1, 10, PATH)
EFFECT = Effect(
    STATEMENT.text,
    "ALTER TABLE",
    locks=(Lock("orders", LockMode.ACCESS_EXCLUSIVE),),
    work=(Work(WorkKind.SCAN, "orders", unknown="the rows of orders"),),
)
BLOCKS = Finding(
    "set-not-null-scan",
    Severity.ERROR,
    "reads of orders wait",
    Place(PATH, 4, 9, "  ALTER COLUMN note"),
    why="all rows are read under ACCESS EXCLUSIVE",
    advice="prove it first",
    fix=Fix("ALTER TABLE orders ADD CHECK (note IS NOT NULL) NOT VALID;\nALTER TABLE orders VALIDATE;", segments=True),
    relation="orders",
    version="1",
    statement=0,
    end=20,
    print="p1",
)
ODD = Finding("drop-column", Severity.WARNING, NASTY, Place(PATH, 9, 1, "x|y"), version="1", print="p2", end=4)
OPEN = Finding("narrow-type", Severity.WARNING, "m", Place(PATH, 9), unknown="the old type", version="1", print="p3")
QUIET = Finding("drop-table", Severity.ERROR, "m", Place(PATH, 9), suppressed="nobody reads it", print="p4")
KNOWN = Finding("drop-table", Severity.ERROR, "m", Place(PATH, 10), baseline=True, print="p5")
REPLACED = Finding(
    "idx-not-concurrent",
    Severity.INFO,
    "m",
    Place(PATH, 3, 1, "ALTER TABLE orders"),
    fix=Fix("SELECT 1;", same=True, segments=True),
    statement=0,
    print="p6",
)
RISK = Risk(
    Level.HIGH,
    3,
    "extensive",
    "complex",
    reasons=(Reason(Level.HIGH, "drops orders"),),
    blocked=Estimate(0.5, 2.0, "1 million rows"),
)
ALL = (BLOCKS, ODD, OPEN, QUIET, KNOWN, REPLACED)


def explain(name: str) -> About:
    return About(name, "blocking", "error", f"{name} is wrong.", "It waits.", ("postgresql",), bad="BAD", good="GOOD")


def result(*findings: Finding, notes: tuple[str, ...] = ()) -> Result:
    judged = Judged(Migration("1", "a_b", PATH), findings, ((STATEMENT, EFFECT),), (), RISK)
    verdicts = Verdicts((judged,), findings, "postgresql", notes=notes)
    return Result(verdicts, verdicts.failing(Severity.WARNING), explain)


# For people


def test_the_frame_shows_the_lines_around_with_carets_below_what_is_meant() -> None:
    lines = human.text(result(BLOCKS)).splitlines()

    start = lines.index("error[set-not-null-scan] reads of orders wait")
    assert lines[start + 1 : start + 14] == [
        f"  --> {PATH}:4:9",
        "    3 | ALTER TABLE orders",
        "    4 |   ALTER COLUMN note",
        "      |         ^^^^^^^^^^^",
        "    5 |   SET NOT NULL",
        "  why: all rows are read under ACCESS EXCLUSIVE",
        "  advice: prove it first",
        "  rewrite, each statement in a transaction of its own:",
        "    ALTER TABLE orders ADD CHECK (note IS NOT NULL) NOT VALID;",
        "    ALTER TABLE orders VALIDATE;",
        "",
        "1 migration: 1 error",
    ]


def test_a_migration_is_shown_with_its_risk_and_the_reasons() -> None:
    first, second, *_ = human.text(result(BLOCKS)).splitlines()

    assert first == f"{PATH}  risk high, 3 reviewers, testing extensive, rollback complex"
    assert second == "  high: drops orders"


def test_known_times_stand_below_the_reasons() -> None:
    risk = structs.replace(RISK, duration=Estimate(1.0, 4.0, "a scan"), blocked=Estimate(0.5, 2.0, "a scan"))
    judged = Judged(Migration("1", "a_b", PATH), (), ((STATEMENT, EFFECT),), (), risk)
    lines = human.text(Result(Verdicts((judged,), (), "postgresql"), (), explain)).splitlines()

    assert "  takes 1-4 s (a scan)" in lines
    assert "  blocks for 0.5-2 s" in lines


def test_what_is_not_decided_says_which_fact_is_missing() -> None:
    text = human.text(result(OPEN))

    assert "unknown[narrow-type] m" in text
    assert "  unknown: a warning or nothing, depending on the old type; --database URL decides" in text
    remark = human.text(result(structs.replace(OPEN, severity=Severity.INFO)))
    assert "  unknown: a remark or nothing, depending on the old type" in remark


def test_what_is_suppressed_or_known_is_only_counted() -> None:
    assert human.text(result(QUIET, KNOWN)).splitlines()[-1] == (
        "1 migration: nothing found; 1 suppressed, 1 in the baseline"
    )


def test_colours_change_no_character() -> None:
    assert human.rich(result(*ALL)).plain.splitlines() == [
        line.rstrip() if not line.strip() else line for line in human.text(result(*ALL)).splitlines()
    ]


# For programs


def test_the_document_holds_everything_of_every_finding() -> None:
    document = standard_json.loads(json.text(result(*ALL, notes=("a note",))))

    assert document["summary"] == {
        "migrations": 1,
        "error": 1,
        "warning": 1,
        "info": 1,
        "unknown": 1,
        "suppressed": 1,
        "baseline": 1,
    }
    assert document["notes"] == ["a note"]
    assert document["migrations"][0]["risk"]["blocked"] == {"low": 0.5, "high": 2.0, "basis": "1 million rows"}
    assert document["migrations"][0]["statements"][0]["work"] == [
        {"kind": "scan", "relation": "orders", "object": "", "unknown": "the rows of orders"}
    ]
    assert [each["fails"] for each in document["findings"]] == [True, True, False, False, False, False]
    assert document["findings"][1]["message"] == NASTY
    assert document["findings"][2]["unknown"] == "the old type"
    assert document["findings"][3]["suppressed"] == "nobody reads it"


# Allowed and required properties of the objects that we write: SARIF 2.1.0, sections 3.13 to 3.59.
SARIF: Mapping[str, tuple[set[str], set[str]]] = {
    "log": ({"version", "runs"}, {"$schema"}),
    "run": ({"tool", "results"}, {"columnKind", "invocations"}),
    "driver": ({"name", "rules"}, {"version"}),
    "rule": ({"id"}, {"shortDescription", "fullDescription", "help", "defaultConfiguration", "properties"}),
    "result": (
        {"message", "ruleId", "ruleIndex", "level", "locations"},
        {"kind", "partialFingerprints", "suppressions", "properties", "fixes"},
    ),
    "region": ({"startLine", "startColumn"}, {"endLine", "endColumn", "snippet"}),
    "artifact": ({"uri"}, {"uriBaseId"}),
    "suppression": ({"kind"}, {"status", "justification"}),
    "fix": ({"artifactChanges"}, {"description"}),
    "replacement": ({"deletedRegion"}, {"insertedContent"}),
}


def shaped(value: Mapping[str, object], kind: str) -> bool:
    required, optional = SARIF[kind]
    return required <= value.keys() <= required | optional


def log() -> dict[str, list[dict[str, list[dict[str, object]]]]]:
    found: dict[str, list[dict[str, list[dict[str, object]]]]] = standard_json.loads(sarif.text(result(*ALL)))
    return found


def test_sarif_has_only_what_the_standard_knows() -> None:
    found: dict[str, object] = dict(log())
    [run] = log()["runs"]
    driver = standard_json.loads(sarif.text(result(*ALL)))["runs"][0]["tool"]["driver"]

    assert shaped(found, "log")
    assert found["version"] == "2.1.0"
    assert shaped(run, "run")
    assert shaped(driver, "driver")
    assert all(shaped(rule, "rule") for rule in driver["rules"])
    assert all(shaped(each, "result") for each in run["results"])
    assert [driver["rules"][each["ruleIndex"]]["id"] for each in run["results"]] == [each.rule for each in ALL]


def test_sarif_places_are_encoded_and_start_at_the_repository() -> None:
    for each in standard_json.loads(sarif.text(result(*ALL)))["runs"][0]["results"]:
        physical = each["locations"][0]["physicalLocation"]

        assert shaped(physical["artifactLocation"], "artifact")
        assert shaped(physical["region"], "region")
        assert physical["artifactLocation"] == {"uri": "db/migra%20tions/1_a%2Cb:c.sql", "uriBaseId": "%SRCROOT%"}


def test_sarif_knows_open_questions_suppressions_and_fixes() -> None:
    blocks, _, unknown, quiet, known, replaced = log()["runs"][0]["results"]

    assert (unknown["kind"], unknown["level"]) == ("open", "none")
    assert quiet["suppressions"] == [{"kind": "inSource", "status": "accepted", "justification": "nobody reads it"}]
    assert [each["kind"] for each in known["suppressions"]] == ["external"]  # type: ignore[attr-defined]
    assert "fixes" not in blocks
    [fix] = standard_json.loads(standard_json.dumps(replaced["fixes"]))
    [replacement] = fix["artifactChanges"][0]["replacements"]
    assert shaped(fix, "fix")
    assert shaped(replacement, "replacement")
    assert replacement["deletedRegion"] == {"startLine": 3, "startColumn": 1, "endLine": 5, "endColumn": 15}
    assert replacement["insertedContent"] == {"text": "SELECT 1"}


def test_github_annotations_escape_what_would_end_them() -> None:
    first, second, third, *_ = github.text(result(*ALL)).split("\n")

    assert first.startswith(
        "::error file=db/migra tions/1_a%2Cb%3Ac.sql,line=4,endLine=4,col=9,endColumn=20,title=set-not-null-scan::"
        "reads of orders wait%0AWhy: all rows are read under ACCESS EXCLUSIVE.%0A"
    )
    assert "is 100%25 <b>" in second
    assert "%0Amarkup" in second
    assert third.startswith("::notice ")
    assert "drop-table" not in github.text(result(*ALL))


def test_gitlab_gets_a_fingerprint_and_a_line_for_each() -> None:
    found = standard_json.loads(gitlab.text(result(*ALL)))

    assert [(each["check_name"], each["severity"], each["fingerprint"]) for each in found] == [
        ("set-not-null-scan", "critical", "p1"),
        ("drop-column", "major", "p2"),
        ("narrow-type", "minor", "p3"),
        ("idx-not-concurrent", "info", "p6"),
    ]
    assert found[0]["location"] == {"path": PATH, "lines": {"begin": 4, "end": 4}}


def test_junit_counts_failures_and_keeps_every_character_that_xml_has() -> None:
    root = ET.fromstring(junit.text(result(*ALL)))
    cases = {case.get("name"): case for case in root.iter("testcase")}

    assert (root.get("tests"), root.get("failures")) == ("6", "2")
    failure = cases["drop-column in line 9"].find("failure")
    assert failure is not None
    assert failure.get("message") == NASTY.replace("\x0b", "\ufffd")
    assert cases["narrow-type in line 9"].find("system-out") is not None
    assert len(list(root.iter("skipped"))) == 2


def test_junit_of_a_clean_migration_is_a_test_that_passes() -> None:
    root = ET.fromstring(junit.text(result()))

    assert (root.get("tests"), root.get("failures")) == ("1", "0")


def test_markdown_has_risk_reviewers_locks_and_rewrites() -> None:
    text = markdown.text(result(BLOCKS))

    assert "| `1` a\\_b | **HIGH** | 3 | extensive | complex | 500 ms to 2.0 s |  | 1 error |" in text
    assert "| 3 | `ALTER TABLE orders ALTER COLUMN note SET NOT NULL` | `orders` ACCESS EXCLUSIVE (blocks reads" in text
    assert "reads all rows of orders, depending on the rows of orders" in text
    assert (
        "```sql\nALTER TABLE orders ADD CHECK (note IS NOT NULL) NOT VALID;\nALTER TABLE orders VALIDATE;\n```" in text
    )
    assert f"<details open><summary>{PATH}: 1 error</summary>" in text


def test_markdown_tells_the_statements_of_down_from_those_of_up() -> None:
    pairs = ((STATEMENT, EFFECT),)
    judged = Judged(Migration("1", "a", PATH), up=pairs, down=pairs, contract=pairs)
    lines = markdown.text(Result(Verdicts((judged,), ()), (), explain)).splitlines()

    assert [line.split(" | ")[0] for line in lines if "`ALTER TABLE" in line] == ["| 3", "| 3, down", "| 3, contract"]


def test_markdown_lets_no_text_become_markup() -> None:
    odd = Statement("SELECT '```|' FROM a", 1, 1, 0, PATH)
    judged = Judged(
        Migration("1", "a", "<b>.sql"), (ODD,), ((odd, Effect(odd.text, locks=(Lock("a|b", LockMode.SHARE),))),)
    )
    text = markdown.text(Result(Verdicts((judged,), (ODD,)), (), explain))

    assert "<summary>&lt;b&gt;.sql: 1 warning</summary>" in text
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; \\]\\]&gt; \\*not\\* markup" in text
    assert "| ```` SELECT '```\\|' FROM a ```` | `a\\|b` SHARE" in text


def test_a_comment_never_gets_longer_than_a_forge_allows() -> None:
    many = tuple(
        Judged(Migration(str(number), "a", PATH), (BLOCKS,) * 10, ((STATEMENT, EFFECT),)) for number in range(100)
    )
    text = markdown.text(Result(Verdicts(many, (BLOCKS,)), (), explain))

    assert len(text) < 65_536
    assert "migrations are left out." in text


@pytest.mark.parametrize("output", [human.text, github.text, markdown.text])
def test_notes_are_shown(output: Callable[[Result], str]) -> None:
    assert "seen on the live catalog" in output(result(notes=("seen on the live catalog",)))
