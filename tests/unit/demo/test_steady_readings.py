"""After the scenario no sensor raises an alarm, falls silent or jumps."""

from __future__ import annotations

import heapq
import itertools
from datetime import timedelta

from deploy.demo import background, expected_alarms, steady_readings, strands
from deploy.demo.actors import all_actors
from deploy.demo.demo_clock import END
from deploy.demo.run import SEED, SMALL
from deploy.demo.sensor_values import Moment


def _played() -> list[Moment]:
    actors = all_actors()
    moments = sorted(strands.readings(actors, SEED))
    quiet = background.readings(SEED, SMALL.sensors, SMALL.rounds, actors.sensors)
    return list(heapq.merge(moments, quiet))


def test_the_day_after_the_scenario_raises_no_alarm_and_no_sensor_turns_silent() -> None:
    played = _played()
    last = steady_readings.last_values(played, all_actors().falls_silent)
    going_on = steady_readings.readings(last, SEED)
    later = list(itertools.takewhile(lambda item: item.at <= END + timedelta(hours=30), going_on))
    assert later == sorted(later, key=lambda item: item.at)
    assert min(moment.at for moment in later) > END
    assert len({moment.event_id for moment in later}) == len(later)
    assert {moment.sensor_id for moment in later} == set(last), "every sensor goes on"
    assert all_actors().falls_silent not in last
    assert expected_alarms.expected([*sorted(last.values()), *later]) == {}
