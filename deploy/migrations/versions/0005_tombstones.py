"""Outbox rows without a value: tombstones of keys of compacted topics."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SCHEMAS = ("alerting", "command", "duty", "notify", "console", "audit")


def upgrade() -> None:
    """Let a value be absent; the rows that wait stay as they are."""
    for schema in _SCHEMAS:
        op.execute(f"ALTER TABLE {schema}.outbox ALTER COLUMN value DROP NOT NULL")


def downgrade() -> None:
    """Backwards is a restore from backup, not a script."""
    raise RuntimeError("there is no way down: restore the backup taken before the migration")
