"""Alerts of Prometheus' Alertmanager: at the door, as findings, as faults to the duty officers."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from services.audit.core.findings.snapshot import FindingKind
from services.audit.rounds.recording import FindingRecorder
from services.audit.web.alertmanager import MOST_BYTES, AlertmanagerDoor
from shared.contracts.faults import FaultState
from tests.unit.audit.harness import AuditHarness

pytestmark = pytest.mark.e2e

TOKEN = "door-token"


def a_notification(status: str = "firing", fingerprint: str = "5a9fd1c2b3e4f607") -> dict[str, Any]:
    """Return a notification as Alertmanager 0.28 sends it."""
    return {
        "version": "4",
        "groupKey": '{}:{alertname="TimersLate"}',
        "truncatedAlerts": 0,
        "status": status,
        "receiver": "duty-officers",
        "groupLabels": {"alertname": "TimersLate"},
        "commonLabels": {"alertname": "TimersLate", "severity": "critical"},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager:9093",
        "alerts": [
            {
                "status": status,
                "labels": {"alertname": "TimersLate", "instance": "command:8000"},
                "annotations": {"summary": "deadlines of command:8000 fire late"},
                "startsAt": "2026-07-01T08:00:00.000Z",
                "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": "http://prometheus:9090/graph",
                "fingerprint": fingerprint,
            }
        ],
    }


class Knocker:
    """Posts to the door of an auditor."""

    def __init__(self, auditor: AuditHarness, token: str | None = TOKEN) -> None:
        recorder = FindingRecorder(auditor.responsible, auditor.metrics)
        secret = None if token is None else SecretStr(token)
        self._door = AlertmanagerDoor(auditor.database, recorder, secret)

    async def post(self, body: Any, token: str = TOKEN, **request: Any) -> int:
        transport = httpx2.ASGITransport(app=self._door)
        content = {"json": body} if isinstance(body, dict) else {"content": body}
        async with httpx2.AsyncClient(transport=transport, base_url="http://audit") as client:
            headers = {"authorization": f"Bearer {token}"}
            response = await client.post("/alertmanager", headers=headers, **content, **request)
            return response.status_code


async def test_an_alert_is_raised_once_and_cleared_when_it_is_resolved(
    auditor: AuditHarness,
) -> None:
    door = Knocker(auditor)
    for _ in range(3):
        assert await door.post(a_notification()) == 200
    (fault,) = await auditor.faults()
    assert (fault.state, fault.kind) == (FaultState.RAISED, FindingKind.REPORTED)
    assert fault.headline.startswith("监控告警：TimersLate command:8000")
    assert "fire late" in fault.text
    assert await auditor.findings_after(3) != {}, "no round resolves what monitoring reports"
    assert await door.post(a_notification("resolved")) == 200
    assert await door.post(a_notification("resolved")) == 200
    assert [fault.state for fault in await auditor.faults()] == [
        FaultState.RAISED,
        FaultState.CLEARED,
    ]
    assert await door.post(a_notification("resolved", "00aa")) == 200, "never raised here"


async def test_the_door_opens_to_its_token_alone(auditor: AuditHarness) -> None:
    assert await Knocker(auditor, None).post(a_notification()) == 404
    door = Knocker(auditor)
    assert await door.post(a_notification(), token="other") == 401
    assert await door.post({"alerts": [{"status": "unheard-of"}]}) == 422
    assert await door.post(b"\xff{") == 422
    assert await door.post(b"x" * (MOST_BYTES + 1)) == 413
    assert await auditor.faults() == []


async def test_a_database_that_is_away_makes_alertmanager_repeat(auditor: AuditHarness) -> None:
    door = Knocker(auditor)
    await auditor.database.stop()
    assert await door.post(a_notification()) == 503
    await auditor.database.start(10)
    assert await door.post(a_notification()) == 200
