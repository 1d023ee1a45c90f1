"""The refusals of a source in the last day: pages, bounds, repeats."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.fields import Tier
from shared.contracts.refusals import RefusedFor, SourceRefusal
from shared.domain.recent_refusals import AGE, RecentRefusals

NOW = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)


def a_refusal(number: int, source: str = "gauges", until: datetime = NOW) -> SourceRefusal:
    return SourceRefusal(
        id=f"ref-{source}-{number}",
        occurred_at=until - timedelta(minutes=1),
        sent_at=until,
        until=until,
        origin_unit="500118000000",
        tier=Tier.DISTRICT,
        source=source,
        action="POST /v1/readings",
        reason=RefusedFor.NOT_ACCEPTABLE,
        problem="unit_mismatch",
    )


def numbers(recent: RecentRefusals, source: str = "gauges", now: datetime = NOW) -> list[int]:
    return [position for position, _ in recent.page(source, now, 10_000).refusals]


def test_each_source_has_its_own_the_newest_first() -> None:
    recent = RecentRefusals()
    for number in range(4):
        recent.add(number, a_refusal(number, ("gauges", "rain")[number % 2]))
    assert numbers(recent) == [2, 0]
    assert numbers(recent, "rain") == [3, 1]
    assert numbers(recent, "nobody") == []


def test_a_repeated_record_is_listed_once() -> None:
    recent = RecentRefusals()
    for position in (3, 9):
        recent.add(position, a_refusal(1))
    assert numbers(recent) == [3]


def test_a_day_later_it_is_gone() -> None:
    recent = RecentRefusals()
    recent.add(1, a_refusal(1))
    recent.add(2, a_refusal(2, until=NOW + timedelta(hours=1)))
    assert numbers(recent, now=NOW + AGE) == [2, 1]
    assert numbers(recent, now=NOW + AGE + timedelta(seconds=1)) == [2]


def test_the_oldest_of_a_source_goes_first_and_the_source_of_the_oldest() -> None:
    recent = RecentRefusals(most_of_source=3, most=5)
    for number in range(5):
        recent.add(number, a_refusal(number))
    assert numbers(recent) == [4, 3, 2]
    for number in range(5, 8):
        recent.add(number, a_refusal(number, "rain"))
    assert (numbers(recent), numbers(recent, "rain")) == ([], [7, 6, 5])


@given(st.integers(0, 50), st.integers(1, 12))
def test_the_pages_together_are_all_and_none_twice(count: int, limit: int) -> None:
    recent = RecentRefusals()
    for number in range(count):
        recent.add(number * 3, a_refusal(number))
    positions: list[int] = []
    before: int | None = None
    while True:
        page = recent.page("gauges", NOW, limit, before)
        assert len(page.refusals) <= limit
        positions += [position for position, _ in page.refusals]
        before = page.next_before
        if before is None:
            break
    assert positions == [number * 3 for number in reversed(range(count))]
