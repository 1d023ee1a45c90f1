"""I9 of a long run: the memory of a service does not grow; its slope by least squares."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from tests.faults.suite.checker.evidence import Evidence
from tests.faults.suite.checker.violation import Invariant, Violation

WARM_UP_S = 600.0
"""A new process imports, restores and fills its caches in this time, or in a third of its life if
that is shorter: it is left out.
"""
SHORTEST_S = 180.0
"""A shorter series says nothing about an hour."""
_JUDGED_S = 1_200.0
"""The length from which a series of samples is judged; the slope of a shorter one is stated."""
_FLAT_MIB_PER_H = 30.0
Point = tuple[float, float]
"""A time in hours and a size in MiB."""


def slopes(evidence: Evidence) -> dict[str, float]:
    """Return MiB per hour by service; a service without a long series is absent.

    A killed process begins a new series. The series of a service have one slope, and each has a
    level of its own.
    """
    results = {}
    for service, series in sorted(_series(evidence).items()):
        long_series = [points for points in series if _length_s(points) >= SHORTEST_S]
        if long_series:
            results[service] = round(_slope(long_series), 2)
    return results


def growth(evidence: Evidence) -> Iterator[Violation]:
    """Yield services whose memory grows, judged from long series only."""
    for service, series in sorted(_series(evidence).items()):
        long_series = [points for points in series if _length_s(points) >= _JUDGED_S]
        if long_series and (slope := _slope(long_series)) > _FLAT_MIB_PER_H:
            detail = f"{slope:.0f} MiB per hour"
            yield Violation(Invariant.BOUNDS, "memory_grows", service, detail)


def _series(evidence: Evidence) -> dict[str, list[list[Point]]]:
    """Return the samples of each process of a service, without the time of its warm-up."""
    points: dict[tuple[str, int], list[Point]] = defaultdict(list)
    for sample in evidence.samples:
        for name, (size, _, pid) in sample["processes"].items():
            points[name, pid].append((sample["at"] / 3600, size / 2**20))
    results: dict[str, list[list[Point]]] = defaultdict(list)
    for (name, _), own in points.items():
        begin = own[0][0] + min(WARM_UP_S, _length_s(own) / 3) / 3600
        results[name.partition("-")[0]].append([point for point in own if point[0] >= begin])
    return results


def _length_s(points: Sequence[Point]) -> float:
    return 3600 * (points[-1][0] - points[0][0])


def _slope(series: Sequence[Sequence[Point]]) -> float:
    """Return the common slope of several series, each about its own mean."""
    products = squares = 0.0
    for points in series:
        mean_at = sum(at for at, _ in points) / len(points)
        mean_size = sum(size for _, size in points) / len(points)
        products += sum((at - mean_at) * (size - mean_size) for at, size in points)
        squares += sum((at - mean_at) ** 2 for at, _ in points)
    return products / squares
