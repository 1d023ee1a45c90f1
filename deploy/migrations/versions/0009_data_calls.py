"""Data calls of the read API, by day and by the entry of the ledger."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of data calls."""
    op.execute(
        "CREATE TABLE console.data_call ("
        "day date NOT NULL, entry text NOT NULL, calls bigint NOT NULL, PRIMARY KEY (day, entry))"
    )


def downgrade() -> None:
    """Backwards is a restore from backup, not a script."""
    raise RuntimeError("there is no way down: restore the backup taken before the migration")
