"""A report of a sensitive event is restricted, whoever wrote it and by whichever door it came."""

from __future__ import annotations

import json

import pytest

from services.alerting.core.alerts.grouping import new_alert
from services.alerting.core.alerts.records import RESTRICTED_HEADLINE, headline_of
from services.ingest.core.reports import accept_report
from shared.contracts.fields import DataGrade
from shared.contracts.reports import Report
from tests.support.sources import a_source
from tests.unit.alerting.builders import T0, VILLAGE, a_report, an_alarm


@pytest.mark.parametrize(
    ("event_type", "restricted"),
    [("14", True), ("14:mass_incident", True), ("12:fire", False), ("11A14", False)],
)
def test_a_report_is_restricted_by_its_class(event_type: str, restricted: bool) -> None:
    report = a_report(event_type=event_type)
    assert report.restricted is restricted
    wire = json.loads(report.to_wire()) | {"restricted": False}
    assert Report.from_wire(json.dumps(wire)).restricted is restricted
    body = {
        "id": "hotline-1",
        "incident_id": "inc-1",
        "kind": "initial",
        "event_type": event_type,
        "place": VILLAGE,
        "reporter_id": "hotline",
        "reporter_role": "hotline",
        "headline": "某处聚集",
        "occurred_at": T0.isoformat(),
    }
    assert (
        accept_report(json.dumps(body).encode(), a_source("hotline"), T0).restricted is restricted
    )


def test_the_words_of_a_sensitive_event_are_in_no_alert_and_for_the_line_alone() -> None:
    for evidence in (
        a_report(event_type="14:public_opinion", headline="细节"),
        an_alarm(event_type="14:mass_incident", headline="细节"),
    ):
        assert headline_of(evidence) == RESTRICTED_HEADLINE
        assert new_alert(evidence).grade is DataGrade.IMPORTANT
    assert new_alert(a_report(event_type="12:fire")).grade is DataGrade.GENERAL
