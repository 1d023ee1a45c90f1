"""The watch over the components, against real servers; and the bootstrap that outlives them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest
from pydantic import SecretStr

from services.audit import bootstrap
from services.audit.app import build
from services.audit.core.findings.snapshot import FindingKind
from services.audit.core.responsible_unit import ResponsibleUnit
from services.audit.core.watch import components
from services.audit.core.watch.components import (
    GRACE,
    RECOVERY,
    START_GRACE,
    ComponentHealth,
    ComponentProblem,
)
from services.audit.settings import Settings
from services.audit.watch import arrivals, heartbeat, out_of_band, probes, watch
from services.audit.watch.metrics import WatchMetrics
from shared.runtime import errors
from tests.support.carrier import Receiver, running_receiver
from tests.support.waiting import until

T0 = datetime(2026, 7, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DOWN = ComponentProblem(FindingKind.COMPONENT_DOWN, "does not answer")
NOT_READY = ComponentProblem(FindingKind.COMPONENT_NOT_READY, "not ready")


def settings(**change: Any) -> Settings:
    values = {
        "kafka_bootstrap": "127.0.0.1:1",
        "http_port": 1,
        "database_url": "postgresql://nobody:hidden@127.0.0.1:1/none",
        "start_patience_s": 1,
    }
    return Settings.model_validate({**values, **change})


def proven(component: str = "notify") -> ComponentHealth:
    """Return the health of a component that has worked."""
    health = ComponentHealth()
    health.note(component, None, T0)
    return health


def test_a_problem_is_a_fault_after_its_grace_and_until_the_component_works_again() -> None:
    health = proven()
    health.note("notify", DOWN, T0)
    grace = GRACE[FindingKind.COMPONENT_DOWN]
    health.note("notify", DOWN, T0 + grace - SECOND)
    assert health.faults() == ()
    assert health.undecided()
    assert set(health.problems()) == {"notify"}, "the heartbeat stops at once"
    health.note("notify", DOWN, T0 + grace)
    (fault,) = health.faults()
    assert (fault.kind, fault.since) == (FindingKind.COMPONENT_DOWN, T0)
    assert not health.undecided()
    health.note("notify", NOT_READY, T0 + grace + SECOND)
    assert health.faults() == (fault,), "one fault until it works, whatever it answers"
    works_at = T0 + timedelta(minutes=1)
    health.note("notify", None, works_at)
    assert health.faults() == (fault,)
    health.note("notify", None, works_at + RECOVERY)
    assert health.faults() == ()
    assert health.problems() == {}


def test_a_restart_is_no_fault_and_a_loop_of_restarts_is_one() -> None:
    health = proven()
    for second in (0, 3):
        health.note("notify", DOWN, T0 + second * SECOND)
    for second in (6, 9, 12):
        health.note("notify", None, T0 + second * SECOND)
    assert health.problems() == {}
    for second in range(20, 60, 10):
        health.note("notify", DOWN, T0 + second * SECOND)
        health.note("notify", None, T0 + (second + 4) * SECOND)
    (fault,) = health.faults()
    assert fault.since == T0 + 20 * SECOND


def test_a_component_that_has_not_worked_yet_has_time_to_start() -> None:
    health = ComponentHealth()
    health.note("notify", DOWN, T0)
    health.note("notify", NOT_READY, T0 + START_GRACE - SECOND)
    assert health.faults() == ()
    health.note("notify", NOT_READY, T0 + START_GRACE)
    assert len(health.faults()) == 1


def test_a_fault_is_known_within_a_minute() -> None:
    slowest = max(GRACE.values()).total_seconds()
    slowest = max(slowest, arrivals.MOST_SILENCE_S) + watch.PROBE_INTERVAL_S
    slowest += probes.PROBE_TIMEOUT_S
    assert slowest < 60


async def test_a_service_is_asked_for_its_readiness() -> None:
    async with running_receiver() as receiver, httpx2.AsyncClient(trust_env=False) as http:
        probe = probes.ServiceProbe("notify", receiver.base, http)
        receiver.behaviours.extend([200, 503])
        assert await probes.bounded(probe) is None
        problem = await probes.bounded(probe)
        assert problem is not None
        assert problem.kind is FindingKind.COMPONENT_NOT_READY
        assert receiver.requests[0].path == "/readyz"
    async with httpx2.AsyncClient(trust_env=False) as http:
        problem = await probes.bounded(probes.ServiceProbe("notify", receiver.base, http))
    assert problem is not None
    assert problem.kind is FindingKind.COMPONENT_DOWN


async def test_a_disk_with_too_little_free_space_is_a_fault(tmp_path: Path) -> None:
    assert await probes.DiskProbe(tmp_path, 1e-9).check() is None
    problem = await probes.DiskProbe(tmp_path, 0.999999).check()
    assert problem is not None
    assert problem.kind is FindingKind.DISK_FULL
    assert await probes.DiskProbe(tmp_path / "absent", 0.1).check() is not None


@pytest.mark.parametrize(
    "error",
    [asyncpg.CannotConnectNowError("starting up"), asyncpg.InternalClientError("state 11")],
    ids=lambda error: type(error).__name__,
)
async def test_a_database_that_ends_its_session_is_a_fault(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def connect(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(asyncpg, "connect", connect)
    problem = await probes.PostgresProbe(SecretStr("postgresql://127.0.0.1:1/none")).check()
    assert problem is not None
    assert problem.kind is FindingKind.COMPONENT_DOWN


async def test_the_heartbeat_leaves_while_the_chain_is_whole_and_not_otherwise() -> None:
    broken: list[str] = []
    async with running_receiver() as receiver, httpx2.AsyncClient(trust_env=False) as http:
        beats = heartbeat.Heartbeat(
            SecretStr(f"{receiver.base}/ping/secret"),
            None,
            0.01,
            lambda: broken[0] if broken else None,
            http,
            WatchMetrics(),
        )
        task = asyncio.create_task(beats.run())
        await until(lambda: len(receiver.requests) > 3)
        broken.append("kafka: no broker answers")
        await asyncio.sleep(0)
        await until(lambda: withheld(beats) > 3)
        stopped = len(receiver.requests)
        await until(lambda: withheld(beats) > 20)
        assert len(receiver.requests) == stopped
        broken.clear()
        await until(lambda: len(receiver.requests) > stopped + 3)
        task.cancel()
    assert {(request.method, request.path) for request in receiver.requests} == {
        ("POST", "/ping/secret")
    }


async def test_heartbeats_of_the_tier_below_arrive_and_their_silence_is_a_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    above = build(settings(audit_expected="district,town", audit_expected_token="key"))
    transport = httpx2.ASGITransport(app=above)
    broken: list[str] = []
    metrics = WatchMetrics()
    async with httpx2.AsyncClient(transport=transport) as http:
        address = "http://audit/heartbeats"
        for token, sender, status in (("no", "town", 401), ("key", "x", 404), ("key", "town", 204)):
            headers = {"authorization": f"Bearer {token}"}
            response = await http.post(f"{address}?from={sender}", headers=headers)
            assert response.status_code == status
        beats = heartbeat.Heartbeat(
            SecretStr(f"{address}?from=district"),
            SecretStr("key"),
            0.01,
            lambda: broken[0] if broken else None,
            http,
            metrics,
        )
        task = asyncio.create_task(beats.run())
        arrival = above.watch.arrivals["district"]
        await until(lambda: metrics.heartbeats.labels("sent")._value.get() > 0)
        assert await arrival.check() is None
        broken.append("kafka: no broker answers")
        await until(lambda: withheld(beats) > 0)
        monkeypatch.setattr(arrivals, "MOST_SILENCE_S", 0.0)
        problem = await arrival.check()
        assert problem is not None
        assert problem.kind is FindingKind.HEARTBEAT_MISSING
        task.cancel()


async def test_a_silent_tier_below_does_not_stop_the_heartbeat() -> None:
    watching = watch.Watch(settings(audit_expected="district"), ResponsibleUnit())
    await watching._probe(watching.arrivals["district"])
    watching.note_round()
    watching._probed_at = watching._round_at
    assert watching.broken() is None
    await watching._probe(probes.DiskProbe(Path("/absent"), 0.1))
    assert watching.broken() is not None


def withheld(beats: heartbeat.Heartbeat) -> float:
    counter = beats._metrics.heartbeats.labels("withheld")
    return float(counter._value.get())


async def test_what_is_sent_out_of_band_is_sent_again_until_it_is_accepted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(out_of_band, "FIRST_PAUSE_S", 0.01)
    async with running_receiver() as receiver, httpx2.AsyncClient(trust_env=False) as http:
        receiver.behaviours.extend([500, "close"])
        channel = out_of_band.OutOfBandChannel(
            SecretStr(receiver.url), SecretStr("t"), http, WatchMetrics()
        )
        task = asyncio.create_task(channel.run())
        channel.add({"component": "kafka", "state": "raised"})
        channel.add({"component": "kafka", "state": "cleared"})
        await until(lambda: states(receiver)[-1:] == ["cleared"])
        task.cancel()
    assert states(receiver)[-2:] == ["raised", "cleared"], "in order"
    assert receiver.requests[-1].headers["authorization"] == "Bearer t"


def states(receiver: Receiver) -> list[str]:
    return [request.body["state"] for request in receiver.requests]


@asynccontextmanager
async def serving(application: bootstrap.AuditBootstrap) -> AsyncIterator[httpx2.AsyncClient]:
    """Run the application's lifespan; give a client of its HTTP routes."""
    started, stop = asyncio.Event(), asyncio.Event()
    messages = iter(["lifespan.startup"])

    async def receive() -> dict[str, str]:
        for message in messages:
            return {"type": message}
        await stop.wait()
        return {"type": "lifespan.shutdown"}

    async def send(message: dict[str, str]) -> None:
        started.set()

    run = asyncio.create_task(application({"type": "lifespan"}, receive, send))
    await started.wait()
    transport = httpx2.ASGITransport(app=application)
    try:
        async with httpx2.AsyncClient(transport=transport, base_url="http://audit") as client:
            yield client
    finally:
        stop.set()
        await run


async def test_without_kafka_and_postgres_the_auditor_serves_says_so_and_tries_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bootstrap, "PAUSE_S", 0.01)
    monkeypatch.setattr(watch, "PROBE_INTERVAL_S", 0.05)
    monkeypatch.setattr(components, "START_GRACE", timedelta())
    async with running_receiver() as receiver, running_receiver() as pulse:
        application = build(
            settings(
                audit_out_of_band_url=receiver.url,
                audit_heartbeat_url=pulse.url,
                audit_heartbeat_every_s=0.01,
            )
        )
        async with serving(application) as client:
            await until(lambda: len(receiver.requests) >= 2)
            first = application.platform
            await until(lambda: application.platform is not first, 60)
            assert (await client.get("/healthz")).status_code == 200
            readiness = await client.get("/readyz")
            assert readiness.status_code == 503
            assert "Postgres" in readiness.json()["problems"]["bootstrap"]
            metrics = (await client.get("/metrics")).text
            assert 'fenghuo_audit_component_up{component="kafka"} 0.0' in metrics
            assert "fenghuo_audit_starts_total" in metrics
        assert {request.body["component"] for request in receiver.requests} == {
            "kafka",
            "postgres",
        }
        assert pulse.requests == [], "no heartbeat while the chain is broken"


async def test_the_rules_of_the_shared_consumer_end_the_platform_and_not_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bootstrap, "PAUSE_S", 0.01)
    application = build(settings(start_patience_s=300))
    async with serving(application):
        first = application.platform

        async def consume() -> None:
            errors.exit_process("records were lost")

        task = asyncio.create_task(consume())
        await asyncio.wait({task})
        assert task.cancelled(), "the task that found it goes no further"
        await until(lambda: application.platform is not first)
        assert application.ready() == "records were lost"
