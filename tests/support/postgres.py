"""One real Postgres per test process, without Kafka, and fresh migrated databases on request.

Started by the first test that needs it (about 2 s); it lives in an event loop of its own thread, so
that tests may use any loop they like, and ends with the process. Its files lie in memory where that
is possible: a new database is 800 of them, made in 0.05 s there and in up to a second on a disk. A
measurement asks for a second server, on the disk, whose commits wait for it.
"""

from __future__ import annotations

import asyncio
import atexit
import itertools
import os
import shutil
import tempfile
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg
import psutil

from deploy.local.paths import Paths
from deploy.local.ports import choose
from deploy.local.postgres import DATABASE, NAME, Postgres
from deploy.local.secrets import Secrets
from deploy.local.start_limits import START_S
from deploy.local.supervisor import Supervisor
from deploy.migrations.runner import upgrade

_TEMPLATE = "migrated"
_MEMORY = Path("/dev/shm")  # a disk in memory, on Linux
_MEMORY_BYTES = 2_000_000_000
"""What must be free there: a database is 11 MB, and tests fill some with a whole district."""
_PREFIX = "fenghuo-postgres-"
_numbers = itertools.count(1)


class _Server:
    def __init__(self, memory: Path | None) -> None:
        self._in_memory = memory is not None
        self.folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=memory))
        self.folder.chmod(0o755)  # as root, the server runs as another user, who must get in
        paths = Paths(self.folder)
        paths.create()
        port = choose([NAME], self.folder / "ports.json", {})[NAME]
        self._postgres = Postgres(paths, port, Secrets(paths.secrets))
        self._supervisor = Supervisor()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=NAME, daemon=True)
        self._thread.start()
        atexit.register(self._end)
        self.dsn = self._postgres.superuser_dsn()
        self.run(self._begin())

    def run(self, work: Coroutine[Any, Any, Any]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(600)

    async def sql(self, statement: str) -> None:
        connection = await asyncpg.connect(self.dsn)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def _begin(self) -> None:
        await self._supervisor.start(self._postgres.prepare())
        await self._postgres.wait_ready(START_S)
        if self._in_memory:
            # A gigabyte of log for the sake of rare checkpoints is too much memory.
            await self.sql("ALTER SYSTEM SET max_wal_size = '256MB'")
            await self.sql("SELECT pg_reload_conf()")
        await asyncio.to_thread(upgrade, self.dsn)
        await self.sql(f"CREATE DATABASE {_TEMPLATE} TEMPLATE {DATABASE}")

    def _end(self) -> None:
        self.run(self._supervisor.stop_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        home = self.folder / "data" / NAME
        if home.is_symlink():
            shutil.rmtree(home.resolve(), ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def _memory() -> Path | None:
    """Return a folder in memory; None without a folder with enough room.

    Files of a killed test process are removed from memory here, since no other program does.
    """
    for path in _MEMORY.glob(f"{_PREFIX}*"):
        if not psutil.pid_exists(int(path.name.removeprefix(_PREFIX).split("-")[0])):
            shutil.rmtree(path, ignore_errors=True)
    if not os.access(_MEMORY, os.W_OK) or shutil.disk_usage(_MEMORY).free < _MEMORY_BYTES:
        return None
    return _MEMORY


@cache
def _server(on_disk: bool) -> _Server:
    return _Server(None if on_disk else _memory())


def running_postgres() -> str:
    """Return the superuser's address of a migrated database, shared by this process's tests."""
    return _server(False).dsn


@contextmanager
def fresh_database(*, on_disk: bool = False) -> Iterator[str]:
    """Yield the superuser's address of a migrated, empty database, dropped at the end."""
    server, name = _server(on_disk), f"test_{next(_numbers)}"
    server.run(server.sql(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}"))
    try:
        yield server.dsn.removesuffix(DATABASE) + name
    finally:
        server.run(server.sql(f"DROP DATABASE {name} WITH (FORCE)"))
