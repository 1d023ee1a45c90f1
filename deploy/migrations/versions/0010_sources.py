"""The activity of sources: the last reading of each, and the readings of two minutes."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
CREATE TABLE console.source_activity (
    source text PRIMARY KEY,
    last_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    minute timestamptz NOT NULL,
    readings integer NOT NULL,
    readings_before integer NOT NULL
)
""",
)


def upgrade() -> None:
    """Add the tables."""
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Backwards is a restore from backup, not a script."""
    raise RuntimeError("there is no way down: restore the backup taken before the migration")
