"""Limits of upward reports are stored with the level behind them; duties name the document."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; alerts from before get their limits with their next change."""
    op.execute(
        "ALTER TABLE command.alert_reporting ADD COLUMN limits_at_level jsonb NOT NULL DEFAULT '[]'"
    )
    op.execute(
        "ALTER TABLE command.report_obligation "
        "ADD COLUMN limits_id text, ADD COLUMN limits_version integer"
    )


def downgrade() -> None:
    """Backwards is a restore from backup, not a script."""
    raise RuntimeError("there is no way down: restore the backup taken before the migration")
