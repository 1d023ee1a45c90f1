"""The canary has sent its readings only when ingest has taken all of them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import httpx2
import pytest
from pydantic import SecretStr

from services.audit.canary.door import HIGH, CanaryReading, IngestDoor

READING = CanaryReading("c-1", "canary-1", HIGH, datetime(2026, 7, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("status", "accepted"), [(202, True), (207, False), (422, False), (503, False)]
)
async def test_a_part_is_not_accepted(
    monkeypatch: pytest.MonkeyPatch, status: int, accepted: bool
) -> None:
    transport = httpx2.MockTransport(lambda request: httpx2.Response(status))
    client = partial(httpx2.AsyncClient, transport=transport)
    monkeypatch.setattr("services.audit.canary.door.httpx2.AsyncClient", client)
    door = IngestDoor("http://ingest", SecretStr("token"))
    assert await door.send(READING) is accepted
    await door.close()
