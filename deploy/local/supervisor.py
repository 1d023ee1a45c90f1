"""Keep programs running: start, restart after a crash, stop all, leave no orphan.

Each program is a session of its own (so a signal reaches the children) and, on Linux, dies with the
supervisor even after a kill of the supervisor. The supervisor must live in the
thread that starts programs.
"""

import asyncio
import ctypes
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from deploy.files import last_lines
from deploy.local.errors import StackError

_PR_SET_PDEATHSIG = 1
_LIBC: ctypes.CDLL | None = ctypes.CDLL(None) if sys.platform.startswith("linux") else None
_FIRST_DELAY_S, _LONGEST_DELAY_S = 0.1, 5.0
# A program that ran this long was healthy: its next crash starts at the first delay again.
_HEALTHY_S = 5.0
_LOG_ROTATE_BYTES = 20_000_000
_LOG_LOOK_S = 5.0
MAX_DEATHS = 3
"""A program that dies this often while somebody waits for it will not run by waiting longer."""


@dataclass(frozen=True)
class OsUser:
    """An account of the operating system for a program."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Program:
    """A command line and the way to end its process."""

    name: str
    argv: Sequence[str]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    """Added to the supervisor's own environment."""
    cwd: Path | None = None
    user: OsUser | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_grace_s: float = 10.0
    """Seconds between `stop_signal` and SIGKILL."""
    orphan_signal: signal.Signals = signal.SIGKILL
    """Sent by the kernel when the supervisor itself dies."""


@dataclass
class _Running:
    program: Program
    process: asyncio.subprocess.Process | None = None
    watcher: asyncio.Task[None] | None = None
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    starts: int = 0
    last_exit: int | None = None


class Supervisor:
    """Run programs by name. All methods must be called from one event loop."""

    def __init__(self, on_change: Callable[[], None] = lambda: None) -> None:
        self._on_change = on_change
        self._running: dict[str, _Running] = {}

    async def start(self, program: Program) -> None:
        """Start `program` and keep it running. A stopped name may be started again.

        Raises StackError when it cannot be started at all.
        """
        existing_running = self._running.get(program.name)
        if existing_running and existing_running.watcher and not existing_running.watcher.done():
            raise ValueError(f"{program.name} runs already")
        entry = _Running(program, starts=existing_running.starts if existing_running else 0)
        self._running[program.name] = entry
        await self._spawn(entry)
        entry.watcher = asyncio.create_task(self._watch(entry), name=f"watch {program.name}")

    async def restart(self, name: str) -> None:
        """Start a stopped program again."""
        await self.start(self._running[name].program)

    async def stop(self, name: str) -> None:
        """End a program with its signal, by force after the grace time; the program stays down."""
        entry = self._running[name]
        entry.stopping.set()
        self._signal(entry, entry.program.stop_signal)
        self._signal(entry, signal.SIGCONT)  # a paused process would not see the request
        if entry.watcher:
            try:
                await asyncio.wait_for(asyncio.shield(entry.watcher), entry.program.stop_grace_s)
            except TimeoutError:
                self._signal(entry, signal.SIGKILL)
                await entry.watcher

    async def stop_all(self, names: Sequence[str] | None = None) -> None:
        """Stop several programs at once (all when `names` is None)."""
        await asyncio.gather(*(self.stop(name) for name in names or list(self._running)))

    def send(self, name: str, signum: signal.Signals) -> None:
        """Send a signal to a program and its children; the supervisor treats an end as a crash."""
        self._signal(self._running[name], signum)

    def names(self) -> list[str]:
        """Return all programs ever started, in order of their first start."""
        return list(self._running)

    def pid(self, name: str) -> int | None:
        """Return the process id; None while the program is down."""
        process = self._running[name].process if name in self._running else None
        return process.pid if process and process.returncode is None else None

    def starts(self, name: str) -> int:
        """Return the number of starts of the program: 1 when it never crashed."""
        return self._running[name].starts

    async def keeps_dying(self, name: str) -> None:
        """Return when a program has died `MAX_DEATHS` times from now on."""
        before = self.starts(name)
        while True:
            if self.starts(name) - before >= MAX_DEATHS:
                return
            await asyncio.sleep(0.1)

    def log(self, name: str) -> Path:
        """Return the log file of a program."""
        return self._running[name].program.log

    def complaint(self, name: str) -> str:
        """Return the cause of a program's end: exit code and the last line of its log."""
        entry = self._running[name]
        line = (last_lines(entry.program.log) or ["it logged nothing"])[-1].strip()
        return f"exit code {entry.last_exit}: {line[:400]}"

    async def _spawn(self, entry: _Running) -> None:
        program = entry.program
        _rotate(program.log)
        user = program.user
        with program.log.open("ab") as log:
            try:
                entry.process = await asyncio.create_subprocess_exec(
                    *program.argv,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=program.cwd,
                    env={**os.environ, **program.env},
                    start_new_session=True,
                    user=user.uid if user else None,
                    group=user.gid if user else None,
                    extra_groups=[] if user else None,
                    preexec_fn=_die_with_parent(program.orphan_signal),
                )
            except OSError as error:
                raise StackError(
                    f"{program.name} cannot be started ({program.argv[0]}: {error.strerror})."
                ) from None
        entry.starts += 1
        self._on_change()

    async def _watch(self, entry: _Running) -> None:
        delay_s = _FIRST_DELAY_S
        while entry.process is not None:
            began = time.monotonic()
            entry.last_exit = await _end_of(entry.process, entry.program.log)
            self._on_change()
            if time.monotonic() - began >= _HEALTHY_S:
                delay_s = _FIRST_DELAY_S
            with suppress(TimeoutError):
                await asyncio.wait_for(entry.stopping.wait(), delay_s)
                return
            delay_s = min(delay_s * 2, _LONGEST_DELAY_S)
            with suppress(StackError):  # not now, perhaps after the next delay
                await self._spawn(entry)
            if entry.stopping.is_set():  # asked to stop while it was being started
                self._signal(entry, entry.program.stop_signal)

    def _signal(self, entry: _Running, signum: signal.Signals) -> None:
        process = entry.process
        if process and process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signum)


async def _end_of(process: asyncio.subprocess.Process, log: Path) -> int:
    """Return the exit code of a program after its end; meanwhile bound its log."""
    ending = asyncio.ensure_future(process.wait())
    try:
        while not ending.done():
            await asyncio.wait({ending}, timeout=_LOG_LOOK_S)
            _rotate(log)
    finally:
        ending.cancel()
    return ending.result()


def _rotate(log: Path) -> None:
    """Keep the end of a long log beside it and begin anew; writers go on in the same file.

    Lines written between the copy and the cut are lost: a few lines of very many.
    """
    with suppress(FileNotFoundError):
        if log.stat().st_size > _LOG_ROTATE_BYTES:
            shutil.copyfile(log, log.with_suffix(".old.log"))
            os.truncate(log, 0)


def _die_with_parent(signum: signal.Signals) -> Callable[[], None] | None:
    """Ask the kernel for `signum` when we die. The child runs this hook between fork and exec."""
    if _LIBC is None:
        return None
    libc, parent = _LIBC, os.getpid()

    def hook() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(signum), 0, 0, 0)
        if os.getppid() != parent:  # we died before the request was in place
            os._exit(1)

    return hook
