"""The status System: readings of the canary's sensors have it, and nothing else at any door."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from services.ingest.core.readings import accept_reading
from services.ingest.core.refusals import RequestRefused
from services.ingest.core.reports import accept_report
from shared.contracts.catalog import CANARY, SensorEntry
from shared.contracts.fields import Status
from tests.support.sources import a_source

NOW = datetime(2026, 7, 1, tzinfo=UTC)
TOWN = "500118118000"


def a_sensor(sensor_id: str, kind: str) -> SensorEntry:
    return SensorEntry(
        sensor_id=sensor_id,
        sensor_kind=kind,
        name=sensor_id,
        place=TOWN,
        metric="canary",
        unit="1",
        interval_s=15,
    )


CATALOGUE = {"canary-1": a_sensor("canary-1", CANARY), "gauge-1": a_sensor("gauge-1", "gauge")}


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("sensor", list(CATALOGUE))
def test_a_canary_is_read_as_system_and_no_other_sensor_is(sensor: str, status: Status) -> None:
    body = {
        "id": "r-1",
        "sensor_id": sensor,
        "metric": "canary",
        "value": 1.0,
        "unit": "1",
        "occurred_at": NOW.isoformat(),
        "status": status,
    }
    fits = (sensor == "canary-1") is (status is Status.SYSTEM)
    raw = json.dumps(body).encode()
    if fits:
        assert accept_reading(raw, a_source(), CATALOGUE, NOW, NOW).status is status
        return
    with pytest.raises(RequestRefused) as refused:
        accept_reading(raw, a_source(), CATALOGUE, NOW, NOW)
    assert [problem.location for problem in refused.value.problems] == ["status"]


def test_a_report_of_the_system_itself_is_refused() -> None:
    body = {
        "id": "r-1",
        "incident_id": "inc-1",
        "kind": "first",
        "event_type": "11A01",
        "place": TOWN,
        "reporter_id": "p-1",
        "reporter_role": "public",
        "headline": "x",
        "occurred_at": NOW.isoformat(),
        "status": "System",
    }
    with pytest.raises(RequestRefused) as refused:
        accept_report(json.dumps(body).encode(), a_source(), NOW)
    assert "status" in {problem.location for problem in refused.value.problems}
