"""The output of every peer: a line of JSON at its first and at its last scored reading.

The benchmark reads a line at once and takes the CPU time of that moment, so all peers are timed
alike. Standard library only.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Work:
    """The work of a peer."""

    bootstrap: str
    topic: str
    out: str
    count: int
    partitions: int
    group: str
    folder: str
    fetch_only: bool = False


def work() -> Work:
    """Return the work from the argument of a peer, JSON."""
    return Work(**json.loads(sys.argv[1]))


class Marks:
    """Counts scored readings."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._out = sys.stdout  # the present stream: Faust replaces it by its logger later
        self.scored = 0

    def add(self, number: int) -> None:
        """Count `number` further readings."""
        previous = self.scored
        self.scored = updated = previous + number
        if previous == 0 < updated:
            self._print("first", updated)
        if previous < self._count <= updated:
            self._print("done", updated)

    def _print(self, mark: str, scored: int) -> None:
        at = time.clock_gettime(time.CLOCK_MONOTONIC)
        text = json.dumps({"mark": mark, "done": scored, "at_s": at})
        print(text, file=self._out, flush=True)
