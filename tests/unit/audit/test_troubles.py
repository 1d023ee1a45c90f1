"""A service that works and is in trouble says so, and the auditor calls a person about it."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from prometheus_client import CollectorRegistry

from services.audit.core.findings.snapshot import FindingKind
from services.audit.core.responsible_unit import ResponsibleUnit
from services.audit.metrics import AuditMetrics
from services.audit.rounds import loop
from services.audit.settings import Settings
from services.audit.store.kafka_log import KafkaLog
from services.audit.watch import probes, watch
from services.ingest.core.clocks.event_clock import EventClock
from services.ingest.core.volume_guard import VolumeGuard
from services.ingest.intake import Intake
from services.ingest.metrics import IngestMetrics
from shared.domain.top_unit import TopUnit
from shared.runtime.health import Health
from shared.runtime.http_server import operations_routes
from shared.runtime.metrics import RuntimeMetrics
from tests.support.sources import an_admission
from tests.unit.audit.builders import T0

SETTINGS = Settings.model_validate(
    {
        "kafka_bootstrap": "127.0.0.1:1",
        "http_port": 1,
        "database_url": "postgresql://nobody:hidden@127.0.0.1:1/none",
        "audit_watched": "ingest=http://ingest:8000",
    }
)


async def test_a_wrong_clock_of_ingest_is_a_fault_and_breaks_no_chain() -> None:
    platform: Any = None
    guard, metrics = VolumeGuard(0.1), IngestMetrics(CollectorRegistry())
    clock, top = EventClock(follow_readings=False), TopUnit()
    intake = Intake(platform, clock, guard, an_admission(), top, metrics)
    health = Health("ingest", "kafka")
    health.add_trouble("clock", intake.clock_trouble)
    described = {"asyncapi": "3.0.0", "info": {"title": "ingest"}, "channels": {}}
    routes = dict(operations_routes(health, RuntimeMetrics(CollectorRegistry()), described))
    transport = httpx2.ASGITransport(app=routes["/readyz"])
    async with httpx2.AsyncClient(transport=transport) as http:
        service = probes.ServiceProbe("ingest", "http://ingest:8000", http)
        trouble = probes.TroubleProbe(service)
        assert await service.check() is None
        assert await trouble.check() is None
        intake._compare_clocks(0, T0 + timedelta(minutes=59), 5.0, round(T0.timestamp() * 1000))
        assert await service.check() is None, "ingest works, by Kafka's time"
        problem = await trouble.check()
        assert problem is not None
        assert problem.kind is FindingKind.COMPONENT_TROUBLED
        assert "3540.0 s ahead of Kafka's" in problem.reason
        watching = watch.Watch(SETTINGS, ResponsibleUnit())
        await watching._probe(trouble)
        watching.note_round()
        watching._probed_at = watching._round_at
        assert watching.broken() is None, "the way to a person is whole"
        intake._compare_clocks(0, T0, 5.0, round(T0.timestamp() * 1000))
        assert await service.check() is None
        assert await trouble.check() is None


async def test_an_auditor_whose_rounds_have_stopped_is_not_ready(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    database: Any = None
    log, metrics = KafkaLog("127.0.0.1:1"), AuditMetrics(CollectorRegistry())
    responsible = ResponsibleUnit()
    watching = watch.Watch(SETTINGS, responsible)
    rounds = loop.RoundLoop(database, log, metrics, SETTINGS, watching, responsible)
    assert rounds.ready() == "no check has been made yet"
    rounds._report({})
    assert rounds.ready() is None
    later_s = time.monotonic() + loop.MOST_AGE_S + 1
    with monkeypatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: later_s)
        assert "the last round ended 121 s ago" in (rounds.ready() or "")
