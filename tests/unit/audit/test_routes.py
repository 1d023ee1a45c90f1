"""The HTTP routes of the auditor on a real Postgres."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from shared.contracts.topics import ALARMS, ALERTS
from shared.runtime.outbound_records import encode
from tests.unit.audit.builders import an_alarm, an_alert
from tests.unit.audit.harness import AuditHarness

pytestmark = pytest.mark.e2e


async def get(auditor: AuditHarness, path: str) -> httpx2.Response:
    routes: dict[str, Any] = dict(auditor.platform.routes())
    transport = httpx2.ASGITransport(app=routes[path])
    async with httpx2.AsyncClient(transport=transport, base_url="http://audit") as client:
        return await client.get(path)


async def test_findings_lists_open_and_resolved_findings(auditor: AuditHarness) -> None:
    auditor.log.append(ALERTS.name, b"{")
    await auditor.findings_after(1)
    response = await get(auditor, "/findings")
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    listed = response.json()
    assert [finding["kind"] for finding in listed["open"]] == ["record_corrupt"]
    assert listed["resolved"] == []
    auditor.log.first[ALERTS.name, 0] = 1
    await auditor.findings_after(1)
    listed = (await get(auditor, "/findings")).json()
    assert listed["open"] == []
    assert [finding["kind"] for finding in listed["resolved"]] == ["record_corrupt"]


async def test_conservation_shows_hops_and_alarms(auditor: AuditHarness) -> None:
    auditor.log.append(ALERTS.name, encode(an_alert()))
    await auditor.deliver((ALARMS, an_alarm()))
    await auditor.do(
        "INSERT INTO notify.consumer_offset VALUES ('g', $1, 0, 0)",
        ALERTS.name,
    )
    await auditor.findings_after(1)
    document = (await get(auditor, "/conservation")).json()
    [hop] = document["hops"]
    assert (hop["service"], hop["topic"]) == ("notify", ALERTS.name)
    assert (hop["records_in"], hop["in_flight"], hop["backlog"]) == (1, 1, 1)
    [alarms] = document["alarms"]
    assert (alarms["status"], alarms["alarms_in"], alarms["difference"]) == ("Actual", 1, 1)


async def test_without_a_database_the_routes_answer_503(auditor: AuditHarness) -> None:
    await auditor.database.stop()
    for path in ("/findings", "/conservation"):
        response = await get(auditor, path)
        assert response.status_code == 503
        assert response.json() == {"error": "the database cannot be asked"}
    await auditor.database.start(10)
