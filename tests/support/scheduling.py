"""Two processes share the tests: the first begins with the whole system, the second with its parts.

A test of the whole system mostly waits, for people who take their time and for outages to pass;
beside it there is room for the rest, but not for a second whole system. A file's tests stay
together, in order.
"""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling

FIRST = (
    "tests/faults/test_demo_survives.py",
    "tests/e2e/test_demo.py",
    "tests/e2e/test_readme.py",
    "tests/e2e/test_own_stack.py",
    "tests/faults/test_canary.py",
    "tests/faults/test_full_disk.py",
)
"""Tests of the whole system in their order. They fill one process for a third of the time."""
LAST = ("tests/faults/test_auditor_finds.py",)
"""The auditor promises seconds: it comes when all parts are tested and the machine is its own."""


def order_of(nodeid: str) -> int:
    """Return the place of a test in the run: first the whole system, then its parts, then the
    auditor.
    """
    for number, start in enumerate(FIRST):
        if nodeid.startswith(start):
            return number
    return len(FIRST) + runs_last(nodeid)


def is_whole_system(nodeid: str) -> bool:
    """Return whether a test runs the services together over a Kafka and a Postgres of its own."""
    return nodeid.startswith(FIRST) or runs_last(nodeid)


def runs_last(nodeid: str) -> bool:
    """Return whether a test waits for the end of all others."""
    return nodeid.startswith(LAST)


class WholeSystemScheduling(LoadFileScheduling):
    """A scheduler: tests of the whole system go to one process, other files to any free process,
    the last tests end the run.
    """

    def _split_scope(self, nodeid: str) -> str:
        if runs_last(nodeid):
            return "last"
        return "the whole system" if is_whole_system(nodeid) else super()._split_scope(nodeid)
