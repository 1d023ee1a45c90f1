"""The OpenAPI document of every HTTP door is a snapshot, at the same address."""

from __future__ import annotations

import json
from pathlib import Path

import httpx2
import pytest

from tests.support.services import built_app

SNAPSHOTS = Path(__file__).parent / "openapi"


@pytest.mark.parametrize("service", ["ingest", "console"])
async def test_the_document_equals_its_snapshot(service: str, tmp_path: Path) -> None:
    """`python -m tests.contract.update` after a deliberate change."""
    transport = httpx2.ASGITransport(app=built_app(service, tmp_path))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        document = (await client.get("/openapi.json")).json()
    assert document["paths"]
    assert document == json.loads((SNAPSHOTS / f"{service}.json").read_text())
