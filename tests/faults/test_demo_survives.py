"""The demo with one part killed in mid-play: the recount still finds nothing lost, nothing doubled."""

from __future__ import annotations

import pytest

from tests.support.demo import play
from tests.support.services import SERVICES

pytestmark = [pytest.mark.e2e, pytest.mark.faults, pytest.mark.real_kafka, pytest.mark.timeout(400)]


@pytest.mark.parametrize("victim", [*SERVICES, "kafka", "postgres"])
def test_a_killed_or_stopped_part_loses_and_doubles_nothing(victim: str) -> None:
    """kill -9 of a service (the supervisor restarts it); Kafka and Postgres are away for 20 s."""
    run = play("--scale", "small", "--fault", victim)
    assert run.summary["fault"]["victim"] == victim, "the fault did not happen"
    assert run.summary["lost"] == 0, run.tail
    assert run.summary["duplicates_visible"] == 0, run.tail
    assert run.summary["drill_leaks"] == 0, run.tail
    assert [name for name, held in run.summary["checks"].items() if not held] == [], run.why
    assert run.code == 0, run.tail
