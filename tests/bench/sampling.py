"""CPU and memory of a process with its children, seen from outside."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import psutil

MIB = 2**20
_EVERY_S = 0.25


def tree(pid: int) -> list[psutil.Process]:
    """A process and everything below it; empty when it is gone."""
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def cpu_s(pids: Sequence[int]) -> float:
    """Seconds of CPU that the processes and their children have used so far."""
    used = 0.0
    for pid in pids:
        for process in tree(pid):
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                used += times.user + times.system
    return used


def memory_mib(pids: Sequence[int]) -> float:
    """Proportional set size: shared pages count once, however many processes map them."""
    used = 0
    for pid in pids:
        for process in tree(pid):
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                used += process.memory_full_info().pss
    return used / MIB


def rss_mib(pid: int) -> float:
    """Resident set of one process."""
    return float(psutil.Process(pid).memory_info().rss) / MIB


@dataclass
class Mark:
    """So much was done at that moment (CLOCK_MONOTONIC), for so much CPU."""

    count: int
    at_s: float
    cpu_s: float


class Peak:
    """The most memory that processes used while it was open; looks four times a second."""

    def __init__(self, pids: Sequence[int]) -> None:
        self._pids = list(pids)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.mib = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.is_set():
            self.mib = max(self.mib, memory_mib(self._pids))
            self._stop.wait(_EVERY_S)


def now() -> float:
    """CLOCK_MONOTONIC, the same for all processes of a machine."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)
