"""The slope of memory: over the lifetimes of processes that last, by least squares."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.suite.checker.evidence import Evidence
from tests.faults.suite.checker.memory import SHORTEST_S, growth, slopes

MIB = 2**20


def samples(*lifetimes: tuple[str, int, float, float, float, float]) -> Evidence:
    """Return samples every ten seconds.

    A lifetime: name, process id, begin and end in seconds, MiB at the begin, MiB per hour.
    """
    lines: list[dict[str, Any]] = []
    for at in range(0, 4000, 10):
        processes = {
            name: [int((size + slope * (at - begin) / 3600) * MIB), 60, pid]
            for name, pid, begin, end, size, slope in lifetimes
            if begin <= at < end
        }
        lines.append({"at": 1_800_000_000.0 + at, "processes": processes})
    return Evidence({}, samples=lines)


def test_a_new_process_begins_a_new_series_and_does_not_bend_the_slope() -> None:
    files = samples(
        ("notify", 1, 0, 2000, 200.0, 12.0),
        ("notify", 2, 2000, 4000, 100.0, 12.0),
        ("notify-1", 3, 0, SHORTEST_S, 100.0, 500.0),
    )
    assert slopes(files) == {"notify": pytest.approx(12.0, abs=0.1)}
    assert [*growth(files)] == []


def test_memory_that_grows_all_the_time_is_a_violation() -> None:
    files = samples(("audit", 1, 0, 4000, 100.0, 90.0), ("duty", 2, 0, 4000, 100.0, -3.0))
    assert slopes(files) == {
        "audit": pytest.approx(90.0, abs=0.1),
        "duty": pytest.approx(-3.0, abs=0.1),
    }
    assert [(item.kind, item.subject) for item in growth(files)] == [("memory_grows", "audit")]
