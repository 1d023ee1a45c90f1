"""Programs come back after a crash, stay down after a stop, and never outlive their supervisor."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest

from deploy.local import supervisor as supervising
from deploy.local.errors import StackError
from deploy.local.supervisor import MAX_DEATHS, Program, Supervisor

SLEEPER = "import time; print('up', flush=True); time.sleep(60)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('up', flush=True); time.sleep(60)"
)


async def until(condition: Callable[[], bool], within_s: float = 60.0) -> float:
    """Seconds until `condition` holds; fails after `within_s`."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < within_s, "did not happen in time"
        await asyncio.sleep(0.01)
    return time.monotonic() - began


@pytest.fixture
async def supervisor() -> AsyncIterator[Supervisor]:
    running = Supervisor()
    yield running
    await running.stop_all()


def python(tmp_path: Path, code: str, grace_s: float = 5.0) -> Program:
    log = tmp_path / "program.log"
    return Program("program", [sys.executable, "-c", code], log, stop_grace_s=grace_s)


async def test_a_killed_program_is_back_within_half_a_second(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    await supervisor.start(python(tmp_path, SLEEPER))
    first = supervisor.pid("program")
    supervisor.send("program", signal.SIGKILL)
    assert await until(lambda: supervisor.pid("program") not in (None, first)) < 0.5
    assert supervisor.starts("program") == 2


async def test_a_stopped_program_stays_down_until_restarted(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    await supervisor.start(python(tmp_path, SLEEPER))
    await supervisor.stop("program")
    await asyncio.sleep(0.3)
    assert supervisor.pid("program") is None
    await supervisor.restart("program")
    assert supervisor.pid("program") is not None


async def test_a_program_that_ignores_the_request_is_killed_after_its_grace(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    program = python(tmp_path, STUBBORN, grace_s=0.3)
    await supervisor.start(program)
    await until(lambda: program.log.read_text() == "up\n")
    await supervisor.stop("program")
    assert supervisor.pid("program") is None


async def test_a_paused_program_can_be_stopped(supervisor: Supervisor, tmp_path: Path) -> None:
    await supervisor.start(python(tmp_path, SLEEPER))
    supervisor.send("program", signal.SIGSTOP)
    began = time.monotonic()
    await supervisor.stop("program")
    assert time.monotonic() - began < 2.0


async def test_crashes_in_a_row_are_spaced_out(supervisor: Supervisor, tmp_path: Path) -> None:
    await supervisor.start(python(tmp_path, "raise SystemExit('no settings')"))
    await asyncio.sleep(1.2)
    assert 2 <= supervisor.starts("program") <= 5
    assert supervisor.complaint("program") == "exit code 1: no settings"


async def test_a_wait_for_a_program_that_cannot_run_ends_early(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    await supervisor.start(python(tmp_path, "raise SystemExit('no settings')"))
    async with asyncio.timeout(60):
        await supervisor.keeps_dying("program")
    assert supervisor.starts("program") > MAX_DEATHS


async def test_stopping_during_the_pause_between_crashes_is_quick(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    await supervisor.start(python(tmp_path, "raise SystemExit(1)"))
    await until(lambda: supervisor.starts("program") >= 3)
    began = time.monotonic()
    await supervisor.stop("program")
    assert time.monotonic() - began < 1.0


async def test_a_missing_program_is_one_sentence(supervisor: Supervisor, tmp_path: Path) -> None:
    with pytest.raises(StackError, match="cannot be started"):
        await supervisor.start(Program("x", [str(tmp_path / "nothing")], tmp_path / "x.log"))


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux")
async def test_a_killed_supervisor_leaves_no_orphan(tmp_path: Path) -> None:
    code = f"""
import asyncio, sys
from pathlib import Path
from deploy.local.supervisor import MAX_DEATHS, Program, Supervisor
async def main():
    supervisor = Supervisor()
    await supervisor.start(
        Program("child", [sys.executable, "-c", {SLEEPER!r}], Path({str(tmp_path / "c.log")!r}))
    )
    print(supervisor.pid("child"), flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment
    ) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        parent.kill()
    await until(lambda: not psutil.pid_exists(child) or _is_zombie(child))


def _is_zombie(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def test_the_log_of_a_program_that_never_ends_is_bounded(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervising, "_LOG_ROTATE_BYTES", 10_000)
    monkeypatch.setattr(supervising, "_LOG_LOOK_S", 0.01)
    code = "import time\nfor n in range(10**6): print(n, flush=True); time.sleep(0.0001)"
    program = python(tmp_path, code)
    await supervisor.start(program)
    old = program.log.with_suffix(".old.log")
    await until(old.exists, 60)
    first = old.read_bytes()
    await until(lambda: old.read_bytes() not in (b"", first), 60)
    assert supervisor.starts("program") == 1
    assert b"\0" not in program.log.read_bytes()
