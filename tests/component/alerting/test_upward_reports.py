"""Upward reports of officers as evidence: they do not corroborate their own alert."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contracts.alerts import AlertEvent, DecisionVerb
from shared.contracts.conditions import SourceClass
from shared.contracts.reports import Means, Report, ReporterRole, ReportKind
from tests.component.alerting.harness import AlertingHarness
from tests.unit.alerting.builders import a_decision, a_report, a_rule, an_alarm, at, sources_of

OFFICERS = sources_of(
    sources=(
        SourceClass(source="sensor", trust=0.8),
        SourceClass(source="officer", trust=0.8),
    )
)
"""A sensor and an officer, or two officers, are enough."""


def upward(officer: str, incident: str, **changes: Any) -> Report:
    """Return an upward report of an officer."""
    role = ReporterRole.OFFICER
    common = {"incident_id": incident, "means": Means.WRITTEN, "occurred_at": at(2)}
    return a_report(officer, reporter_role=role, **common, **changes)


async def newest(alerting: AlertingHarness) -> AlertEvent:
    alert_event: AlertEvent = (await alerting.alert_events())[-1]
    return alert_event


async def test_upward_reports_do_not_corroborate_their_alert(
    alerting: AlertingHarness,
) -> None:
    await alerting.deliver(a_rule("y", OFFICERS), an_alarm("alm-1"))
    opened = await newest(alerting)
    first = upward("town-b", opened.incident_id)
    passed_on = upward("district-b", opened.incident_id, follows=first.id)
    follow_up = upward("town-a", opened.incident_id, kind=ReportKind.FOLLOW_UP, number=2)
    assert await alerting.deliver(first, passed_on, follow_up) == [], (
        "no rule over several sources holds"
    )
    updated = await newest(alerting)
    assert len(updated.report_ids) == 3
    assert (
        (updated.distinct_sources, updated.score)
        == (opened.distinct_sources, opened.score)
        == (1, 35)
    )
    assert "corroborated" not in {alert.transition for alert in await alerting.alert_events()}


async def test_an_officers_own_report_counts_and_passing_it_on_does_not(
    alerting: AlertingHarness,
) -> None:
    await alerting.deliver(a_rule("y", OFFICERS), an_alarm("alm-1"))
    own = upward("village-b", "inc-of-the-village")
    assert len(await alerting.deliver(own)) == 1, "a sensor and a person"
    assert (await newest(alerting)).distinct_sources == 2
    await alerting.deliver(upward("town-b", own.incident_id, follows=own.id))
    assert (await newest(alerting)).distinct_sources == 2


async def test_the_first_report_is_a_source_and_its_follow_ups_are_not(
    alerting: AlertingHarness,
) -> None:
    await alerting.deliver(a_rule("y", OFFICERS))
    first = upward("town-b", "inc-1")
    assert await alerting.deliver(first, upward("district-b", "inc-1", follows=first.id)) == []
    alert = await newest(alerting)
    assert (alert.distinct_sources, len(alert.report_ids)) == (1, 2)


@pytest.mark.parametrize("subject", ["the merged one", "the holder"])
async def test_after_a_merge_reports_about_both_alerts_are_repeats(
    alerting: AlertingHarness, subject: str
) -> None:
    await alerting.deliver(an_alarm("alm-gas"), an_alarm("alm-flood", event_type="11A01"))
    gas, flood = await alerting.alert_events()
    await alerting.deliver(a_decision(gas.alert_id, DecisionVerb.MERGE, None, into=flood.alert_id))
    before = (await newest(alerting)).distinct_sources
    incident = gas.incident_id if subject == "the merged one" else flood.incident_id
    await alerting.deliver(upward("town-b", incident, event_type=gas.event_type))
    alert = await newest(alerting)
    assert (alert.alert_id, len(alert.report_ids)) == (flood.alert_id, 1)
    assert alert.distinct_sources == before


async def test_a_report_of_an_app_about_the_same_incident_is_a_sighting(
    alerting: AlertingHarness,
) -> None:
    await alerting.deliver(an_alarm("alm-1"))
    incident = (await newest(alerting)).incident_id
    await alerting.deliver(a_report("worker", incident_id=incident, occurred_at=at(1)))
    assert (await newest(alerting)).distinct_sources == 2
