"""Commands and assignments name the document of limits from which their deadlines follow."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TABLES = ("command.command", "command.assignment")


def upgrade() -> None:
    """Add the columns; rows from before there were documents have no value there."""
    for table in _TABLES:
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN limits_id text, ADD COLUMN limits_version integer"
        )


def downgrade() -> None:
    """Backwards is a restore from backup, not a script."""
    raise RuntimeError("there is no way down: restore the backup taken before the migration")
