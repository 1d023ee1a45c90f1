"""Officers' upward reports as evidence: what they report on is not corroborated by them."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contracts.alerts import AlertEvent, DecisionVerb
from shared.contracts.conditions import SourceClass
from shared.contracts.reports import Means, Report, ReporterRole, ReportKind
from tests.component.alerting.harness import Station
from tests.unit.alerting.builders import a_decision, a_report, a_rule, an_alarm, at, sources_of

OFFICERS = sources_of(
    sources=(
        SourceClass(source="sensor", trust=0.8),
        SourceClass(source="officer", trust=0.8),
    )
)
"""A sensor and an officer, or two officers, are enough."""


def upward(officer: str, incident: str, **changes: Any) -> Report:
    """An officer's report up the tiers."""
    role = ReporterRole.OFFICER
    common = {"incident_id": incident, "means": Means.WRITTEN, "occurred_at": at(2)}
    return a_report(officer, reporter_role=role, **common, **changes)


async def newest(station: Station) -> AlertEvent:
    alert_event: AlertEvent = (await station.alerts())[-1]
    return alert_event


async def test_reports_that_an_alert_is_owed_do_not_corroborate_it(station: Station) -> None:
    await station.takes(a_rule("y", OFFICERS), an_alarm("alm-1"))
    opened = await newest(station)
    first = upward("town-b", opened.incident_id)
    passed_on = upward("district-b", opened.incident_id, follows=first.id)
    again = upward("town-a", opened.incident_id, kind=ReportKind.FOLLOW_UP, number=2)
    assert await station.takes(first, passed_on, again) == [], "no rule over several sources holds"
    told = await newest(station)
    assert len(told.report_ids) == 3
    assert (told.distinct_sources, told.score) == (opened.distinct_sources, opened.score) == (1, 35)
    assert "corroborated" not in {alert.transition for alert in await station.alerts()}


async def test_an_officer_who_saw_it_himself_counts_and_so_does_nobody_who_passes_it_on(
    station: Station,
) -> None:
    await station.takes(a_rule("y", OFFICERS), an_alarm("alm-1"))
    own = upward("village-b", "inc-of-the-village")
    assert len(await station.takes(own)) == 1, "a sensor and a person"
    assert (await newest(station)).distinct_sources == 2
    await station.takes(upward("town-b", own.incident_id, follows=own.id))
    assert (await newest(station)).distinct_sources == 2


async def test_what_opens_an_alert_is_evidence_and_its_follow_ups_are_not(station: Station) -> None:
    await station.takes(a_rule("y", OFFICERS))
    first = upward("town-b", "inc-1")
    assert await station.takes(first, upward("district-b", "inc-1", follows=first.id)) == []
    alert = await newest(station)
    assert (alert.distinct_sources, len(alert.report_ids)) == (1, 2)


@pytest.mark.parametrize("about", ["the merged one", "the holder"])
async def test_after_a_merge_it_reports_on_both(station: Station, about: str) -> None:
    await station.takes(an_alarm("alm-gas"), an_alarm("alm-flood", event_type="11A01"))
    gas, flood = await station.alerts()
    await station.takes(a_decision(gas.alert_id, DecisionVerb.MERGE, None, into=flood.alert_id))
    before = (await newest(station)).distinct_sources
    incident = gas.incident_id if about == "the merged one" else flood.incident_id
    await station.takes(upward("town-b", incident, event_type=gas.event_type))
    alert = await newest(station)
    assert (alert.alert_id, len(alert.report_ids)) == (flood.alert_id, 1)
    assert alert.distinct_sources == before


async def test_a_report_of_an_app_about_the_same_incident_is_a_sighting(station: Station) -> None:
    await station.takes(an_alarm("alm-1"))
    incident = (await newest(station)).incident_id
    await station.takes(a_report("worker", incident_id=incident, occurred_at=at(1)))
    assert (await newest(station)).distinct_sources == 2
