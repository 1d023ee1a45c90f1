"""The present: by this machine's clock while it agrees with Kafka's, otherwise by Kafka's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.ingest.core.clocks.kafka_clock import KafkaClock

NOON = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_before_the_first_comparison_the_machines_clock_counts() -> None:
    assert KafkaClock().now(NOON, 5.0) == NOON


@pytest.mark.parametrize("offset_s", [-3600.0, -180.0, -2.5, 2.5, 180.0, 3540.0])
def test_a_wrong_clock_is_replaced_by_kafkas(offset_s: float) -> None:
    clock = KafkaClock()
    clock.compare(at(offset_s), 100.0, 100.1, [ms(NOON)] * 8)
    assert clock.uses_kafka_time
    assert abs(clock.offset_s - offset_s) <= 0.1
    assert clock.now(at(offset_s + 7), 107.1) == at(7)
    clock.compare(at(10), 110.0, 110.1, [ms(at(10))] * 8)
    assert not clock.uses_kafka_time, "the clock has been put right"


@pytest.mark.parametrize("offset_s", [-1.9, 0.0, 1.9])
def test_a_clock_that_agrees_stays_in_use_and_never_runs_behind_by_the_way_to_kafka(
    offset_s: float,
) -> None:
    clock = KafkaClock()
    clock.compare(at(offset_s), 100.0, 100.1, [ms(NOON)] * 8)
    assert not clock.uses_kafka_time
    assert clock.now(at(offset_s + 7), 107.0) == at(offset_s + 7)


@pytest.mark.parametrize("recorded_after_s", [0.0, 15.0, 30.0])
def test_a_slow_acknowledgement_proves_nothing(recorded_after_s: float) -> None:
    clock = KafkaClock()
    clock.compare(NOON, 100.0, 130.0, [ms(at(recorded_after_s))])
    assert clock.offset_s == 0
    assert clock.now(at(30), 130.0) == at(30)


@pytest.mark.parametrize("step_s", [-180.0, 3540.0])
def test_a_clock_that_is_set_moves_nothing(step_s: float) -> None:
    clock = KafkaClock()
    clock.compare(NOON, 100.0, 100.1, [ms(NOON)] * 8)
    assert clock.now(at(0.3 + step_s), 100.3) == at(0.3)


def test_one_broker_of_three_does_not_decide() -> None:
    for wrong in (-3600, 3600):
        clock = KafkaClock()
        recorded = [ms(NOON)] * 5 + [ms(at(wrong))] * 3
        clock.compare(NOON, 100.0, 100.1, recorded)
        assert clock.now(at(1), 101.0) == at(1)
