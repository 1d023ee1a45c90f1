"""`python -m deploy.migrations`: bring the schema at FENGHUO_DATABASE_URL to the latest version."""

import os
import sys

from deploy.migrations.runner import upgrade


def main() -> int:
    """Exit code 0 done, 1 failed, 2 no database named."""
    dsn = os.environ.get("FENGHUO_DATABASE_URL", "")
    if not dsn:
        print("fenghuo: FENGHUO_DATABASE_URL must name the database to migrate.", file=sys.stderr)
        return 2
    try:
        upgrade(dsn)
    except Exception as error:  # whatever alembic, asyncpg or the SQL raise: one sentence
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        print(f"fenghuo: the database cannot be migrated: {reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
