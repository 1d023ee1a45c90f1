"""Run alembic without an alembic.ini: its settings are these few lines."""

import hashlib
from pathlib import Path

from alembic import command
from alembic.config import Config

FOLDER = Path(__file__).resolve().parent
SQL_DIR = FOLDER / "sql"


def upgrade(dsn: str, revision: str = "head") -> None:
    """Apply all missing revisions up to one as the role in `dsn` (postgresql://...). Blocking.

    Raises what alembic and asyncpg raise; each revision is one transaction.
    """
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["dsn"] = dsn
    command.upgrade(config, revision)


def sql_fingerprint() -> str:
    """Hash over names and contents of all SQL files: tells an edited schema from an applied one."""
    digest = hashlib.sha256()
    for path in sorted(SQL_DIR.glob("*.sql")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
