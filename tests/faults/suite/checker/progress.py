"""I8 and I9: whoever has records to read moves on; memory and open files are bounded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from tests.faults.suite.checker.evidence import Evidence, Json
from tests.faults.suite.checker.violation import Invariant, Violation

STILL_S = 30.0
"""A reader with records to read may stand for so long, unless a fault of the suite holds it."""
MEMORY_BYTES = 700 * 2**20
FILES = 1_000
_FENCE = "another process owns these partitions"
"""The last words of a process that has lost its place in the group."""
_OUTSIDE = "the consumer group does not take this process back"
"""The last words of a process that its group has not admitted for a minute."""
_TABLE = "ends before what its table has read"
"""The last words of a process that has read a table whose topic was created anew."""


def standing(evidence: Evidence) -> Iterator[Violation]:
    """Yield readers that stood still with records to read while nothing hindered them."""
    longest: dict[str, float] = defaultdict(float)
    resting: dict[str, float] = defaultdict(float)
    previous: Json | None = None
    for sample in evidence.samples:
        if previous is None:
            previous = sample
            continue
        seconds = sample["at"] - previous["at"]
        for reader, offset in sample["stored"].items():
            service, _, place = reader.partition("|")
            # A record that came between the two samples may have come just before the second.
            behind = min(sample["ends"].get(place, 0), previous["ends"].get(place, 0)) > offset
            moved = previous["stored"].get(reader) != offset
            unhindered = sample["at"] - _unhindered_since(evidence, service, sample["at"])
            if moved or not behind or unhindered <= 0:
                resting[reader] = 0.0
            else:
                # Samples lack while Kafka or Postgres cannot be asked: a fault between two counts.
                resting[reader] = min(resting[reader] + seconds, unhindered)
            longest[reader] = max(longest[reader], resting[reader])
        previous = sample
    for reader, seconds in longest.items():
        if seconds > STILL_S:
            yield Violation(Invariant.PROGRESS, "reader_stands_still", reader, f"{seconds:.0f} s")
    if evidence.run.get("unsettled"):
        yield Violation(Invariant.PROGRESS, "never_quiet", evidence.run["unsettled"])


def _hindered(evidence: Evidence, service: str, at: float) -> bool:
    """Return whether a fault of this service holds at this time, or its consequences may last."""
    return at <= _unhindered_since(evidence, service, at)


def _unhindered_since(evidence: Evidence, service: str, at: float) -> float:
    """Return when the consequences end of the faults of this service that began before `at`."""
    return max(
        (
            line["ended_at"] + STILL_S
            for line in evidence.nemeses
            if line["began_at"] <= at and ("*" in line["services"] or service in line["services"])
        ),
        default=0.0,
    )


def bounds(evidence: Evidence) -> Iterator[Violation]:
    """Yield processes with too much memory or too many open files."""
    memory: dict[str, int] = defaultdict(int)
    files: dict[str, int] = defaultdict(int)
    for sample in evidence.samples:
        for process, (size, count, _) in sample["processes"].items():
            memory[process] = max(memory[process], size)
            files[process] = max(files[process], count)
    for process, size in memory.items():
        if size > MEMORY_BYTES:
            yield Violation(Invariant.BOUNDS, "memory", process, f"{size / 2**20:.0f} MiB")
        if files[process] > FILES:
            yield Violation(Invariant.BOUNDS, "files", process, str(files[process]))


def crashes(evidence: Evidence) -> Iterator[Violation]:
    """Yield processes that ended by themselves, and answers of 500.

    In the wake of a fault a process ends when it finds its partitions with another: that is the
    fence which keeps a process that was away from doing harm. It also ends when its group does not
    admit it, as while the coordinator's node is away. A process reads a table anew by an end and a
    start.
    """
    for line in evidence.run.get("crashes", ()):
        fenced = _FENCE in line["log"] or _OUTSIDE in line["log"]
        anew = _TABLE in line["log"] and any(
            recreation["topic"] in line["log"] for recreation in evidence.recreations
        )
        hindered = _hindered(evidence, line["process"].partition("-")[0], line["at"])
        if (fenced or anew) and hindered:
            continue
        yield Violation(Invariant.PROGRESS, "process_ended_by_itself", line["process"], line["log"])
    for line in evidence.history:
        if line.get("status") in (500, 502, 504):
            yield Violation(Invariant.PROGRESS, "http_5xx", line["key"], str(line["status"]))
