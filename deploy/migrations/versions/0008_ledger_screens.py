"""The ledger on screens: decisions on requests, and columns by which entries are listed."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_STATEMENTS = """
-- The decision of the ledger on each request, also on a refused one and on a trial. `changed`: the
-- number of new versions, of which `changes` lists the first ones.
CREATE TABLE catalog.decision (
    request_id text PRIMARY KEY,
    trial boolean NOT NULL,
    decided_at timestamptz NOT NULL,
    actor text NOT NULL,
    unit text NOT NULL,
    changed integer NOT NULL,
    changes text NOT NULL,
    refusals text NOT NULL
);
CREATE INDEX decision_decided_at ON catalog.decision (decided_at);

-- By these columns an entry is found: its name, and the unit that it lies at or belongs to.
ALTER TABLE catalog.entry
    ADD COLUMN name text NOT NULL
        GENERATED ALWAYS AS (body::jsonb #>> '{entry,name}') STORED,
    ADD COLUMN place text
        GENERATED ALWAYS AS (CASE kind
            WHEN 'unit' THEN body::jsonb #>> '{entry,unit}'
            WHEN 'sensor' THEN body::jsonb #>> '{entry,place}'
            WHEN 'group' THEN body::jsonb #>> '{entry,owner}'
            WHEN 'source' THEN body::jsonb #>> '{entry,owner}'
        END) STORED;
CREATE INDEX entry_kind ON catalog.entry (kind, key COLLATE "C");
"""


def upgrade() -> None:
    """Add the table and the columns."""
    for statement in _STATEMENTS.split(";"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Backwards is a restore from backup, not a script."""
    raise RuntimeError("there is no way down: restore the backup taken before the migration")
