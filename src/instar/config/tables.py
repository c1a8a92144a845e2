"""The shape of the configuration file: every key with its type, its default and what it is for."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from instar.config.duration import PATTERN

OutOfOrder = Literal["refuse", "safe", "apply"]
Text = str | int | float | bool
Duration = str | int | float


def _time(description: str) -> Meta:
    return Meta(description=description, extra={"duration": True}, extra_json_schema={"pattern": rf"{PATTERN}|\$\{{"})


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
    placeholders: Annotated[dict[str, Text], Meta(description="Values for ${name} in SQL files.")] = {}


class File(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """instar.toml, or [tool.instar] in pyproject.toml."""

    default_environment: Annotated[
        str, Meta(description="Environment to use when neither --environment nor INSTAR_ENVIRONMENT names one.")
    ] = ""
    environments: Annotated[
        dict[str, Table], Meta(description="Named environments; each overrides what stands at the top of the file.")
    ] = {}
