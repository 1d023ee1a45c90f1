"""A stall timeout counts the time in which nothing has moved, not the time that has passed."""

from __future__ import annotations

from deploy.local.start_limits import StallTimeout


class Hand:
    """A clock that is moved by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_patience_lasts_as_long_as_something_moves() -> None:
    clock, moves = Hand(), [0]
    timeout = StallTimeout(10, lambda: moves[0], clock=clock)
    for _ in range(100):
        clock.now += 9
        moves[0] += 1
        assert not timeout.has_expired()
    clock.now += 10
    assert not timeout.has_expired()
    clock.now += 0.1
    assert timeout.has_expired()
