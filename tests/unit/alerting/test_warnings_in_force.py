"""When a warning counts: against a plain recount at every minute, and when its timers are due."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerting.core.board import Board
from services.alerting.core.episode import Cause, due_at
from services.alerting.core.pool import reported
from services.alerting.core.rulebook import RuleBook
from services.alerting.core.scopes import region_of
from services.alerting.core.warnings import UNSAID, sighting_of, warned
from shared.contracts.fields import Status
from tests.unit.alerting.builders import T0, TOWN, a_rule, a_warning, at, sources_of

REGION = region_of(Status.ACTUAL, TOWN)
WINDOW = 30
LAST = 200


class Hours(NamedTuple):
    """A warning: which agency, the minute it was issued, how long after that it begins and ends."""

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
    """Two agencies in force, or one and a call not longer ago than the window when both were there."""
    now = [warning for warning in warnings if warning.counts(minute)]
    heard = [call for call in calls if call <= minute]
    near = any(call + WINDOW >= hours.begins for hours in now for call in heard)
    return near or len({hours.agency for hours in now}) > 1


@given(
    st.lists(st.builds(Hours, *(st.integers(0, most) for most in (2, 150, 50, 60))), max_size=4),
    st.lists(st.integers(0, 150), max_size=3),
)
def test_the_rule_holds_exactly_while_a_recount_says_so(
    warnings: list[Hours], calls: list[int]
) -> None:
    rule = a_rule("y", sources_of())
    board = Board(RuleBook([rule]))
    for minute in range(LAST):
        cause = Cause(f"m-{minute}", "t", at(minute), T0)
        board.pass_time(REGION, at(minute), cause)
        for number, hours in enumerate(warnings):
            if hours.issued == minute:
                event = a_warning(
                    f"agency-{hours.agency}",
                    id=f"wrn-{number}",
                    occurred_at=at(minute),
                    effective_at=at(hours.begins),
                    expires_at=at(hours.begins + hours.lasts),
                )
                known = warned(event, at(minute))
                assert known is not None
                sighting = sighting_of(known)
                assert sighting is not None
                board.warning(Status.ACTUAL, sighting, cause, withdrawn=False)
        for number, call in enumerate(calls):
            if call == minute:
                who = ("same-caller", "hotline", "12:gas_leak", TOWN)
                board.report(Status.ACTUAL, reported(f"call-{number}", *who, at(call), None), cause)
        is_open = any(episode.open for episode in board.episodes.values())
        assert is_open == should_hold(warnings, calls, minute), minute


@pytest.mark.parametrize(
    ("effective", "expires", "starts", "ends"),
    [
        (None, None, T0, T0 + UNSAID),
        (at(10), None, at(10), at(10) + UNSAID),
        (at(-10), at(5), T0, at(5)),  # nobody could hear of it before it was issued
        (at(10), at(20), at(10), at(20)),
        (at(10), at(10), at(10), at(10)),
    ],
)
def test_from_when_until_when(
    effective: datetime | None, expires: datetime | None, starts: datetime, ends: datetime
) -> None:
    known = warned(a_warning(effective_at=effective, expires_at=expires), T0)
    assert known is not None
    assert (known.starts_at, known.ends_at) == (starts, ends)


@pytest.mark.parametrize(
    ("minute", "over"),
    [(4, False), (5, True), (6, True), (72 * 60, True), (72 * 60 + 1, False)],  # a log of the past
)
def test_what_had_expired_when_the_log_took_it_is_over(minute: int, *, over: bool) -> None:
    known = warned(a_warning(expires_at=at(5)), T0, at(minute))
    assert known is not None
    assert known.withdrawn is over


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
def test_a_timer_is_due_at_its_hour(after: int, clock: int, due: int) -> None:
    def minutes(number: int) -> datetime:
        return NOW + timedelta(minutes=number)

    assert due_at(minutes(after), minutes(clock), NOW) == minutes(due)
