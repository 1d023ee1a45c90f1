"""The time in which a warning counts, against a plain recount of every minute."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerting.core.alarms.scopes import region_of
from services.alerting.core.multi_source.engine import MultiSourceEngine
from services.alerting.core.multi_source.episode import EpisodeCause, expiry_due_at
from services.alerting.core.multi_source.external_warnings import (
    sighting_of_warning,
    warning_state,
)
from services.alerting.core.multi_source.rule_registry import MultiSourceRules
from services.alerting.core.multi_source.source_pool import sighting_of_report
from shared.contracts.fields import Status
from shared.domain.agency_warnings import DEFAULT_VALIDITY
from tests.unit.alerting.builders import T0, TOWN, a_rule, a_warning, at, sources_of

REGION = region_of(Status.ACTUAL, TOWN)
WINDOW = 30
LAST = 200


class Hours(NamedTuple):
    """The agency and the minute of issue of a warning, the delay of its begin, its duration."""

    agency: int
    issued: int
    delay: int
    lasts: int

    @property
    def begins(self) -> int:
        return self.issued + self.delay

    def counts(self, minute: int) -> bool:
        return self.issued <= minute and self.begins <= minute < self.begins + self.lasts


def should_hold(warnings: Iterable[Hours], calls: Iterable[int], minute: int) -> bool:
    """Return whether two agencies are in force, or one and a call within the window."""
    now = [warning for warning in warnings if warning.counts(minute)]
    earlier_calls = [call for call in calls if call <= minute]
    near = any(call + WINDOW >= hours.begins for hours in now for call in earlier_calls)
    return near or len({hours.agency for hours in now}) > 1


@given(
    st.lists(st.builds(Hours, *(st.integers(0, most) for most in (2, 150, 50, 60))), max_size=4),
    st.lists(st.integers(0, 150), max_size=3),
)
def test_the_rule_holds_exactly_while_a_recount_says_so(
    warnings: list[Hours], calls: list[int]
) -> None:
    rule = a_rule("y", sources_of())
    engine = MultiSourceEngine(MultiSourceRules([rule]))
    for minute in range(LAST):
        cause = EpisodeCause(f"m-{minute}", "t", at(minute), T0)
        engine.advance_clock(REGION, at(minute), cause)
        for number, hours in enumerate(warnings):
            if hours.issued == minute:
                event = a_warning(
                    f"agency-{hours.agency}",
                    id=f"wrn-{number}",
                    occurred_at=at(minute),
                    effective_at=at(hours.begins),
                    expires_at=at(hours.begins + hours.lasts),
                )
                warning = warning_state(event, at(minute))
                assert warning is not None
                sighting = sighting_of_warning(warning)
                assert sighting is not None
                engine.apply_warning(Status.ACTUAL, sighting, cause, withdrawn=False)
        for number, call in enumerate(calls):
            if call == minute:
                caller = ("same-caller", "hotline", "12:gas_leak", TOWN)
                engine.apply_report(
                    Status.ACTUAL,
                    sighting_of_report(f"call-{number}", *caller, at(call), None),
                    cause,
                )
        is_open = any(episode.is_open for episode in engine.episodes.values())
        assert is_open == should_hold(warnings, calls, minute), minute


@pytest.mark.parametrize(
    ("effective", "expires", "starts", "ends"),
    [
        (None, None, T0, T0 + DEFAULT_VALIDITY),
        (at(10), None, at(10), at(10) + DEFAULT_VALIDITY),
        (at(-10), at(5), T0, at(5)),  # nobody could hear of it before it was issued
        (at(10), at(20), at(10), at(20)),
        (at(10), at(10), at(10), at(10)),
    ],
)
def test_begin_and_end_of_a_warning(
    effective: datetime | None, expires: datetime | None, starts: datetime, ends: datetime
) -> None:
    warning = warning_state(a_warning(effective_at=effective, expires_at=expires), T0)
    assert warning is not None
    assert (warning.starts_at, warning.ends_at) == (starts, ends)


@pytest.mark.parametrize(
    ("minute", "over"),
    [(4, False), (5, True), (6, True), (72 * 60, True), (72 * 60 + 1, False)],  # a log of the past
)
def test_a_warning_that_arrives_expired_is_withdrawn(minute: int, *, over: bool) -> None:
    warning = warning_state(a_warning(expires_at=at(5)), T0, at(minute))
    assert warning is not None
    assert warning.withdrawn is over


NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("after", "clock", "due"),
    [
        (10, 0, 10),  # the log is at this moment
        (10, -60, 10),  # a quiet region: its clock lags, the hour does not wait for it
        (10, 1, 9),  # a source's clock runs ahead
        (-10, -60, 50),  # a log of the past: as long as it lasted there
        (-10, -5, 0),
    ],
)
def test_due_time_of_an_expiry(after: int, clock: int, due: int) -> None:
    def minutes(number: int) -> datetime:
        return NOW + timedelta(minutes=number)

    assert expiry_due_at(minutes(after), minutes(clock), NOW) == minutes(due)
