"""Database schema: hand-written SQL, applied in order by alembic."""
