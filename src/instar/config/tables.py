"""The shape of the configuration file: every key with its type, its default and what it is for."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from instar.config.duration import PATTERN
from instar.config.window import PATTERN as WINDOW

OutOfOrder = Literal["refuse", "safe", "apply"]
Weight = Literal["error", "warning", "info", "off"]
FailOn = Literal["error", "warning", "info", "never"]
RiskLevel = Literal["low", "medium", "high"]
HeaderKey = Literal[
    "description",
    "author",
    "estimated_duration",
    "risk_level",
    "reversible",
    "requires_downtime",
    "affected_tables",
    "dependencies",
    "tags",
]
Text = str | int | float | bool
Duration = str | int | float


def _time(description: str) -> Meta:
    return Meta(description=description, extra={"duration": True}, extra_json_schema={"pattern": rf"{PATTERN}|\$\{{"})


def _regex(description: str) -> Meta:
    return Meta(description=description, extra={"regex": True})


def _template(description: str, *fields: str) -> Meta:
    shown = ", ".join(f"{{{name}}}" for name in fields)
    return Meta(description=f"{description}: {shown}.", extra={"fields": fields})


class Migrations(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where migrations lie and where their history is kept."""

    directory: Annotated[
        str | list[str], Meta(description="Folder of the migrations, or several; relative to this file.")
    ] = "migrations"
    format: Annotated[
        str, Meta(description="Layout of the files (native, dbmate, goose, flyway, ...). Detected when empty.")
    ] = ""
    table: Annotated[str, Meta(description="Table with one row per applied migration.")] = "schema_migrations"
    log_table: Annotated[str, Meta(description="Table with one row per attempt.")] = "migration_execution_log"
    schema: Annotated[
        str,
        Meta(description="Schema (MySQL: database) of these two tables; empty: where the session creates tables."),
    ] = ""
    internal_schema: Annotated[
        str, Meta(description="Schema, or prefix where the engine has none, of instar's own tables.")
    ] = "instar"
    templates: Annotated[
        str, Meta(description="Folder of your own templates for `instar create`; relative to this file.")
    ] = "migrations/templates"
    template: Annotated[str, Meta(description="Template that `instar create` uses when none is named.")] = ""


class Seeds(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the files of `instar seed` lie."""

    directory: Annotated[
        str | list[str], Meta(description="Folder of the seeds, or several; relative to this file.")
    ] = "seeds"


class Lint(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What `instar lint` goes by."""

    rules: Annotated[
        dict[str, Weight], Meta(description="What a rule, or a group, weighs: error, warning, info or off.")
    ] = {}
    fail_on: Annotated[
        FailOn, Meta(description="Exit with 4 at findings of this weight or more: error, warning, info, never.")
    ] = "warning"
    server_version: Annotated[
        int, Meta(description="Major version of the server, 0: not known, what holds for every version counts.", ge=0)
    ] = 0
    small_table_rows: Annotated[
        int,
        Meta(description="Work on a table of at most so many rows blocks nobody (known from a live database).", ge=0),
    ] = 10_000
    dialect: Annotated[
        str, Meta(description="postgresql, mysql, mariadb or sqlite, where no URL tells. Default: postgresql.")
    ] = ""
    baseline: Annotated[str, Meta(description="File of the findings that do not count; relative to this file.")] = (
        "instar-lint-baseline.toml"
    )


class Naming(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How things that a migration creates are to be called. An empty text: that kind may be called anything."""

    file: Annotated[str, _regex("Regular expression of a migration's file name.")] = (
        r"\d{14}_[a-z][a-z0-9]*(_[a-z0-9]+)*\.(sql|py)"
    )
    table: Annotated[str, _regex("Regular expression of a table's name.")] = r"[a-z][a-z0-9]*(_[a-z0-9]+)*"
    column: Annotated[str, _regex("Regular expression of a column's name.")] = r"[a-z][a-z0-9]*(_[a-z0-9]+)*"
    index: Annotated[str, _template("Template of an index", "table", "columns")] = "idx_{table}_{columns}"
    primary_key: Annotated[str, _template("Template of a primary key", "table", "columns")] = "pk_{table}_{columns}"
    foreign_key: Annotated[str, _template("Template of a foreign key", "table", "columns", "referenced")] = (
        "fk_{table}_{columns}"
    )
    unique: Annotated[str, _template("Template of a unique constraint", "table", "columns")] = "uk_{table}_{columns}"
    check: Annotated[str, _template("Template of a check", "table", "columns", "what")] = "chk_{table}_{what}"
    plural: Annotated[bool, Meta(description="Whether a table's name ends in an English plural.")] = True
    uncountable: Annotated[list[str], Meta(description="Words that are their own plural in your field.")] = []
    exceptions: Annotated[list[str], Meta(description="Names, with * and ?, that may be as they are.")] = []


class Policy(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What `instar up` demands before it touches the database. Nothing, unless it stands here."""

    max_risk: Annotated[
        RiskLevel | None, Meta(description="Migrations of a higher risk are refused: low, medium, high.")
    ] = None
    reviewers: Annotated[
        bool | dict[RiskLevel, int],
        Meta(description="How many must have approved, by risk; true: 1 for low, 2 for medium, 3 for high."),
    ] = False
    promote_from: Annotated[
        str, Meta(description="Environment in which every migration must be applied before, with the same checksum.")
    ] = ""
    require_tests: Annotated[
        bool, Meta(description="A record of passed tests (instar approve --tested), as extensive as the risk asks for.")
    ] = False
    windows: Annotated[
        list[Annotated[str, Meta(extra_json_schema={"pattern": WINDOW})]],
        Meta(
            description='When it may run: "mon-thu 09:00-16:00 Europe/Berlin"; UTC without a zone.',
            extra={"windows": True},
        ),
    ] = []
    downtime: Annotated[
        Literal["allow", "refuse"], Meta(description="Migrations that require downtime: allow or refuse.")
    ] = "allow"
    required_headers: Annotated[list[HeaderKey], Meta(description="Keys that every migration's header must have.")] = []
    rules: Annotated[
        dict[str, Weight],
        Meta(description="What lint's rules, or groups of them, weigh here: error, warning, info, off."),
    ] = {}
    lint: Annotated[
        Literal["off", "error", "warning"], Meta(description="Findings of this weight or more are refused.")
    ] = "off"


class Test(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What `instar test` proves, and on what."""

    server: Annotated[
        str,
        Meta(description="URL of a server on which databases to throw away may be made. Default: one of instar's own."),
    ] = ""
    server_version: Annotated[
        int, Meta(description="Major version of instar's own server, 0: the newest that is installed.", ge=0)
    ] = 0
    rows: Annotated[int, Meta(description="Rows that every empty table gets before a migration; 0: none.", ge=0)] = 20
    empty: Annotated[
        list[str],
        Meta(description="Tables that get no rows, since they have none before the migration that fills them."),
    ] = []
    data: Annotated[
        Literal["error", "warning", "off"],
        Meta(description="What it weighs when down does not bring the content of a column back."),
    ] = "warning"
    budget: Annotated[Duration, _time("The longest that an up or a down may take there. Empty: no limit.")] = "30s"


class Backups(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How long the old values are wanted that `-- instar:backup` keeps."""

    keep: Annotated[
        Duration, _time("After this `instar backups drop --expired` takes a backup away. Empty: never.")
    ] = "30d"


class Table(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What holds for one environment, or at the top of the file for all of them."""

    url: Annotated[
        str, Meta(description="postgresql://, mysql://, mariadb://, sqlite:/// or embedded:. Default: DATABASE_URL.")
    ] = ""
    lock_timeout: Annotated[
        Duration, _time("Budget of one wait for a lock on a table; then the transaction is tried again.")
    ] = "100ms"
    lock_deadline: Annotated[
        Duration, _time("How long one migration keeps trying to get its locks; then it stays pending.")
    ] = "5m"
    statement_timeout: Annotated[Duration, _time("The longest that one statement may run. Empty: no limit.")] = ""
    wait_lock: Annotated[
        Duration, _time("How long a second runner waits for the first before it exits with code 6.")
    ] = "0s"
    out_of_order: Annotated[
        OutOfOrder | None,
        Meta(
            description="A migration older than the newest applied one: refuse, apply, or safe = apply when nothing "
            "applied later touches the same objects. Default: apply in development, safe elsewhere."
        ),
    ] = None
    group: Annotated[bool, Meta(description="Apply all pending migrations in one transaction.")] = False
    session_pooler: Annotated[
        bool, Meta(description="The pooler in front of the database keeps sessions; do not refuse it.")
    ] = False
    migrations: Migrations = Migrations()
    seeds: Seeds = Seeds()
    lint: Lint = Lint()
    naming: Naming = Naming()
    policy: Policy = Policy()
    backups: Backups = Backups()
    test: Test = Test()
    placeholders: Annotated[dict[str, Text], Meta(description="Values for ${name} in SQL files.")] = {}


class File(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """instar.toml, or [tool.instar] in pyproject.toml."""

    default_environment: Annotated[
        str, Meta(description="Environment to use when neither --environment nor INSTAR_ENVIRONMENT names one.")
    ] = ""
    environments: Annotated[
        dict[str, Table], Meta(description="Named environments; each overrides what stands at the top of the file.")
    ] = {}
