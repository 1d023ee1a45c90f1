"""Hostile values in every parameter and body of the API give a problem document, never a fault."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from services.console.web.openapi_contents import EXAMPLES
from tests.support.console_events import ZHUTUO
from tests.support.console_harness import ConsoleHarness

Json = dict[str, Any]

NESTED = {depth: f"\x00nested {depth}" for depth in (100, 400, 700, 900, 940, 990, 5_000)}
"""Marks of parts that are nested so deeply; as bytes, since Python cannot write them."""
TEXTS = [
    "\x00",
    "a\x00b",
    "\udcff",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-12:00",
    "0001-01-01",
    "9999-12-31",
    str(2**31),
    str(2**63),
    "-1",
    "1e400",
    "NaN",
    "a" * 5_000,
    "../../etc/passwd",
    "%00",
    "",
]
VALUES: list[Any] = [
    *TEXTS,
    *NESTED.values(),
    2**31,
    2**63,
    10**400,
    -1,
    1e308,
    None,
    True,
    [],
    {},
    [[]],
]
ENDLESS = {"/api/events", "/api/events/snapshot"}


async def refused(client: httpx2.AsyncClient, method: str, path: str, **how: Any) -> None:
    """Send a request; check that the answer is no fault and a refusal is a problem document."""
    answer = await client.request(method, path, **how)
    assert answer.status_code < 500, (method, path, str(how)[:300], answer.text[:300])
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json", (method, path)


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if path not in ENDLESS:
                yield method.upper(), path, operation


def filled(path: str, operation: Json, name: str = "", text: str = "") -> str:
    """Return the path with harmless ids, and `text` for the parameter called `name`."""
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            parameter_value = text if parameter["name"] == name else "alt-1"
            path = path.replace("{" + parameter["name"] + "}", encoded(parameter_value))
    return path


def encoded(text: str) -> str:
    return quote(text.encode("utf-8", "surrogateescape"), safe="")


async def test_every_parameter(console: ConsoleHarness) -> None:
    async with console.client("o-city-b") as client:
        document = (await client.get("/openapi.json")).json()
        tried = 0
        for method, path, operation in operations(document):
            for parameter in operation.get("parameters", ()):
                name, place = parameter["name"], parameter["in"]
                for text in TEXTS:
                    if place == "path" and text:
                        await refused(client, method, filled(path, operation, name, text))
                    elif place == "query":
                        address = f"{filled(path, operation)}?{name}={encoded(text)}"
                        await refused(client, method, address)
                    tried += 1
    assert tried > 1_000


def mutated(example: Any) -> Iterator[Any]:
    """Yield the example with each value, at any depth, replaced by each hostile value."""
    yield from VALUES
    if isinstance(example, dict):
        for key, value in example.items():
            for second in mutated(value):
                yield example | {key: second}
        yield example | {"\x00": 1}
    elif isinstance(example, list) and example:
        for second in mutated(example[0]):
            yield [second, *example[1:]]


def as_json(value: Any) -> bytes:
    """Return JSON of a foreign client: lone surrogates are escaped, and a part may be nested
    deeply."""
    text = json.dumps(value)
    for depth, mark in NESTED.items():
        text = text.replace(json.dumps(mark), '{"a":' * depth + "1" + "}" * depth)
    return text.encode()


@pytest.mark.parametrize("place", sorted(EXAMPLES), ids=" ".join)
async def test_every_body(console: ConsoleHarness, place: tuple[str, str]) -> None:
    method, path = place
    example = EXAMPLES[place]
    async with console.client("o-city-a") as client:
        document = (await client.get("/openapi.json")).json()
        operation = document["paths"][path][method.lower()]
        address = filled(path, operation)
        for body in mutated(example):
            content = as_json(body)
            headers = {"content-type": "application/json", "x-fenghuo": "1"}
            await refused(client, method, address, content=content, headers=headers)


@pytest.mark.parametrize(
    "origin",
    ["http://[", "http://a[b]", "http://[x", "http://[::1", "http://]", "null", "//", "\x80"],
)
@pytest.mark.parametrize("path", ["/login", "/logout", "/account/password", "/api/commands"])
async def test_an_origin_that_is_no_address(
    console: ConsoleHarness, origin: str, path: str
) -> None:
    async with console.client(None) as client:
        for cookie in ("", "fenghuo_session=x", "__Host-fenghuo_session=x"):
            headers = {b"origin": origin.encode("latin-1"), b"cookie": cookie.encode()}
            answer = await client.post(path, headers=headers, content=b"")
            assert answer.status_code < 500, (origin, path, answer.text)


async def test_a_calendar_that_is_none(console: ConsoleHarness) -> None:
    raw = b"BEGIN:VCALENDAR\r\nBEGIN:VTMMEZONE\r\nTZID:x\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n"
    async with console.client("o-town-b") as client:
        await refused(client, "POST", f"/api/duty/import?format=ics&unit={ZHUTUO}", content=raw)
        for form in ("csv", "ics"):
            for content in (b"\xff\xfe\x00", b"\x00" * 100, b"kind\n" + b"x," * 10_000):
                path = f"/api/duty/import?format={form}&unit={ZHUTUO}"
                await refused(client, "POST", path, content=content)


async def test_many_at_once(console: ConsoleHarness) -> None:
    async with console.client("o-city-b") as client:
        await asyncio.gather(*(refused(client, "GET", "/api/cases?q=%00") for _ in range(20)))
