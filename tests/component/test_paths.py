"""An unknown path: a problem document, and no address made of the sender's words."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from tests.support.services import SERVICES, built_app


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    "path", ["/nothing", "/healthz/", "/api/alerts/", "/v1/readings/", "/static"]
)
async def test_no_such_path(service: str, path: str, tmp_path: Path) -> None:
    transport = httpx2.ASGITransport(app=built_app(service, tmp_path))
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://elsewhere.example"
    ) as client:
        answer = await client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 404
    assert "elsewhere" not in answer.text + str(answer.headers)
