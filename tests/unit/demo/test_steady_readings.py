"""After the story the district is calm: nothing is raised, nobody falls silent, nothing jumps."""

from __future__ import annotations

import heapq
import itertools
from datetime import timedelta

from deploy.demo import background, expected_alarms, steady_readings, strands
from deploy.demo.actors import cast
from deploy.demo.demo_clock import END
from deploy.demo.run import SEED, SMALL
from deploy.demo.sensor_values import Moment


def _played() -> list[Moment]:
    people = cast()
    moments = sorted(strands.readings(people, SEED))
    quiet = background.readings(SEED, SMALL.sensors, SMALL.rounds, people.sensors)
    return list(heapq.merge(moments, quiet))


def test_the_day_after_the_story_raises_nothing_and_nobody_turns_silent() -> None:
    played = _played()
    last = steady_readings.last_values(played, cast().falls_silent)
    going_on = steady_readings.readings(last, SEED)
    later = list(itertools.takewhile(lambda item: item.at <= END + timedelta(hours=30), going_on))
    assert later == sorted(later, key=lambda item: item.at)
    assert min(moment.at for moment in later) > END
    assert len({moment.event_id for moment in later}) == len(later)
    assert {moment.sensor_id for moment in later} == set(last), "every sensor goes on"
    assert cast().falls_silent not in last
    assert expected_alarms.expected([*sorted(last.values()), *later]) == {}
