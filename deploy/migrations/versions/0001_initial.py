"""The initial schema: every file of sql/ in name order; one Postgres schema per service."""

from pathlib import Path

from alembic import op
from sqlalchemy.util import await_only

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the files as scripts of many statements, inside alembic's transaction."""
    connection = op.get_bind()
    # Through SQLAlchemy first: that opens the transaction which the raw calls below join.
    connection.exec_driver_sql("SELECT 1")
    raw = connection.connection.driver_connection
    assert raw is not None
    for path in sorted((Path(__file__).resolve().parent.parent / "sql").glob("*.sql")):
        await_only(raw.execute(path.read_text(encoding="utf-8")))


def downgrade() -> None:
    """Backwards is a restore from backup, not a script."""
    raise RuntimeError("there is no way down: restore the backup taken before the migration")
