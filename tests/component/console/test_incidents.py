"""A new incident: one report of the officer, its place, its photos, and what is restricted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx2
import pytest

from services.console.retention import forget_incident_photos
from shared.contracts.catalog import SensorEntry
from shared.contracts.fields import Position, Status
from shared.contracts.reports import Report, ReporterRole
from shared.contracts.topics import REPORTS
from tests.component.console.test_photos import got, photo
from tests.support.console_events import CITY, DISTRICT, SONGJI, VILLAGE, ZHUTUO
from tests.support.console_harness import GAUGE, ConsoleHarness

FIRE = {
    "draft_id": "dft-1",
    "event_type": "12:fire",
    "place": VILLAGE,
    "headline": "老街 3 号楼冒烟",
    "text": "有人被困",
}


async def report(
    console: ConsoleHarness, officer: str | None, body: Any, key: str | None = None
) -> httpx2.Response:
    headers = {"idempotency-key": key} if key else {}
    async with console.client(officer) as client:
        return await client.post("/api/incidents", json=body, headers=headers)


def reports(console: ConsoleHarness) -> list[Report]:
    return [
        REPORTS.model.validate_json(value)
        for value in dict.fromkeys(outgoing.body for outgoing in console.kafka.sent)
    ]


async def test_an_incident_is_one_report_of_the_officer(console: ConsoleHarness) -> None:
    body = {**FIRE, "position": {"lat": 29.013, "lon": 105.848}}
    first = await report(console, "o-village-b", body)
    repeated = await report(console, "o-village-b", body)
    assert (first.status_code, first.json()["repeated"]) == (202, False), first.text
    assert (repeated.status_code, repeated.json()["repeated"]) == (202, True)
    (sent,) = reports(console)
    assert (sent.status, sent.reporter_id, sent.reporter_role) == (
        Status.ACTUAL,
        "o-village-b",
        ReporterRole.OFFICER,
    )
    assert (sent.place, sent.position) == (VILLAGE, Position(lat=29.013, lon=105.848))
    assert (sent.headline, sent.text, sent.restricted) == (FIRE["headline"], "有人被困", False)
    assert sent.means is None, "it is no report upward: nobody's clock is met by it"
    assert first.json()["incident_id"] == sent.incident_id


@pytest.mark.parametrize(
    ("officer", "change", "status"),
    [
        (None, {}, 401),
        ("o-village-b", {"place": ZHUTUO}, 202),
        ("o-village-b", {"place": SONGJI}, 403),
        ("o-town-b", {"place": DISTRICT}, 403),
        ("o-district-b", {"place": SONGJI}, 202),
        ("o-district-b", {"place": "500118999000"}, 404),
        ("o-village-b", {"place": None}, 422),
        ("o-village-b", {"headline": ""}, 422),
        ("o-village-b", {"position": {"lat": 99, "lon": 0}}, 422),
        ("o-village-b", {"event_type": "fire"}, 422),
    ],
)
async def test_who_may_report_where(
    console: ConsoleHarness, officer: str | None, change: dict[str, Any], status: int
) -> None:
    answer = await report(console, officer, FIRE | change)
    assert answer.status_code == status, answer.text


async def test_a_position_alone_names_the_town_of_the_nearest_sensor(
    console: ConsoleHarness,
) -> None:
    gauge = GAUGE.model_dump() | {"position": Position(lat=29.01, lon=105.85)}
    console.deps.names._sensors[GAUGE.sensor_id] = SensorEntry(**gauge)
    near = {"place": None, "position": {"lat": 29.05, "lon": 105.87}}
    far = {"place": None, "draft_id": "dft-2", "position": {"lat": 31.0, "lon": 108.0}}
    for officer, change, place in (
        ("o-district-b", near, ZHUTUO),
        ("o-city-b", far, CITY),
        ("o-songji-b", near, SONGJI),
    ):
        answer = await report(console, officer, FIRE | change)
        assert (answer.status_code, answer.json()["place"]) == (202, place), answer.text


async def test_a_sensitive_incident_is_restricted_whatever_the_sender_says(
    console: ConsoleHarness,
) -> None:
    body = FIRE | {"event_type": "14:mass_incident", "restricted": False}
    answer = await report(console, "o-village-b", body)
    assert (answer.status_code, answer.json()["restricted"]) == (202, True)
    (sent,) = reports(console)
    assert sent.restricted
    await console.project([sent])
    path = f"/api/incidents/{sent.incident_id}/reports"
    statuses = {
        officer: (await got(console, officer, path)).status_code
        for officer in ("o-village-b", "o-town-b", "o-city-b", "o-songji-b")
    }
    assert statuses == {"o-village-b": 200, "o-town-b": 200, "o-city-b": 200, "o-songji-b": 404}


@pytest.mark.parametrize("kind", ["12:fire", "14:public_opinion"])
async def test_its_photos_are_shown_with_its_reports(console: ConsoleHarness, kind: str) -> None:
    path = "/api/incidents/drafts/dft-1/photos"
    async with console.client("o-village-b") as client:
        assert (await client.post(path, content=photo())).status_code == 404
        await client.post("/api/incidents", json=FIRE | {"event_type": kind})
        stored = await client.post(path, content=photo(), params={"note": "西侧"})
        assert stored.status_code == 200, stored.text
        assert (await client.post(path, content=photo())).json()["repeated"]
        assert (await client.post(path, content=b"GIF89a")).status_code == 415
    async with console.client("o-town-b") as client:
        assert (await client.post(path, content=photo())).status_code == 404, "not their draft"
    (sent,) = reports(console)
    await console.project([sent])
    answer = (await got(console, "o-town-b", f"/api/incidents/{sent.incident_id}/reports")).json()
    assert [row["note"] for row in answer["photos"]] == ["西侧"]
    photo_id = stored.json()["photo_id"]
    assert (await got(console, "o-town-b", f"/api/photos/{photo_id}")).status_code == 200
    assert (await got(console, "o-songji-b", f"/api/photos/{photo_id}")).status_code == 404
    async with console.deps.database.transaction() as work:
        await work.connection.execute(
            "UPDATE console.photo SET received_at = now() - interval '500 days'"
        )
        task = forget_incident_photos(timedelta(days=400))
        assert len(await work.connection.fetch(task.statement, task.keep, task.limit)) == 1
