"""The AsyncAPI document of every service is a snapshot; its page needs no network."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx2
import pytest

from tests.support.services import SERVICES, built_app

SNAPSHOTS = Path(__file__).parent / "asyncapi"


async def fetch(service: str, path: str, folder: Path) -> httpx2.Response:
    transport = httpx2.ASGITransport(app=built_app(service, folder))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get(path)


@pytest.mark.parametrize("service", SERVICES)
async def test_the_document_equals_its_snapshot(service: str, tmp_path: Path) -> None:
    """`python -m tests.contract.update` after a deliberate change."""
    answer = await fetch(service, "/docs/asyncapi.json", tmp_path)
    snapshot = json.loads((SNAPSHOTS / f"{service}.json").read_text())
    assert answer.json() == snapshot


@pytest.mark.parametrize("service", SERVICES)
async def test_the_page_loads_nothing_from_elsewhere(service: str, tmp_path: Path) -> None:
    answer = await fetch(service, "/docs/asyncapi", tmp_path)
    assert answer.status_code == 200
    assert not re.search(r"""(src|href)=["']https?:""", answer.text)
    assert "<script" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_that_is_not_connected_lives_but_is_not_ready(
    service: str, tmp_path: Path
) -> None:
    assert (await fetch(service, "/healthz", tmp_path)).json()["service"] == service
    ready = await fetch(service, "/readyz", tmp_path)
    assert ready.status_code == 503
    assert ready.json()["problems"]
    assert "fenghuo_" in (await fetch(service, "/metrics", tmp_path)).text


async def test_the_page_shows_key_and_examples_of_a_channel(tmp_path: Path) -> None:
    text = (await fetch("ingest", "/docs/asyncapi", tmp_path)).text
    assert "`sensor_id`" in text
    assert "ReadingRecord" in text
    assert "zhutuo-3" in text
    assert "感知数据" in text


async def test_the_live_stream_is_a_channel_of_the_console(tmp_path: Path) -> None:
    document = (await fetch("console", "/docs/asyncapi.json", tmp_path)).json()
    stream = document["channels"]["console.events"]
    assert stream["address"] == "/api/events"
    assert "Last-Event-ID" in stream["description"]
    assert set(stream["messages"]) == {"hello", "beat", "line", "reset"}
    for message in stream["messages"].values():
        assert message["$ref"].rpartition("/")[2] in document["components"]["messages"]
    for reference in re.findall(
        r'"[$]ref": "#/([^"]*console[.]events[^"]*)"', json.dumps(document)
    ):
        result = document
        for step in reference.split("/"):
            result = result[step]
    page = (await fetch("console", "/docs/asyncapi", tmp_path)).text
    assert "/api/events" in page
