"""Running a peer as a process of its own and timing it by the lines it prints."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.files import last_lines
from deploy.local.paths import REPO
from deploy.local.supervisor import _die_with_parent
from tests.bench.figures import Run, between
from tests.bench.sampling import Mark, Peak, cpu_s

COMMIT_S = 2.5
"""Peers commit each second: so long after the last reading everything they found is in Kafka."""

END_S = 5.0
"""How long a peer may take to end before it is asked more firmly."""


class PeerFailed(Exception):
    """The peer ended or went silent before its work was done."""


@dataclass(frozen=True)
class Command:
    """The command that runs a peer once."""

    argv: Sequence[str]
    log: Path
    timeout_s: float = 900.0


async def run(command: Command) -> Run:
    """Run to the last reading, wait for its commit, end it. Raises PeerFailed."""
    env = {**os.environ, "PYTHONPATH": str(REPO), "PYTHONUNBUFFERED": "1"}
    command.log.parent.mkdir(parents=True, exist_ok=True)
    with command.log.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *command.argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            env=env,
            cwd=REPO,
            preexec_fn=_die_with_parent(signal.SIGKILL),
        )
        try:
            with Peak([process.pid]) as peak:
                async with asyncio.timeout(command.timeout_s):
                    first = await _mark(process, "first", command.log)
                    last = await _mark(process, "done", command.log)
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), COMMIT_S)
        except TimeoutError:
            raise PeerFailed(f"not done after {command.timeout_s:.0f} s") from None
        finally:
            await _end(process)
    return between(first, last, peak.mib)


async def _mark(process: asyncio.subprocess.Process, name: str, log: Path) -> Mark:
    """Return the next mark of this name; further output of the peer goes to the log."""
    assert process.stdout
    while line := await process.stdout.readline():
        used = cpu_s([process.pid])
        result = _parse(line)
        if result.get("mark") == name:
            return Mark(int(result["done"]), float(result["at_s"]), used)
        with log.open("ab") as output:
            output.write(line)
    await process.wait()
    lines = [text for text in last_lines(log) if text[:1].strip()]  # no stack frames
    last_line = (lines or ["it said nothing"])[-1].strip()[:300]
    raise PeerFailed(f"exit code {process.returncode}: {last_line}")


def _parse(line: bytes) -> dict[str, Any]:
    try:
        result = json.loads(line)
    except ValueError:
        return {}
    return result if isinstance(result, dict) else {}


async def _end(process: asyncio.subprocess.Process) -> None:
    """Close its input, ask, then force; returns when it is gone."""
    assert process.stdin
    process.stdin.close()
    for signum in (None, signal.SIGTERM, signal.SIGKILL):
        if signum is not None:
            with suppress(ProcessLookupError):
                process.send_signal(signum)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), END_S)
            return
