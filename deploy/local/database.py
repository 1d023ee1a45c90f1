"""Schema and roles of the local database: migrations, then one login and schema per service."""

import asyncio
from collections.abc import Mapping, Sequence

import asyncpg

from deploy.local.errors import StackError
from deploy.local.paths import Paths
from deploy.local.postgres import DATABASE, Postgres
from deploy.migrations.runner import sql_fingerprint, upgrade

_STAMP = "schema.sha256"

READS_ALL = "audit"
"""This role may also read what every other service stored: it checks their work."""


READS_LEDGER = ("console", "catalog", ("entry", "entry_history", "decision"))
"""A role, a schema and its tables: versions and decisions of the ledger are nowhere else."""


async def migrate(postgres: Postgres, paths: Paths) -> None:
    """Bring the schema up to date.

    Raises StackError when a migration fails, or when the SQL was edited after it had been applied
    here (an unreleased schema changes in place, so old data must go).
    """
    stamp = paths.data / _STAMP
    if stamp.exists() and stamp.read_text(encoding="ascii") != sql_fingerprint():
        raise StackError(
            "the database schema changed since this data was created; `make clean` starts afresh."
        )
    try:
        # alembic runs its own event loop and may not share ours.
        await asyncio.to_thread(upgrade, postgres.superuser_dsn())
    except Exception as error:  # whatever alembic, the driver or the SQL raise: one sentence
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise StackError(f"the database cannot be migrated: {reason}") from error
    stamp.write_text(sql_fingerprint(), encoding="ascii")


async def ensure_roles(postgres: Postgres, services: Sequence[str]) -> None:
    """Create each service's role with a generated password and its grants. Repeatable."""
    passwords = {name: postgres.secrets.get(f"postgres-{name}") for name in services}
    await grant(postgres.superuser_dsn(), passwords)


async def grant(admin_dsn: str, passwords: Mapping[str, str]) -> None:
    """Give each service (name -> password) a login for its own schema alone."""
    connection = await asyncpg.connect(admin_dsn)
    try:
        async with connection.transaction():
            await connection.execute(
                f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC; "
                "REVOKE ALL ON SCHEMA public FROM PUBLIC"
            )
            query = "SELECT rolname FROM pg_roles"
            present = {row["rolname"] for row in await connection.fetch(query)}
            for service, password in passwords.items():
                await connection.execute(role_sql(service, password, service in present))
            if READS_ALL in passwords:
                schemas = await connection.fetch(
                    "SELECT nspname FROM pg_namespace WHERE nspname = ANY($1)",
                    [name for name in passwords if name != READS_ALL],
                )
                for row in schemas:
                    await connection.execute(read_sql(READS_ALL, row["nspname"]))
            reader, owner, tables = READS_LEDGER
            if {reader, owner} <= passwords.keys():
                await connection.execute(read_tables_sql(reader, owner, tables))
    finally:
        await connection.close()


def role_sql(service: str, password: str, exists: bool) -> str:
    """Return the statements for a login of `service` with the tables of its own schema.

    Its schema and tables belong to the superuser: a service changes rows, never the schema.
    """
    verb = "ALTER" if exists else "CREATE"
    return f"""
CREATE SCHEMA IF NOT EXISTS "{service}";
{verb} ROLE "{service}" LOGIN PASSWORD '{password}'
  NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION CONNECTION LIMIT 40;
ALTER ROLE "{service}" SET search_path = "{service}";
GRANT CONNECT ON DATABASE {DATABASE} TO "{service}";
GRANT USAGE ON SCHEMA "{service}" TO "{service}";
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "{service}" TO "{service}";
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA "{service}" TO "{service}";
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA "{service}" TO "{service}";
"""


def read_sql(reader: str, schema: str) -> str:
    """Return the statements that let `reader` read, not write, another service's tables."""
    return f"""
GRANT USAGE ON SCHEMA "{schema}" TO "{reader}";
GRANT SELECT ON ALL TABLES IN SCHEMA "{schema}" TO "{reader}";
"""


def read_tables_sql(reader: str, schema: str, tables: Sequence[str]) -> str:
    """Return the statements that let `reader` read, not write, some tables of another service."""
    named = ", ".join(f'"{schema}"."{table}"' for table in tables)
    return f"""
GRANT USAGE ON SCHEMA "{schema}" TO "{reader}";
GRANT SELECT ON {named} TO "{reader}";
"""
