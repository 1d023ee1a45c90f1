"""What every peer says and how: one line of JSON when its first and when its last reading is done.

The benchmark reads the lines as they come and takes the CPU used at that moment, so all peers are
timed alike. Standard library only.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Work:
    """What a peer is to do."""

    bootstrap: str
    topic: str
    out: str
    count: int
    partitions: int
    group: str
    folder: str
    fetch_only: bool = False


def work() -> Work:
    """The one argument of a peer, JSON."""
    return Work(**json.loads(sys.argv[1]))


class Marks:
    """Counts readings whose scoring is done."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._out = sys.stdout  # the one of now: Faust puts its logger in its place later
        self.done = 0

    def add(self, number: int) -> None:
        """So many more are done."""
        before = self.done
        self.done = after = before + number
        if before == 0 < after:
            self._say("first", after)
        if before < self._count <= after:
            self._say("done", after)

    def _say(self, mark: str, done: int) -> None:
        at = time.clock_gettime(time.CLOCK_MONOTONIC)
        text = json.dumps({"mark": mark, "done": done, "at_s": at})
        print(text, file=self._out, flush=True)
