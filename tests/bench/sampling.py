"""CPU and memory of a process with its children, measured from outside."""

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
    """Return a process and its descendants; empty when the process is gone."""
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def cpu_s(pids: Sequence[int]) -> float:
    """Return the CPU seconds of the processes and their children so far."""
    used = 0.0
    for pid in pids:
        for process in tree(pid):
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                used += times.user + times.system
    return used


def memory_mib(pids: Sequence[int]) -> float:
    """Return the proportional set size in MiB: a shared page counts once for all processes."""
    used = 0
    for pid in pids:
        for process in tree(pid):
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                used += process.memory_full_info().pss
    return used / MIB


def rss_mib(pid: int) -> float:
    """Return the resident set size of a process in MiB."""
    return float(psutil.Process(pid).memory_info().rss) / MIB


@dataclass
class Mark:
    """A count of handled records at a moment (CLOCK_MONOTONIC), with the CPU seconds so far."""

    count: int
    at_s: float
    cpu_s: float


class Peak:
    """The peak memory of processes while this object is open, measured four times a second."""

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
