"""Hostile text, bodies and addresses: text stays text, the rest are problem documents."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.console.web.guard import MAX_BODY_BYTES
from tests.support.console_events import HOSTILE_TEXT, an_alert
from tests.support.console_harness import ConsoleHarness

HOSTILE = [
    HOSTILE_TEXT,
    "<script>alert(1)</script>",
    '"><svg/onload=alert(1)>',
    "'; DROP TABLE console.alert; --",
    "javascript:alert(1)",
    "\u202e\u2066反转\u2069",
    "\u200b\ufeff零宽",
    "👩‍👩‍👧‍👦" * 20,
    "e\u0301 vs é",
    "${jndi:ldap://x}",
    "%s%n{0}",
    "a" * 4_000,
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_comes_back_as_it_was(console: ConsoleHarness, text: str) -> None:
    await console.project([an_alert("a", headline=text[:200], text=text)])
    path = f"/api/alerts/{an_alert('a').alert_id}"
    async with console.client("o-city-b") as client:
        response = await client.get(path)
        assert (response.json()["headline"], response.json()["text"]) == (text[:200], text)
        assert response.headers["content-type"] == "application/json"
        body = {"verb": "verify", "level": "orange", "reason": text}
        answer = await client.post(f"{path}/decisions", json=body)
    assert answer.status_code == 202
    assert json.loads(console.kafka.sent[-1].body)["reason"] == text


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 422),
        (b"not json", 422),
        (b'{"verb":"verify","level":"orange","reason":"\\u0000"}', 422),
        (b'{"verb":"verify","level":"orange","reason":"\\ud800"}', 422),
        (b'{"verb":"verify","level":NaN}', 422),
        (b'{"verb":"verify","level":["orange"]}', 422),
        (b'{"verb":"verify","reason":' + b"[" * 20_000 + b"]" * 20_000 + b"}", 422),
        (b'{"verb":"verify","version":"1"}', 422),
        (b'{"verb":"verify","version":1e400}', 422),
        (b'{"verb":"verify","version":0}', 422),
        (b"[]", 422),
        (b"\xff\xfe", 422),
        (json.dumps({"verb": "verify", "reason": "x" * 4_001}).encode(), 422),
        (b'{"verb":"verify","reason":"' + b"x" * MAX_BODY_BYTES + b'"}', 413),
    ],
)
async def test_bad_bodies_are_refused_with_a_problem(
    console: ConsoleHarness, content: bytes, status: int
) -> None:
    await console.project([an_alert("a")])
    path = f"/api/alerts/{an_alert('a').alert_id}/decisions"
    async with console.client("o-city-b") as client:
        answer = await client.post(
            path, content=content, headers={"content-type": "application/json"}
        )
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["reason"] == {422: "invalid", 413: "too_large"}[status]
    assert console.kafka.sent == []


async def test_a_body_without_a_length_is_cut_off_too(console: ConsoleHarness) -> None:
    async def endless() -> Any:
        for _ in range(200):
            yield b"x" * 1_024

    async with console.client("o-city-b") as client:
        answer = await client.post(
            "/api/commands", content=endless(), headers={"content-type": "application/json"}
        )
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "path",
    [
        "/api/alerts/%00",
        "/api/alerts/..%2f..%2fetc",
        "/api/alerts/" + "a" * 200,
        "/api/assignments?unit=500118118000%00",
        "/api/assignments?unit=' OR 1=1",
        "/api/assignments?after=%00",
        "/api/assignments?after=' OR '1'='1",
        "/api/assignments?limit=0",
        "/api/assignments?limit=99999",
        "/api/assignments?state=gone",
        "/api/overview?status=Real",
        "/api/feed?after=-1",
        "/api/feed?after=9999999999999999999999",
        "/api/events?after=x",
        "/login?ticket=%00",
        "/static/../app.py",
        "/static/%2e%2e/app.py",
    ],
)
async def test_bad_addresses_are_refused_without_a_500(console: ConsoleHarness, path: str) -> None:
    async with console.client("o-city-b") as client:
        answer = await client.get(path)
    assert answer.status_code in (404, 422), answer.text
    assert "Traceback" not in answer.text
