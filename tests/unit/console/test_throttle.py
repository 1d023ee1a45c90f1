"""The wait of a sign-in after failures, separate for each officer."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.console.features.identity.throttle import (
    PER_ADDRESS,
    PER_NAME,
    Allowance,
    LoginThrottle,
    Throttle,
)

TIGHT = Allowance(free=3, longest_s=60)


def failing(times: int, allowance: Allowance = TIGHT) -> Throttle:
    throttle = Throttle(allowance)
    for _ in range(times):
        throttle.failed("o", 0.0)
    return throttle


def test_a_few_failures_cost_nothing_then_each_costs_twice_as_much() -> None:
    waits = [failing(n).wait_s("o", 0.0) for n in range(12)]
    assert waits == [0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]


@given(st.integers(0, 100_000), st.floats(0, 1e6))
def test_nobody_waits_longer_than_the_longest_and_never_for_others(count: int, now: float) -> None:
    throttle = Throttle(TIGHT, _failed={"o": (count, 0.0)})
    assert 0 <= throttle.wait_s("o", now) <= TIGHT.longest_s
    assert throttle.wait_s("other", now) == 0


def test_waiting_lets_in_and_long_quiet_forgets() -> None:
    throttle = failing(8)
    assert throttle.wait_s("o", 31.9) > 0
    assert throttle.wait_s("o", 32.0) == 0
    throttle.failed("o", 1_000.0)
    assert throttle.wait_s("o", 1_000.0) == 0


def test_success_forgets_the_name_but_only_its_own_try_of_the_address() -> None:
    tries = LoginThrottle()
    for n in range(PER_ADDRESS.free):
        assert tries.begin(f"o-{n}", "10.0.0.1", 0.0) == 0
    assert tries.begin("o-new", "10.0.0.1", 0.0) > 0
    assert tries.begin("o-new", "10.0.0.2", 0.0) == 0
    tries.succeeded("o-0", "10.0.0.1")
    assert tries.begin("o-0", "10.0.0.1", 0.0) == 0
    assert tries.begin("o-0", "10.0.0.1", 0.0) > 0


def test_a_name_is_counted_across_addresses() -> None:
    tries = LoginThrottle()
    waits = [tries.begin("o", f"10.0.0.{n}", 0.0) for n in range(PER_NAME.free + 1)]
    assert waits[:-1] == [0] * PER_NAME.free
    assert waits[-1] > 0


def test_memory_is_bounded_and_the_oldest_is_forgotten_first() -> None:
    throttle = Throttle(TIGHT, most_keys=10)
    for n in range(100):
        for _ in range(5):
            throttle.failed(f"o-{n}", 0.0)
    assert throttle.wait_s("o-0", 0.0) == 0
    assert throttle.wait_s("o-99", 0.0) > 0
