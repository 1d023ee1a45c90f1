"""Trials of rules: their cases, and a backtest over the stored readings.

A trial runs the program of operators (`fenghuo rules`) as a process of its own: the engine of
scoring judges, and neither its work nor its memory is that of the screens.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from shared.contracts.catalog import SensorEntry
from shared.definitions.yaml_files.items import PackFile
from shared.runtime.errors import EXIT_UNAVAILABLE, Transient

RULES_PROGRAM = (sys.executable, "-m", "deploy.commands.rules")
_ENVIRONMENT = ("PATH", "PYTHONPATH", "HOME", "LANG", "VIRTUAL_ENV")
_LONGEST_S = 120.0
_LESS_URGENT = 10
"""How much less of the processor a trial takes than the screens (nice)."""
_RESULTS = (0, 1)


class TrialBusy(Exception):
    """Another trial is under way."""


class TrialRefused(Exception):
    """The rules cannot be tried; the text says why."""


class RuleTrials(Protocol):
    """Tries rules without an alarm."""

    async def test(self, files: Sequence[PackFile], sensors: Sequence[SensorEntry]) -> Any:
        """Play the cases among the files. Raises TrialBusy, TrialRefused, Transient."""
        ...

    async def backtest(self, rules: PackFile, since: str) -> Any:
        """Judge the stored readings since a moment (ISO). Raises as `test` does."""
        ...


@dataclass(frozen=True)
class TrialParts:
    """The trials of a process."""

    trials: RuleTrials


class ProcessTrials:
    """Runs one trial at a time, at most two minutes long."""

    def __init__(self, bootstrap: str, program: Sequence[str] = RULES_PROGRAM) -> None:
        self._bootstrap = bootstrap
        self._program = tuple(program)
        self._busy = False

    async def test(self, files: Sequence[PackFile], sensors: Sequence[SensorEntry]) -> Any:
        """Play the cases through the engine."""
        with tempfile.TemporaryDirectory(prefix="fenghuo-trial-") as name:
            folder = Path(name)
            pack, catalog = folder / "pack", folder / "catalog.jsonl"
            pack.mkdir()
            for file in files:
                (pack / file.name).write_bytes(file.data)
            lines = "".join(f"{sensor.model_dump_json()}\n" for sensor in sensors)
            catalog.write_text(lines, encoding="utf-8")
            return await self._run("test", str(pack), "--catalog", str(catalog))

    async def backtest(self, rules: PackFile, since: str) -> Any:
        """Judge the readings of the topic by the rules and by those in force."""
        with tempfile.TemporaryDirectory(prefix="fenghuo-trial-") as name:
            candidate = Path(name) / rules.name
            candidate.write_bytes(rules.data)
            return await self._run(
                "backtest", str(candidate), "--topic", "--kafka", self._bootstrap, "--from", since
            )

    async def _run(self, verb: str, *arguments: str) -> Any:
        if self._busy:
            raise TrialBusy
        self._busy = True
        try:
            return await self._output(verb, *arguments)
        finally:
            self._busy = False

    async def _output(self, verb: str, *arguments: str) -> Any:
        process = await asyncio.create_subprocess_exec(
            *self._program,
            verb,
            *arguments,
            "--json",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
        )
        with suppress(ProcessLookupError, PermissionError):
            os.setpriority(os.PRIO_PROCESS, process.pid, _LESS_URGENT)
        try:
            async with asyncio.timeout(_LONGEST_S):
                output, errors = await process.communicate()
        except TimeoutError:
            raise TrialRefused(f"not finished in {_LONGEST_S:.0f} s: choose fewer hours") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode in _RESULTS:
            return json.loads(output)
        reason = errors.decode(errors="replace").strip().splitlines()[-1:]
        if process.returncode == EXIT_UNAVAILABLE:
            raise Transient(f"the trial cannot read the log: {reason}")
        raise TrialRefused("".join(reason).removeprefix("fenghuo: ")[:400] or "the program failed")
