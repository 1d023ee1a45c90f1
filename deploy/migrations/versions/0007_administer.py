"""Officers can be granted the right to administer a subtree: ledger, sources, limits, rules."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Allow the right in the table of grants."""
    op.execute(
        "ALTER TABLE console.officer_grant DROP CONSTRAINT officer_grant_granted_right_check, "
        "ADD CONSTRAINT officer_grant_granted_right_check CHECK "
        "(granted_right IN ('see', 'be_paged', 'command', 'operate', 'administer'))"
    )


def downgrade() -> None:
    """Backwards is a restore from backup, not a script."""
    raise RuntimeError("there is no way down: restore the backup taken before the migration")
