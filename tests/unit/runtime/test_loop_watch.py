"""A process ends when its event loop no longer turns, and not because it was paused."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from shared.runtime import retries
from shared.runtime.errors import EXIT_SOFTWARE
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.retries import Retries

_PROGRAM = """
import asyncio, sys, time
from shared.runtime.loop_watch import loop_watch

async def main():
    with loop_watch(3.0):
        print("running", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        print("turning", flush=True)
        time.sleep(300)

asyncio.run(main())
"""


def test_a_loop_that_does_not_turn_ends_the_process_and_a_pause_does_not() -> None:
    pipe: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen([sys.executable, "-c", _PROGRAM], text=True, **pipe) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "running\n"
        process.send_signal(signal.SIGSTOP)
        try:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(5)  # longer than the limit
        finally:
            process.send_signal(signal.SIGCONT)
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "turning\n", "the pause has not ended the process"
        assert process.wait(60) == EXIT_SOFTWARE
        assert "main" in process.stderr.read(), "the stack says where the loop stands"


async def test_an_attempt_that_does_not_return_is_hanging(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "LONGEST_ATTEMPT_S", 0.0)
    attempts, gate = Retries(RuntimeMetrics(CollectorRegistry())), asyncio.Event()

    async def handler() -> None:
        await gate.wait()

    task = asyncio.create_task(attempts.attempt(handler, 1))
    await asyncio.sleep(0)
    while not attempts.is_hanging([]):
        await asyncio.sleep(0.001)
    gate.set()
    assert await task
    assert not attempts.is_hanging([])


async def test_an_attempt_of_many_transactions_is_not_hanging(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A batch may take longer than any transaction: each transaction is progress."""
    now = 0.0
    monkeypatch.setattr(retries, "time", SimpleNamespace(monotonic=lambda: now))
    attempts, gate = Retries(RuntimeMetrics(CollectorRegistry())), asyncio.Event()

    async def handler() -> None:
        await gate.wait()

    task = asyncio.create_task(attempts.attempt(handler, 1))
    await asyncio.sleep(0)
    for stored in range(5):
        now += 100.0
        assert not attempts.is_hanging([stored])
    now += 119.0
    assert not attempts.is_hanging([4])
    now += 2.0
    assert attempts.is_hanging([4])
    gate.set()
    assert await task
