"""The units above a unit, for the codes of any city (shared/contracts/units.py)."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_LINEAGE = """
CREATE OR REPLACE FUNCTION console.lineage(unit text) RETURNS SETOF text
LANGUAGE sql IMMUTABLE AS $$
    SELECT DISTINCT above FROM unnest(ARRAY[
        unit, substring(unit FROM '^[0-9]{12}/grid/[0-9]{3}'), left(unit, 12),
        left(unit, 9) || '000', left(unit, 6) || '000000',
        CASE WHEN left(unit, 2) IN ('11', '12', '31', '50')
            THEN left(unit, 2) || '0000000000' ELSE left(unit, 4) || '00000000' END]) AS above
    WHERE above IN (unit, left(unit, 12)) OR above IS NOT NULL AND (
        left(unit, 2) IN ('11', '12', '31', '50')
        OR substr(above, 3) NOT IN ('0000000000', '9000000000'))
$$
"""
"""Without provinces and groups of counties (`is_above_cities`), which no unit has as a parent."""


def upgrade() -> None:
    """Replace the function; the counts that it has made stay as they are."""
    op.execute(_LINEAGE)


def downgrade() -> None:
    """Backwards is a restore from backup, not a script."""
    raise RuntimeError("there is no way down: restore the backup taken before the migration")
