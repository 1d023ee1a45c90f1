"""A Postgres whose data folder stays in var/bench: a generated year is costly to make."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from deploy.local.paths import Paths
from deploy.local.ports import choose
from deploy.local.postgres import NAME, Postgres
from deploy.local.secrets import Secrets
from deploy.local.supervisor import Supervisor
from deploy.migrations.runner import upgrade


@asynccontextmanager
async def scratch(folder: Path) -> AsyncIterator[str]:
    """Yield the superuser's address of a migrated database in `folder`; stop only the server."""
    paths = Paths(folder)
    paths.create()
    port = choose([NAME], folder / "ports.json", {})[NAME]
    postgres, supervisor = Postgres(paths, port, Secrets(paths.secrets)), Supervisor()
    await supervisor.start(await asyncio.to_thread(postgres.prepare))
    try:
        await postgres.wait_ready(60)
        await asyncio.to_thread(upgrade, postgres.superuser_dsn())
        yield postgres.superuser_dsn()
    finally:
        await supervisor.stop_all()
