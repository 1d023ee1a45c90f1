"""Drafts of limits; what previews need of the deadlines of attempts and of duties to report."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_OWN = """
-- Drafts of limits: written by their author, signed by two officers, then published on Kafka.
CREATE TABLE console.limits_draft (
    draft_id text PRIMARY KEY,
    limits_id text NOT NULL,
    version integer NOT NULL,
    state text NOT NULL,
    body jsonb NOT NULL,
    author text NOT NULL,
    signatures jsonb NOT NULL,
    changed_at timestamptz NOT NULL,
    closed_by text,
    reason text NOT NULL
);
CREATE UNIQUE INDEX limits_draft_published ON console.limits_draft (limits_id, version)
    WHERE state = 'published';
CREATE INDEX limits_draft_recent ON console.limits_draft (changed_at);

-- Where an attempt of an assignment begins, or its deadlines move: the deadlines, with the level,
-- mode and limits that gave them.
ALTER TABLE console.case_fact ADD COLUMN deadlines jsonb;

ALTER TABLE console.report_duty ADD COLUMN mode text NOT NULL DEFAULT 'normal',
    ADD COLUMN limits_id text, ADD COLUMN limits_version integer;
"""


def upgrade() -> None:
    """Make the table and the columns; decisions of before have no limits recorded."""
    for statement in _OWN.split(";"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Backwards is a restore from backup, not a script."""
    raise RuntimeError("there is no way down: restore the backup taken before the migration")
