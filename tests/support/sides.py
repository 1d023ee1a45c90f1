"""Two processes share the tests: one runs the whole system, test after test, the other all its parts.

A test of the whole system mostly waits, for people who take their time and for outages to pass; beside
it there is room for the rest, but not for a second whole system. A file's tests stay together, in order.
"""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling

WHOLE = (
    "tests/faults/test_demo_survives.py",
    "tests/e2e/test_demo.py",
    "tests/e2e/test_readme.py",
    "tests/faults/",
)
"""Tests of the whole system in their order. The auditor has promised seconds: it comes last, when the
parts have long been tested and the machine is its own."""


def turn(nodeid: str) -> int:
    """When a test's turn is; the parts have the last one."""
    return next((n for n, one in enumerate(WHOLE) if nodeid.startswith(one)), len(WHOLE))


def is_whole(nodeid: str) -> bool:
    """Whether a test runs the services together over a Kafka and a Postgres of its own."""
    return turn(nodeid) < len(WHOLE)


class Sides(LoadFileScheduling):
    """What is of the whole system goes to one process; files go to whoever is free."""

    def _split_scope(self, nodeid: str) -> str:
        return "the whole system" if is_whole(nodeid) else super()._split_scope(nodeid)
