"""Calls about duties to report upward, and the records that end them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.notify.core.escalation.escalation import Purpose
from services.notify.core.escalation.states import EscalationState
from shared.contracts.fields import Level, Post
from shared.contracts.ids import content_id, transition_id
from shared.contracts.pages import PageState
from shared.contracts.reports import DutyState, ReportDuty
from shared.contracts.supervision import SupervisionEvent, SupervisionKind
from shared.contracts.units import tier_of
from tests.unit.notify.builders import DISTRICT, T0, TOWN, full_roster
from tests.unit.notify.core_harness import a_core, a_working_set


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def a_duty(state: DutyState, version: int, **change: Any) -> ReportDuty:
    return ReportDuty(
        **{
            "id": transition_id("rpd-1", version),
            "occurred_at": T0,
            "sent_at": T0,
            "origin_unit": TOWN,
            "tier": tier_of(TOWN),
            "duty_id": "rpd-1",
            "version": version,
            "alert_id": "alt-1",
            "incident_id": "inc-1",
            "event_type": "11A01",
            "place": TOWN,
            "unit": TOWN,
            "to_unit": DISTRICT,
            "level": Level.RED,
            "title": "朱沱水位",
            "state": state,
            "started_at": T0,
            "phone_due": at(15),
            "written_due": at(30),
            **change,
        }
    )


def a_call(
    clock: str,
    minutes: float,
    kind: SupervisionKind = SupervisionKind.REMINDED,
    target: str = TOWN,
    text: str = "",
) -> SupervisionEvent:
    number = content_id("esc", clock, str(minutes), kind)
    return SupervisionEvent.model_validate(
        {
            "id": number,
            "occurred_at": at(minutes),
            "sent_at": at(minutes),
            "origin_unit": TOWN,
            "tier": tier_of(TOWN),
            "supervision_id": number,
            "kind": kind,
            "clock": clock,
            "subject_id": "rpd-1",
            "incident_id": "inc-1",
            "unit": TOWN,
            "rung": int(kind is SupervisionKind.ESCALATED),
            "target_unit": target,
            "target_post": Post.B,
            "due_at": at(minutes),
            "level": Level.RED,
            "title": "朱沱水位",
            "text": text,
        }
    )


def test_an_overdue_report_calls_the_unit_and_an_escalation_replaces_the_previous() -> None:
    core = a_core(full_roster(), working_set := a_working_set())
    core.on_report_duty(a_duty(DutyState.OWED, 1))
    core.on_supervision(a_call("report_phone", 15, text="死亡：0 → 2（增）"))
    core.on_supervision(a_call("report_phone", 17, SupervisionKind.ESCALATED, DISTRICT))
    pages = [event for event in working_set.events if event.version == 1]
    assert [page.unit for page in pages] == [TOWN, DISTRICT]
    assert "超期未电话初报" in pages[0].text
    assert "死亡：0 → 2（增）" in pages[0].text
    assert [escalation.state for escalation in working_set.escalations.values()] == [
        EscalationState.CLOSED,
        EscalationState.OPEN,
    ]


def test_a_phone_report_ends_only_the_calls_about_the_phone_report() -> None:
    core = a_core(full_roster(), working_set := a_working_set())
    core.on_report_duty(a_duty(DutyState.OWED, 1))
    core.on_supervision(a_call("report_phone", 15))
    core.on_supervision(a_call("report_written", 30))
    core.on_report_duty(a_duty(DutyState.PHONED, 2, phone_at=at(31)))
    states = {
        escalation.purpose: escalation.state for escalation in working_set.escalations.values()
    }
    assert states == {
        Purpose.REPORT_PHONE: EscalationState.CLOSED,
        Purpose.REPORT_WRITTEN: EscalationState.OPEN,
    }
    assert working_set.events[-1].state is PageState.WITHDRAWN
    core.on_report_duty(a_duty(DutyState.OWED, 1))
    assert working_set.report_duties["rpd-1"].version == 2, "an older version changes nothing"


def test_a_new_follow_up_ends_the_calls_about_the_last() -> None:
    core = a_core(full_roster(), working_set := a_working_set())
    core.on_report_duty(a_duty(DutyState.WRITTEN, 2, follow_up_due=at(40)))
    core.on_supervision(a_call("report_follow_up", 40))
    core.on_report_duty(a_duty(DutyState.WRITTEN, 3, follow_up_due=at(71)))
    assert [escalation.state for escalation in working_set.escalations.values()] == [
        EscalationState.CLOSED
    ]
    core.on_supervision(a_call("report_follow_up", 71))
    assert [escalation.state for escalation in working_set.escalations.values()] == [
        EscalationState.CLOSED,
        EscalationState.OPEN,
    ]


@pytest.mark.parametrize("state", [DutyState.WRITTEN, DutyState.ENDED, DutyState.DONE])
def test_supervision_after_the_report_or_the_end_calls_nobody(state: DutyState) -> None:
    core = a_core(full_roster(), working_set := a_working_set())
    core.on_report_duty(a_duty(state, 2, follow_up_due=at(60)))
    core.on_supervision(a_call("report_phone", 15))
    assert working_set.events == []


def test_supervision_of_an_unknown_duty_calls() -> None:
    core = a_core(full_roster(), working_set := a_working_set())
    core.on_supervision(a_call("report_final", 90))
    assert [event.unit for event in working_set.events] == [TOWN]
