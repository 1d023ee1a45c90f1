"""Memory of the stack: every process that it started, with shared pages counted once."""

from collections.abc import Iterable, Mapping

import psutil


def mebibytes(pids: Iterable[int]) -> float:
    """Return the MiB of these processes and all their children.

    The proportional set size where the kernel tells it: Postgres' processes share their buffers,
    and adding up resident sizes would count them once per process. Elsewhere the resident size.
    """
    processes: set[int] = set()
    total = 0
    for pid in pids:
        try:
            top = psutil.Process(pid)
            family = [top, *top.children(recursive=True)]
        except psutil.Error:
            continue
        for process in family:
            if process.pid not in processes:
                processes.add(process.pid)
                total += _size(process)
    return round(total / 2**20, 1)


def cpu_seconds(pids: Mapping[str, int | None]) -> dict[str, float]:
    """Return the CPU time of each named process and its children so far; dead processes are
    omitted.
    """
    results: dict[str, float] = {}
    for name, pid in pids.items():
        try:
            top = psutil.Process(pid) if pid else None
            family = [top, *top.children(recursive=True)] if top else []
            times = [process.cpu_times() for process in family]
        except psutil.Error:
            continue
        results[name] = round(sum(time.user + time.system for time in times), 1)
    return results


def _size(process: psutil.Process) -> int:
    try:
        full = process.memory_full_info()
    except psutil.Error:
        try:
            return int(process.memory_info().rss)
        except psutil.Error:
            return 0
    return int(getattr(full, "pss", 0) or full.rss)
