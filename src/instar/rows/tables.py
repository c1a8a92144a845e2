"""The tables that hold the users' rows: no tracking table of ours, nor one of another tool."""

from collections.abc import Collection

from instar.dialects import Dialect, Names, Session
from instar.shapes import Shape

TRACKING = frozenset({
    "schema_migrations", "schema_migration", "schema_version", "alembic_version", "flyway_schema_history",
    "goose_db_version", "gorp_migrations", "django_migrations", "databasechangelog", "databasechangeloglock",
    "_sqlx_migrations", "__diesel_schema_migrations", "ar_internal_metadata", "knex_migrations",
    "knex_migrations_lock", "pgmigrations", "_prisma_migrations", "typeorm_migrations", "sequelizemeta",
    "_yoyo_migration", "_yoyo_log", "_yoyo_version", "yoyo_lock", "phinxlog", "doctrine_migration_versions",
    "mikro_orm_migrations", "kysely_migration", "kysely_migration_lock", "__efmigrationshistory",
    "atlas_schema_revisions", "schemaversions",
    "migration_versions", "dbmate_migrations", "refinery_schema_history", "seaql_migrations", "river_migration",
})  # fmt: skip
"""What other tools call the tables in which they keep what has run, in lower case."""


def tables(session: Session, dialect: Dialect, names: Names | None, skip: Collection[str]) -> tuple[Shape, ...]:
    """Describe all tables with the users' rows. `skip` are further ones, by key ("public.users") or bare name."""
    found = dialect.rows.shapes(session, names or Names())
    return tuple(
        shape for shape in found
        if bare(shape).lower() not in TRACKING and shape.key not in skip and bare(shape) not in skip
    )  # fmt: skip


def bare(shape: Shape) -> str:
    """Return a table's name without its schema."""
    return shape.key.rpartition(".")[2]
