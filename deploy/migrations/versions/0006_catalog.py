"""The schema of the ledger 资源编目: the tables of every service, entries, and their history."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_COMMON = (
    "consumer_offset",
    "inbox",
    "failed_record",
    "bug_letters",
    "outbox",
    "timer",
    "retention_schedule",
    "deleted_count",
)

_OWN = """
-- The newest version of every entry, also of a retired one. `body`: its record on the topic, of a
-- retired entry its last. `names`: the units that the entry names. `by_set_up`: written to the
-- topic by set-up, and adopted.
CREATE TABLE catalog.entry (
    key text PRIMARY KEY,
    kind text NOT NULL,
    version integer NOT NULL,
    retired boolean NOT NULL,
    by_set_up boolean NOT NULL,
    effective_at timestamptz NOT NULL,
    body text NOT NULL,
    names text[] NOT NULL
);
CREATE INDEX entry_names ON catalog.entry USING gin (names);

-- Every version, from which moment it holds, who made it, with the ledger rights of which unit, and
-- why. `cause_id`: the request, or the record of set-up.
CREATE TABLE catalog.entry_history (
    key text NOT NULL,
    version integer NOT NULL,
    retired boolean NOT NULL,
    by_set_up boolean NOT NULL,
    effective_at timestamptz NOT NULL,
    actor text NOT NULL,
    unit text NOT NULL,
    post text,
    reason text NOT NULL,
    cause_id text NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (key, version)
);
"""


def upgrade() -> None:
    """Make the schema; the tables of every service are like those of duty."""
    op.execute("CREATE SCHEMA catalog")
    for table in _COMMON:
        op.execute(f"CREATE TABLE catalog.{table} (LIKE duty.{table} INCLUDING ALL)")
    for statement in _OWN.split(";"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Backwards is a restore from backup, not a script."""
    raise RuntimeError("there is no way down: restore the backup taken before the migration")
