"""The demo with each part broken once in mid-play: the recount still finds nothing lost, nothing
doubled.
"""

from __future__ import annotations

import pytest

from deploy.demo.faults import MOMENTS, OUTAGE_S
from tests.support.demo import LIMIT_S, play
from tests.support.services import SERVICES

STORES = ("kafka", "postgres")
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.faults,
    pytest.mark.real_kafka,
    pytest.mark.timeout(LIMIT_S + 60),
]


def test_killed_and_stopped_parts_lose_and_double_nothing() -> None:
    """kill -9 of each service (the supervisor restarts it); Kafka and Postgres are away for 20 s.

    One play for all eleven: each part is broken when the part before has returned, at its moment.
    """
    run = play("--scale", "small", "--fault", "all")
    faults = {entry["victim"]: entry for entry in run.summary["faults"]}
    assert set(faults) == {*SERVICES, *STORES}, f"not every fault happened: {run.summary['faults']}"
    for name, fault in faults.items():
        assert fault["event_time"] == MOMENTS[name].isoformat()
        assert fault["pid_before"], f"{name} did not run when it was to be broken"
        assert fault["pid_after"] not in (None, fault["pid_before"]), f"{name} was not broken"
        assert fault["away_s"] >= (OUTAGE_S if name in STORES else 0), fault
    assert run.summary["lost"] == 0, run.tail
    assert run.summary["duplicates_visible"] == 0, run.tail
    assert run.summary["drill_leaks"] == 0, run.tail
    assert [name for name, holds in run.summary["checks"].items() if not holds] == [], run.why
    assert run.code == 0, run.tail
