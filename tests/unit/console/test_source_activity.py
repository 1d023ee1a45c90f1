"""The activity of sources: the last reading, and the readings of the last full minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.console.features.sources.activity import MINUTE, ActivityRow, SourceActivity

T0 = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
S = timedelta(seconds=1)


def ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def activity_of(*moments: datetime, source: str = "gauges") -> SourceActivity:
    """Return the activity after readings that were received at these moments."""
    activity = SourceActivity({"gauges", "rain"}.__contains__)
    for number, at in enumerate(moments):
        activity.note(f"{source}:r-{number}", at - S, ms(at))
    return activity


def row_of(*moments: datetime) -> ActivityRow:
    [row] = activity_of(*moments).changed_rows()
    return row


def test_the_last_reading_has_its_own_time_and_that_of_its_record() -> None:
    row = row_of(T0, T0 + 30 * S, T0 + 10 * S)
    assert (row.source, row.last_at, row.received_at) == ("gauges", T0 + 29 * S, T0 + 30 * S)


def test_used_are_the_readings_of_the_last_full_minute() -> None:
    row = row_of(T0, T0 + 10 * S, T0 + 70 * S)
    assert [row.used_at(T0 + seconds * S) for seconds in (65, 119, 125, 185)] == [2, 2, 1, 0]


def test_a_gap_of_a_minute_leaves_nothing_before() -> None:
    row = row_of(T0, T0 + 2 * MINUTE)
    assert (row.readings, row.readings_before) == (1, 0)


def test_records_without_a_catalogued_source_are_not_counted() -> None:
    activity = activity_of()
    for record_id in ("of-our-own", "nobody:r-1", ":r-1", ""):
        activity.note(record_id, T0, ms(T0))
    assert activity.changed_rows() == []


def test_a_stored_row_returns_only_after_another_reading() -> None:
    activity = activity_of(T0)
    rows = activity.changed_rows()
    activity.note("gauges:late", T0, ms(T0 + S))
    activity.settle(rows)
    rows = activity.changed_rows()
    assert rows[0].readings == 2
    activity.settle(rows)
    assert activity.changed_rows() == []


@given(st.lists(st.integers(0, 300), min_size=1, max_size=40))
def test_the_newest_two_minutes_are_counted_in_order(offsets: list[int]) -> None:
    moments = sorted(T0 + offset * S for offset in offsets)
    row = row_of(*moments)
    assert row.minute == moments[-1].replace(second=0)
    in_minute = [at for at in moments if row.minute <= at]
    before = [at for at in moments if row.minute - MINUTE <= at < row.minute]
    assert (row.readings, row.readings_before) == (len(in_minute), len(before))
