"""Values and events as text: tables, plans, progress, problems, JSON."""

import json as standard_json
import unicodedata
from datetime import UTC, datetime
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console, RenderableType

from instar import events
from instar.errors import CheckFailedError, DatabaseError, InstarError, MigrationFailedError
from instar.model import (
    Action,
    Attempt,
    Blocker,
    Checkpoint,
    Condition,
    Entry,
    Migration,
    Place,
    Plan,
    Segment,
    State,
    Statement,
    Step,
)
from instar.render import _words, human, json, plain, problem
from instar.render._caret import excerpt
from instar.render._table import table
from instar.render.progress import Progress, said

USERS = Migration("20240101000000", "users", "migrations/20240101000000_users.sql")
INDEX = Migration("20240102000000", "index", "migrations/20240102000000_index.sql")
CREATE = Statement("CREATE TABLE users (\n  id bigint\n)", 2, 1, 0, USERS.path)
CONCURRENTLY = Statement("CREATE INDEX CONCURRENTLY i ON users (id)", 9, 1, 0, INDEX.path)
PLAN = Plan(
    steps=(
        Step(USERS, Action.APPLY, (Segment(0, (CREATE,), transaction=True),), notes=("late",)),
        Step(
            INDEX,
            Action.APPLY,
            (Segment(1, (CONCURRENTLY,), transaction=False),),
            checkpoint=Checkpoint(INDEX.version, "apply", 1, ("x",)),
        ),
    ),
    history="h",
    identifier="p",
    notes=("one is left out",),
)
CONDITIONS = [
    Condition(
        USERS.version,
        "users",
        State.APPLIED,
        Entry(USERS.version, "users", applied_at=datetime(2024, 1, 1, 12, 0, 5), execution_time_ms=1250),  # noqa: DTZ001
        USERS,
        by="ann@laptop",
    ),
    Condition("20231231000000", "gone", State.MISSING, note="its file is not there"),
    Condition(INDEX.version, "index", State.PENDING, migration=INDEX),
]
ATTEMPTS = [
    Attempt(
        7,
        USERS.version,
        "apply",
        "completed",
        datetime(2024, 1, 1, tzinfo=UTC),
        datetime(2024, 1, 1, 0, 2, 5, tzinfo=UTC),
    ),
    Attempt(8, INDEX.version, "apply", "failed", error_message="no\nluck", context={"actor": "ann", "statements": [1]}),
]


def terminal(renderable: RenderableType, width: int = 100) -> str:
    console = Console(file=StringIO(), width=width, force_terminal=False, color_system=None)
    console.print(renderable, highlight=False)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


# Results


def test_status_is_a_line_each_and_a_summary() -> None:
    assert plain.status(CONDITIONS).splitlines() == [
        "   VERSION         NAME   STATE    APPLIED              TOOK   BY          NOTE",
        "✓  20240101000000  users  applied  2024-01-01 12:00:05  1.2 s  ann@laptop",
        "?  20231231000000  gone   missing                                          its file is not there",
        "·  20240102000000  index  pending",
        "1 applied, 1 pending, 1 missing",
    ]


def test_a_terminal_shows_the_same_words() -> None:
    for text, renderable in (
        (plain.status(CONDITIONS), human.status(CONDITIONS)),
        (plain.plan(PLAN), human.plan(PLAN)),
        (plain.history(ATTEMPTS), human.history(ATTEMPTS)),
    ):
        assert terminal(renderable, 200).split() == text.split()


def test_a_narrow_terminal_keeps_versions_whole() -> None:
    assert USERS.version in terminal(human.status(CONDITIONS), 60)


def test_markup_in_names_is_only_text() -> None:
    strange = Condition("1", "[red]x[/]", State.PENDING, note="[/nonsense]")

    assert "[red]x[/]" in terminal(human.status([strange]))
    assert "[/nonsense]" in terminal(human.status([strange]))


def test_a_plan_shows_how_each_statement_runs() -> None:
    assert plain.plan(PLAN).splitlines() == [
        "apply 20240101000000 users  migrations/20240101000000_users.sql",
        "  in one transaction",
        "      2  CREATE TABLE users ( id bigint )",
        "  note: late",
        "",
        "apply 20240102000000 index  migrations/20240102000000_index.sql",
        "  continues after 1 statement that an earlier attempt has committed",
        "  outside a transaction",
        "      9  CREATE INDEX CONCURRENTLY i ON users (id)",
        "",
        "note: one is left out",
        "2 migrations, 2 statements",
    ]


def test_nothing_is_said_in_words() -> None:
    empty = Plan((), "h")

    assert plain.plan(empty) == "nothing to do"
    assert terminal(human.plan(empty)) == "nothing to do\n"
    assert plain.status([]) == "no migrations"
    assert plain.history([]) == "no attempts"
    assert plain.repairs([]) == "nothing to repair"


def test_json_keeps_what_people_do_not_see() -> None:
    status = standard_json.loads(json.status(CONDITIONS))
    assert status["summary"] == {"applied": 1, "missing": 1, "pending": 1}
    assert status["migrations"][0]["execution_time_ms"] == 1250
    assert status["migrations"][1]["path"] is None

    attempts = standard_json.loads(json.history(ATTEMPTS))["attempts"]
    assert attempts[1]["context"] == {"actor": "ann", "statements": [1]}

    step = standard_json.loads(json.plan(PLAN))["plan"]["steps"][1]
    assert (step["resumes_at"], step["segments"][0]["transaction"]) == (1, False)


# Progress

RUN: list[events.Event] = [
    events.RunStarted(PLAN, "PostgreSQL 18.1"),
    events.MigrationStarted(USERS, Action.APPLY, 1, 2),
    events.Notice("NOTICE", "relation exists", "skipping"),
    events.StatementFinished(USERS, CREATE, 0, 1, 0.01, 0),
    events.MigrationFinished(USERS, Action.APPLY, 1, 2, 0.012, 1),
    events.MigrationStarted(INDEX, Action.APPLY, 2, 2, resumed_at=1),
    events.Blocked((Blocker(4711, "app", 182, "SELECT *\nFROM users", "idle in transaction", "psql"),)),
    events.Retrying(INDEX, 1, 0.25, "no lock within 100 ms"),
    events.MigrationFailed(INDEX, Action.APPLY, "broken", 2.5),
]


def test_a_run_is_told_in_a_line_per_migration() -> None:
    shown = StringIO()
    with Progress(shown.write) as progress:
        for event in RUN:
            progress(event)

    assert shown.getvalue().splitlines() == [
        "2 migrations to do on PostgreSQL 18.1",
        "[1/2] applying 20240101000000 users ...",
        "      NOTICE: relation exists",
        "        skipping",
        "[1/2] applying 20240101000000 users ... 12 ms",
        "[2/2] applying 20240102000000 index from statement 2 ...",
        "      blocked by pid 4711, app (psql), idle in transaction for 3 min 2 s: SELECT * FROM users",
        "[2/2] applying 20240102000000 index from statement 2 ...",
        "      no lock within 100 ms; try 2 in 250 ms",
        "[2/2] applying 20240102000000 index from statement 2 ... failed after 2.5 s",
    ]


def test_a_run_that_breaks_off_ends_its_line() -> None:
    shown = StringIO()
    with Progress(shown.write) as progress:
        progress(RUN[1])

    assert shown.getvalue() == "[1/2] applying 20240101000000 users ...\n"


def test_a_terminal_keeps_what_was_done_above_the_bar() -> None:
    console = Console(file=StringIO(), width=120, force_terminal=True, color_system=None)
    with human.Progress(console) as progress:
        for event in RUN:
            progress(event)

    assert isinstance(console.file, StringIO)
    text = console.file.getvalue()
    assert "✓ applied 20240101000000 users 12 ms" in text
    assert "blocked by pid 4711" in text
    assert "✗ 20240102000000 index failed after 2.5 s" in text


def test_every_event_is_a_line_of_json_with_its_name() -> None:
    lines = [
        standard_json.loads(json.event(event))
        for event in [*RUN, events.LockWaiting("ann"), events.RunFinished(2, 1.0)]
    ]

    assert [line["event"] for line in lines[:3]] == ["run-started", "migration-started", "notice"]
    assert lines[3]["statement"]["line"] == 2
    assert lines[6]["blockers"][0]["pid"] == 4711
    assert said(events.LockWaiting("ann")) == "waiting for another migrator: ann"


# Problems


def test_a_problem_shows_place_detail_and_hint_of_what_caused_it() -> None:
    cause = DatabaseError("duplicate key", sqlstate="23505", detail="Key (id)=(1) exists.", hint="delete it")
    error = MigrationFailedError(
        "20240102000000 index failed: duplicate key",
        version=INDEX.version,
        applied=(USERS.version,),
        place=Place(INDEX.path, 9, 8, "CREATE INDEX i"),
    )
    error.__cause__ = cause

    assert problem.lines(error) == [
        "error: 20240102000000 index failed: duplicate key",
        "  --> migrations/20240102000000_index.sql:9:8",
        "    9 | CREATE INDEX i",
        "      |        ^",
        "done before it, and stays done: 20240101000000",
        "detail: Key (id)=(1) exists.",
        "hint: delete it",
    ]
    document = problem.document(error)
    assert (document["type"], document["sqlstate"], document["exit_code"]) == ("migration-failed", "23505", 1)


def test_the_rows_that_a_check_found_are_a_table() -> None:
    error = CheckFailedError("a check found 2 rows", columns=("id", "email"), rows=((1, None), (20, "x")))

    assert problem.lines(error)[1:] == ["  id  email", "  1   NULL", "  20  x"]
    assert standard_json.loads(json.error(error))["error"]["rows"] == [[1, None], [20, "x"]]


def test_an_error_without_anything_is_one_line() -> None:
    assert problem.lines(InstarError("it broke")) == ["error: it broke"]


@pytest.mark.parametrize(
    ("source", "column", "caret"),
    [
        ("select x", 8, "       ^"),
        ("\tselect", 2, "    ^"),
        ("SELECT '表', x", 13, "             ^"),
        ("é x", 4, "  ^"),
    ],
)
def test_the_caret_stands_below_its_character(source: str, column: int, caret: str) -> None:
    source = unicodedata.normalize("NFD", source)

    assert excerpt(Place("f", 1, column, source))[1].partition("| ")[2] == caret


@given(st.text(st.characters(blacklist_categories=("Cc", "Cs")), max_size=400), st.integers(0, 500))
def test_an_excerpt_is_never_long(source: str, column: int) -> None:
    assert all(len(line) <= 120 for line in excerpt(Place("f", 1, column, source)) if "^" not in line)


# Words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0001, "<1 ms"), (0.25, "250 ms"), (3.44, "3.4 s"), (125, "2 min 5 s"), (3900, "1 h 5 min"), (None, "")],
)
def test_times_are_said_in_the_unit_that_fits(seconds: float | None, words: str) -> None:
    assert _words.took(seconds) == words


def test_tables_leave_empty_columns_out() -> None:
    assert table([("a", "", "c"), ("bb", "", "")], ("X", "Y", "Z")) == ["X   Z", "a   c", "bb"]
