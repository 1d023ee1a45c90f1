"""The real ingest application with a publisher that records what would be sent to Kafka."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import httpx2
from fastapi import FastAPI

from services.ingest.app import build
from services.ingest.settings import Settings
from shared.contracts.catalog import CatalogEntry, SensorEntry
from shared.contracts.fields import Tier
from shared.runtime.errors import Transient
from shared.runtime.outbound_records import OutboundRecord
from tests.support.openapi import OpenApiDocument
from tests.support.sources import a_source_entry, catalogued

TOKEN = "a-token-of-the-gauge-network"
NOW = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
TOWN = "500118118000"


class FixedClock:
    """A clock that always shows `moment`."""

    def __init__(self, moment: datetime = NOW) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


class RecordingPublisher:
    """Records what is sent, with Kafka's time; while `down`, it confirms nothing."""

    def __init__(self) -> None:
        self.sent: list[OutboundRecord] = []
        self.time = NOW
        self.calls = 0
        self.down = False

    async def send(self, records: Iterable[OutboundRecord]) -> list[int]:
        self.calls += 1
        if self.down:
            raise Transient("publish outcome unknown: TimeoutError")
        new = list(records)
        self.sent.extend(new)
        return [int(self.time.timestamp() * 1000)] * len(new)

    def ready(self) -> str | None:
        return None


class IngestHarness:
    """The application, its recording publisher, and a client with the token.

    Each response is compared with the OpenAPI document.
    """

    def __init__(self, **settings: Any) -> None:
        self.app: FastAPI = build(
            Settings(**{"kafka_bootstrap": "127.0.0.1:1", "http_port": 1, **settings})
        )
        self.publisher = RecordingPublisher()
        self.app.state.platform.publisher = self.publisher
        self.app.state.platform.clock = FixedClock()
        for sensor in (
            a_sensor("zhutuo-3", "water_level", "m", "吴淞"),
            a_sensor("rain-7", "rain_10min", "mm", None),
        ):
            self.app.state.intake.on_catalog(sensor)
        self.put_source()
        self.client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=self.app),
            base_url="http://ingest",
            headers={"authorization": f"Bearer {TOKEN}"},
            event_hooks={"response": [self._compare]},
        )
        self._document = OpenApiDocument(self.app.openapi())

    def put_source(self, **change: Any) -> None:
        """Replace the entry of the source whose token the client has."""
        entry = catalogued(a_source_entry("gauges", TOKEN, **change))
        self.app.state.intake.on_catalog(entry)

    async def _compare(self, response: httpx2.Response) -> None:
        await response.aread()
        self._document.check(response)

    async def post(self, path: str, body: Any, **headers: str) -> httpx2.Response:
        raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        return await self.client.post(
            path, content=raw, headers={"content-type": "application/json", **headers}
        )

    def metric(self, name: str, **labels: str) -> float:
        return self.app.state.platform.registry.get_sample_value(name, labels) or 0.0


def a_sensor(sensor_id: str, metric: str, unit: str, datum: str | None) -> CatalogEntry:
    return CatalogEntry(
        id=f"cat-{sensor_id}",
        occurred_at=NOW,
        sent_at=NOW,
        origin_unit="500118000000",
        tier=Tier.DISTRICT,
        entry=SensorEntry(
            sensor_id=sensor_id,
            sensor_kind="river_gauge",
            name=sensor_id,
            place=TOWN,
            metric=metric,
            unit=unit,
            datum=datum,
            interval_s=20.0,
        ),
    )


def a_reading(**change: Any) -> dict[str, Any]:
    reading = {
        "id": "zhutuo-3:000001",
        "sensor_id": "zhutuo-3",
        "metric": "water_level",
        "value": 212.31,
        "unit": "m",
        "datum": "吴淞",
        "occurred_at": "2026-07-01T07:59:40Z",
    }
    reading.update(change)
    return {name: value for name, value in reading.items() if value is not ...}


def a_report(**change: Any) -> dict[str, Any]:
    report = {
        "id": "report-1",
        "incident_id": "inc-1",
        "kind": "initial",
        "event_type": "12:gas_leak",
        "place": TOWN,
        "reporter_id": "grid-worker-9",
        "reporter_role": "grid_worker",
        "headline": "街口有燃气味",
        "occurred_at": "2026-07-01T07:59:00+00:00",
    }
    report.update(change)
    return report
