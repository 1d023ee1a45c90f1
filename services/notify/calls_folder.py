"""The operator's settings of how people are called: read at start, and again whenever a file changes.

At start what is wrong keeps the service from starting, all of it at once. Later it changes nothing: the
settings that hold go on, and the log says what is wrong.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog

from shared.definitions.call_plans.pack import PLANS_FILE, TESTS_FILE, CallPack, load
from shared.definitions.yaml_files.items import PackError
from shared.runtime.clock import Clock
from shared.runtime.errors import SetupError

log = structlog.get_logger("fenghuo.notify")

_LOOK_S = 5.0

Marks = tuple[tuple[int, int] | None, ...]


class CallsFolder:
    """A folder with the two files; `take` gets what they say."""

    def __init__(self, folder: Path, take: Callable[[CallPack], None], clock: Clock) -> None:
        self._folder = folder
        self._take = take
        self._clock = clock
        self._marks: Marks = ()

    def read(self) -> None:
        """Let the files hold. Raises SetupError naming every error with its file and line."""
        self._marks = self._look()
        try:
            self._take(load(self._folder, self._clock.now()).usable())
        except PackError as error:
            raise SetupError(f"FENGHUO_CALLS_FOLDER cannot be used:\n{error}") from error

    def look_again(self) -> bool:
        """Read the files if one has changed; whether they hold now."""
        if self._look() == self._marks:
            return False
        try:
            self.read()
        except SetupError as error:
            log.error("calls_refused", error=str(error))
            return False
        log.info("calls_read", folder=str(self._folder))
        return True

    async def run(self) -> None:
        """Background loop, every five seconds."""
        while True:
            await asyncio.sleep(_LOOK_S)
            await asyncio.to_thread(self.look_again)

    def _look(self) -> Marks:
        return tuple(_mark(self._folder / name) for name in (PLANS_FILE, TESTS_FILE))


def _mark(file: Path) -> tuple[int, int] | None:
    try:
        result = file.stat()
    except OSError:
        return None
    return result.st_mtime_ns, result.st_size
