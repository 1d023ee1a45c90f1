"""Whose time counts: this machine's clock while it agrees with Kafka's, else Kafka's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.ingest.core.ticks import KafkaClock

NOON = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_before_the_first_comparison_the_machines_clock_counts() -> None:
    assert KafkaClock().now(NOON, 5.0) == NOON


@pytest.mark.parametrize("off_s", [-3600.0, -180.0, -2.5, 2.5, 180.0, 3540.0])
def test_a_wrong_clock_is_replaced_by_kafkas(off_s: float) -> None:
    clock = KafkaClock()
    clock.compare(after(off_s), 100.0, 100.1, [ms(NOON)] * 8)
    assert clock.is_kafkas
    assert abs(clock.off_s - off_s) <= 0.1
    assert clock.now(after(off_s + 7), 107.1) == after(7)
    clock.compare(after(10), 110.0, 110.1, [ms(after(10))] * 8)
    assert not clock.is_kafkas, "the clock has been put right"


@pytest.mark.parametrize("off_s", [-1.9, 0.0, 1.9])
def test_a_clock_that_agrees_stays_in_use_and_never_runs_behind_by_the_way_to_kafka(
    off_s: float,
) -> None:
    clock = KafkaClock()
    clock.compare(after(off_s), 100.0, 100.1, [ms(NOON)] * 8)
    assert not clock.is_kafkas
    assert clock.now(after(off_s + 7), 107.0) == after(off_s + 7)


@pytest.mark.parametrize("taken_after_s", [0.0, 15.0, 30.0])
def test_a_slow_acknowledgement_proves_nothing(taken_after_s: float) -> None:
    clock = KafkaClock()
    clock.compare(NOON, 100.0, 130.0, [ms(after(taken_after_s))])
    assert clock.off_s == 0
    assert clock.now(after(30), 130.0) == after(30)


@pytest.mark.parametrize("step_s", [-180.0, 3540.0])
def test_a_clock_that_is_set_moves_nothing(step_s: float) -> None:
    clock = KafkaClock()
    clock.compare(NOON, 100.0, 100.1, [ms(NOON)] * 8)
    assert clock.now(after(0.3 + step_s), 100.3) == after(0.3)


def test_one_broker_of_three_does_not_decide() -> None:
    for wrong in (-3600, 3600):
        clock = KafkaClock()
        taken = [ms(NOON)] * 5 + [ms(after(wrong))] * 3
        clock.compare(NOON, 100.0, 100.1, taken)
        assert clock.now(after(1), 101.0) == after(1)
