"""The operator's settings of calls: read at the start, and again whenever a file changes.

At the start any error stops the service; all errors are reported at once. Later an error changes
nothing: the previous settings stay in force, and the log names the errors.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog

from shared.contracts.calls import CallPlan, ContactTestPlan
from shared.definitions.call_plans.pack import PLANS_FILE, TESTS_FILE, load
from shared.definitions.yaml_files.items import PackError
from shared.runtime.clock import Clock
from shared.runtime.errors import SetupError

log = structlog.get_logger("fenghuo.notify")

_INTERVAL_S = 5.0

FileVersions = tuple[tuple[int, int] | None, ...]
"""Modification time in ns and size in bytes of each file, None for a file that is absent."""
ReplacePlans = Callable[[tuple[CallPlan, ...], tuple[ContactTestPlan, ...]], None]


class CallSettingsFolder:
    """A folder with the two files; `replace_plans` gets the plans in them."""

    def __init__(self, folder: Path, replace_plans: ReplacePlans, clock: Clock) -> None:
        self._folder = folder
        self._replace_plans = replace_plans
        self._clock = clock
        self._versions: FileVersions = ()

    def read(self) -> None:
        """Put the files in force. Raises SetupError naming every error with its file and line."""
        self._versions = self._file_versions()
        try:
            pack = load(self._folder, self._clock.now()).usable()
        except PackError as error:
            raise SetupError(f"FENGHUO_CALLS_FOLDER cannot be used:\n{error}") from error
        self._replace_plans(pack.calls, pack.tests)

    def reread(self) -> bool:
        """Read the files if one has changed; return True when they are in force now."""
        if self._file_versions() == self._versions:
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
            await asyncio.sleep(_INTERVAL_S)
            await asyncio.to_thread(self.reread)

    def _file_versions(self) -> FileVersions:
        return tuple(_version(self._folder / name) for name in (PLANS_FILE, TESTS_FILE))


def _version(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
