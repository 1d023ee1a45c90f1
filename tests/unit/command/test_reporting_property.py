"""Any order and repetition gives the same duties; a clock is met in time or overdue, never both."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.command.core.reporting.model import Obligation, ReportClock
from services.command.core.reporting.timers import KINDS, fire_obligation, timer_changes
from services.command.core.supervision.firing import DueTimer
from shared.contracts.alerts import AlertEvent, AlertState
from shared.contracts.fields import Level, Post, Status
from shared.contracts.reports import DutyState, Means, Report, ReportKind
from shared.contracts.supervision import SupervisionKind
from tests.support.profiles import REPORTS
from tests.support.profiles import STANDARD as PACE
from tests.unit.command.builders import DISTRICT
from tests.unit.command.reporting_builders import ROUTES, IncidentFiles, a_report, an_alert, at

DUE_SOON = REPORTS.everywhere.due_soon
LADDER = ((DISTRICT, Post.B), (DISTRICT, Post.A))


@st.composite
def alerts(draw: st.DrawFn) -> list[AlertEvent]:
    """The versions of one alert, in their order."""
    status = draw(st.sampled_from((Status.ACTUAL, Status.EXERCISE)))
    states_drawn = draw(
        st.lists(
            st.tuples(
                st.sampled_from((AlertState.VERIFYING, AlertState.VERIFIED, AlertState.ISSUED)),
                st.sampled_from((Level.BLUE, Level.ORANGE, Level.RED)),
            ),
            min_size=1,
            max_size=4,
        )
    )
    end = draw(st.none() | st.sampled_from((AlertState.LIFTED, AlertState.DISMISSED)))
    if end is not None:
        states_drawn.append((end, Level.BLUE))
    return [
        an_alert(state, level, version, status=status, alert=f"alt-{status}")
        for version, (state, level) in enumerate(states_drawn, 1)
    ]


@st.composite
def reports(draw: st.DrawFn) -> Report:
    unit, to_unit = draw(st.sampled_from(list(ROUTES.values())))
    return a_report(
        unit,
        to_unit,
        draw(st.sampled_from(list(Means))),
        draw(st.sampled_from(list(ReportKind))),
        status=draw(st.sampled_from((Status.ACTUAL, Status.EXERCISE))),
    )


@given(st.lists(alerts(), max_size=2), st.lists(reports(), max_size=6), st.data())
def test_order_and_repetition_change_nothing(
    versions: list[list[AlertEvent]], states_drawn: list[Report], data: st.DataObject
) -> None:
    # Two lives of one alert id would be two bodies under one id, which the inbox refuses.
    lives = {version[0].status: version for version in versions}
    messages: list[Any] = [*(event for life in lives.values() for event in life), *states_drawn]
    expected = IncidentFiles().read(0, *messages).obligations()
    mixed = data.draw(st.permutations(messages))
    repeats = data.draw(st.lists(st.sampled_from(messages), max_size=5)) if messages else []
    assert IncidentFiles().read(0, *mixed, *repeats).obligations() == expected


class Night:
    """The timers beside the files, swept as the service sweeps them."""

    def __init__(self) -> None:
        self.files = IncidentFiles()
        self.obligations: dict[str, Obligation] = {}
        self.armed: dict[tuple[str, str, int], datetime] = {}
        self.overdue: set[tuple[str, ReportClock, datetime]] = set()

    def take(self, minutes: float, message: AlertEvent | Report) -> None:
        self.files.read(minutes, message)
        for judged in self.files.obligations().values():
            before = self.obligations.get(judged.obligation_id)
            after = replace(judged, calls=before.calls if before else {})
            void, timers = timer_changes(before, after, DUE_SOON, at(minutes))
            for key in [k for k in self.armed if k[0] == after.obligation_id and k[1] in void]:
                del self.armed[key]
            self.armed |= {(duty, kind, rung): due for duty, kind, rung, due in timers}
            self.obligations[judged.obligation_id] = after

    def sweep(self, minutes: float) -> None:
        due = {key: when for key, when in self.armed.items() if when <= at(minutes)}
        for (duty_id, kind, rung), when in sorted(due.items(), key=lambda item: item[1]):
            del self.armed[duty_id, kind, rung]
            duty = self.obligations[duty_id]
            result = fire_obligation(duty, [DueTimer(kind, rung, when)], LADDER, PACE, at(minutes))
            for call in result.calls:
                assert at(minutes) >= call.due_at, "never early"
                if call.kind is SupervisionKind.OVERDUE:
                    key = (duty_id, KINDS[kind][0], call.due_at)
                    assert key not in self.overdue, "the fact is told once"
                    self.overdue.add(key)
            self.armed |= {(name, kind, rung): due for name, kind, rung, due in result.new_timers}
            self.obligations[duty_id] = result.obligation

    def check(self) -> None:
        for duty in self.obligations.values():
            clocks = [
                KINDS[kind][0]
                for subject, kind, _ in self.armed
                if subject == duty.obligation_id and kind.endswith("_escalate")
            ]
            assert sorted(clocks) == sorted(duty.running_clocks()), (
                "each running clock has one timer"
            )
            states_drawn = {
                (c, due) for subject, c, due in self.overdue if subject == duty.obligation_id
            }
            if duty.phone_at is not None and duty.phone_at < duty.phone_due:
                assert not [due for clock, due in states_drawn if clock is ReportClock.PHONE]
            if duty.written_at is not None and duty.written_at < duty.written_due:
                assert not [due for clock, due in states_drawn if clock is ReportClock.WRITTEN]
            assert duty.follow_ups_late <= sum(c is ReportClock.FOLLOW_UP for c, _ in states_drawn)
            if duty.state in (DutyState.DONE, DutyState.ENDED):
                assert not duty.running_clocks()


@settings(max_examples=200)
@given(
    st.lists(alerts(), min_size=1, max_size=2),
    st.lists(reports(), max_size=8),
    st.lists(st.integers(1, 90), min_size=20, max_size=20),
    st.data(),
)
def test_a_clock_is_met_in_time_or_overdue_and_never_both(
    versions: list[list[AlertEvent]],
    states_drawn: list[Report],
    steps: list[int],
    data: st.DataObject,
) -> None:
    lives = {version[0].status: version for version in versions}
    messages: list[Any] = [*(event for life in lives.values() for event in life), *states_drawn]
    night, minutes = Night(), 0.0
    for message, step in zip(data.draw(st.permutations(messages)), steps, strict=False):
        minutes += step
        night.sweep(minutes)
        night.take(minutes, message)
        night.check()
    night.sweep(minutes + 3000)
    night.check()
