"""The live stream over real HTTP: order, filters, resuming by id, slow clients, signing out."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from services.console import projector
from services.console.accounts import make_link
from services.console.stream import hub as feed
from services.console.stream import routes as events
from services.console.stream import watchdog as pulse
from services.console.stream.asyncapi import KINDS, MESSAGES
from services.console.stream.hub import Hub
from shared.contracts.fields import Status
from shared.contracts.pages import SubjectKind
from shared.contracts.supervision import SupervisionKind
from tests.support.console_events import (
    DISTRICT,
    SONGJI,
    VILLAGE,
    ZHUTUO,
    a_command,
    a_page,
    a_silent_sensor,
    a_supervision,
    an_alarm,
    an_alert,
    an_assignment,
)
from tests.support.console_harness import ServedConsole, documented, served_console, token_of
from tests.support.postgres import fresh_database


@pytest_asyncio.fixture
async def served() -> AsyncIterator[ServedConsole]:
    """The console behind a real server, since the in-process transport cannot stream."""
    with fresh_database() as dsn:
        async with served_console(dsn) as served_instance:
            yield served_instance


@asynccontextmanager
async def listening(
    served: ServedConsole, officer: str, after: int | None = None, **query: Any
) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    """Events of a stream as {event, id, data}."""
    headers = {"authorization": f"Bearer {token_of(officer)}"}
    if after is not None:
        headers["last-event-id"] = str(after)
    async with (
        httpx2.AsyncClient(base_url=served.url, timeout=15, trust_env=False) as client,
        client.stream("GET", "/api/events", headers=headers, params=query) as answer,
    ):
        assert answer.status_code == 200
        documented(served.console.app).check(answer)
        assert answer.headers["cache-control"] == "no-cache, no-transform"
        assert answer.headers["x-accel-buffering"] == "no"
        yield parsed(answer)


async def parsed(answer: httpx2.Response) -> AsyncIterator[dict[str, Any]]:
    event: dict[str, Any] = {}
    async for line in answer.aiter_lines():
        if not line and event:
            yield event
            event = {}
        name, _, value = line.partition(": ")
        if name == "data":
            event["data"] = json.loads(value)
        elif name in ("event", "id"):
            event[name] = value


async def take(events: AsyncIterator[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(10):
        return [await anext(events) for _ in range(count)]


async def test_what_is_committed_arrives_within_a_second(served: ServedConsole) -> None:
    async with listening(served, "o-city-b") as stream:
        (hello,) = await take(stream, 1)
        assert (hello["event"], hello["data"]["behind"]["records"]) == ("hello", 0)
        began = asyncio.get_running_loop().time()
        await served.console.project([an_alert("a")])
        (line,) = await take(stream, 1)
        assert asyncio.get_running_loop().time() - began < 1.5
        assert (line["data"]["kind"], line["data"]["unit_name"]) == ("alert", "朱沱镇")
        assert int(line["id"]) == line["data"]["seq"]


async def test_a_stream_resumes_behind_the_last_line_without_loss_or_repeat(
    served: ServedConsole,
) -> None:
    await served.console.project([an_alert(f"before-{n}") for n in range(5)])
    async with listening(served, "o-city-b", after=0) as stream:
        first = await take(stream, 4)
    last = int(first[-1]["id"])
    await served.console.project([an_alert(f"while-away-{n}") for n in range(3)])
    async with listening(served, "o-city-b", after=last) as stream:
        repeated = await take(stream, 1 + 2 + 3)
        await served.console.project([an_alert("after")])
        repeated += await take(stream, 1)
    seqs = [row["data"]["seq"] for row in first + repeated if row["event"] == "line"]
    assert seqs == list(range(seqs[0], seqs[0] + 9))


async def test_each_hears_of_the_own_subtree_own_pages_and_one_status(
    served: ServedConsole,
) -> None:
    command = a_command("c", DISTRICT)
    async with (
        listening(served, "o-songji-b") as town,
        listening(served, "o-village-b") as village,
        listening(served, "o-city-b", status="Exercise") as drill,
    ):
        for stream in (town, village, drill):
            await take(stream, 1)
        await served.console.project(
            [
                an_alert("zhutuo"),
                an_alert("songji", SONGJI),
                a_page("o-village-b", ZHUTUO),
                an_assignment(command, f"{VILLAGE}/grid/001"),
                an_alert("practice", SONGJI, status=Status.EXERCISE),
            ]
        )
        received = [row["data"] for row in await take(town, 2)]
        assert [(entry["kind"], entry["status"]) for entry in received] == [
            ("alert", "Actual"),
            ("alert", "Exercise"),
        ]
        below = sorted(row["data"]["kind"] for row in await take(village, 2))
        assert below == ["assignments", "page"]
        (practice,) = await take(drill, 1)
        assert practice["data"]["status"] == "Exercise"


async def test_a_hint_tells_nothing_but_that_something_changed(served: ServedConsole) -> None:
    async with listening(served, "o-village-b") as village:
        await take(village, 1)
        await served.console.project([an_assignment(a_command("c", DISTRICT), "500118118202")])
        (hint,) = await take(village, 1)
    assert hint["data"].keys() == {"seq", "kind", "status", "hint"}


async def test_too_far_behind_or_of_another_database_loads_anew(
    served: ServedConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "RESUME_LIMIT", 3)
    await forgotten(served, monkeypatch, [an_alert(f"a-{n}") for n in range(6)])
    for after in (0, 9_999_999):
        async with listening(served, "o-city-b", after=after) as stream:
            assert [row["event"] for row in await take(stream, 2)] == ["hello", "reset"]


async def forgotten(
    served: ServedConsole, monkeypatch: pytest.MonkeyPatch, messages: list[Any]
) -> None:
    """Commit, and let the hub keep only the last line for those who come back."""
    monkeypatch.setattr(feed, "KEEP", 1)
    hub = served.console.deps.part(Hub)
    before = hub.position
    await served.console.project(messages)
    async with asyncio.timeout(5):
        while hub.floor == before:
            await asyncio.sleep(0.02)


async def test_what_the_hub_no_longer_has_is_read_from_the_database_without_loss_or_repeat(
    served: ServedConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_PAGE", 2)
    await forgotten(served, monkeypatch, [an_alert(f"a-{n}") for n in range(9)])
    async with listening(served, "o-town-b", after=0) as stream:
        missed = [row["data"]["seq"] for row in (await take(stream, 10))[1:]]
        await served.console.project([an_alert("after")])
        (line,) = await take(stream, 1)
    assert missed == list(range(missed[0], missed[0] + 9))
    assert line["data"]["seq"] == missed[-1] + 1


async def test_silence_has_a_heartbeat_that_tells_how_far_behind_we_are(
    served: ServedConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulse, "BEAT_S", 0.1)
    served.console.projection_lag["records"] = 4_321
    async with listening(served, "o-city-b") as stream:
        result = await take(stream, 3)
    assert [row["event"] for row in result] == ["hello", "beat", "beat"]
    assert result[-1]["data"]["behind"]["records"] == 4_321


ENDINGS = {
    "token taken back": "UPDATE console.account SET token_sha256 = NULL WHERE officer_id = $1",
    "disabled": "UPDATE console.account SET disabled = true WHERE officer_id = $1",
    "moved": f"UPDATE console.account SET unit = '{SONGJI}' WHERE officer_id = $1",
    "sight withdrawn": "DELETE FROM console.officer_grant "
    "WHERE officer_id = $1 AND granted_right = 'see'",
    "command withdrawn": "DELETE FROM console.officer_grant "
    "WHERE officer_id = $1 AND granted_right = 'command'",
}


@pytest.mark.parametrize("ending", ENDINGS)
async def test_an_open_stream_ends_with_the_rights_it_was_opened_with(
    served: ServedConsole, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.setattr(pulse, "BEAT_S", 0.1)
    monkeypatch.setattr(pulse, "RECHECK_S", 0.2)
    async with listening(served, "o-town-b") as stream:
        await take(stream, 10)  # checked more than once by now, and still there
        async with served.console.deps.database.transaction() as work:
            await work.connection.execute(ENDINGS[ending], "o-town-b")
        async with asyncio.timeout(10):
            remainder = [row async for row in stream]
    assert all(row["event"] == "beat" for row in remainder)


async def test_an_open_stream_ends_with_its_session_even_while_lines_flow(
    served: ServedConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulse, "RECHECK_S", 0.2)
    dsn = served.console.deps.settings.database_url.get_secret_value()
    link = await make_link(dsn, "o-town-b", served.url)
    async with httpx2.AsyncClient(base_url=served.url, timeout=15, trust_env=False) as client:
        await client.get(link)
        async with client.stream("GET", "/api/events") as answer:
            stream = parsed(answer)
            await take(stream, 1)
            await served.console.deps.sessions.end_all("o-town-b")
            ended = asyncio.create_task(_drain(stream))
            async with asyncio.timeout(10):
                for n in range(100):
                    await served.console.project([an_alert(f"flow-{n}")])
                    await asyncio.sleep(0.05)
                    if ended.done():
                        break
            assert ended.done()


async def _drain(stream: AsyncIterator[dict[str, Any]]) -> None:
    async for _ in stream:
        pass


def test_what_is_checked_again_is_checked_within_a_minute() -> None:
    assert pulse.RECHECK_S + 2 * pulse.RETRY_S < 60


async def test_a_client_that_takes_nothing_any_more_is_cut_and_the_others_go_on(
    served: ServedConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulse, "BEAT_S", 0.3)
    hub, url = served.console.deps.part(Hub), httpx2.URL(served.url)
    with socket.socket() as item:
        item.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_304)
        item.connect((url.host, url.port))
        token = token_of("o-city-b")
        item.sendall(
            f"GET /api/events HTTP/1.1\r\nHost: c\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        )
        async with listening(served, "o-town-b") as reading, asyncio.timeout(120):
            received = 0

            async def count() -> None:
                """Count the lines as they come, or this client would be cut as well."""
                nonlocal received
                async for event in reading:
                    received += event["event"] == "line"

            counting = asyncio.create_task(count())
            while hub.open < 2:
                await asyncio.sleep(0.02)
            projected = 0
            while hub.open == 2:
                await served.console.project([an_alert(f"{projected}-{n}") for n in range(500)])
                projected += 500
            while received < projected:
                await asyncio.sleep(0.02)
                assert not counting.done()
            counting.cancel()
            await asyncio.gather(counting, return_exceptions=True)
    assert served.console.deps.metrics.cut._value.get() == 1


async def test_streams_are_limited(served: ServedConsole) -> None:
    hub = served.console.deps.part(Hub)
    hub._limit = 1
    with hub.admitted():
        async with httpx2.AsyncClient(base_url=served.url, trust_env=False) as client:
            headers = {"authorization": f"Bearer {token_of('o-city-b')}"}
            answer = await client.get("/api/events", headers=headers)
    assert (answer.status_code, answer.json()["reason"]) == (503, "streams_full")
    assert "retry-after" in answer.headers


async def test_events_are_what_the_asyncapi_document_says(
    served: ServedConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every kind of event, and every kind of line that the scene can make."""
    monkeypatch.setattr(pulse, "BEAT_S", 0.2)
    command = a_command("c", DISTRICT)
    assignment = an_assignment(command, f"{VILLAGE}/grid/001")
    await served.console.project(
        [
            an_alert("a"),
            an_alarm("a"),
            command,
            assignment,
            a_page("o-village-b", VILLAGE),
            a_page("o-village-b", VILLAGE, name="fault", subject=SubjectKind.FAULT),
            a_silent_sensor("gauge-zhutuo", ZHUTUO),
            a_supervision(assignment, SupervisionKind.OVERDUE),
        ]
    )
    names, kinds = set(), set()
    for officer, after in (("o-city-b", 0), ("o-village-b", 0), ("o-city-b", 10**9)):
        async with listening(served, officer, after=after) as stream:
            async with asyncio.timeout(10):
                async for event in stream:
                    _, payload = MESSAGES[event["event"]]
                    payload.validate_python(event["data"])
                    names.add(event["event"])
                    if event["event"] == "line":
                        kinds.add(event["data"]["kind"])
                        assert int(event["id"]) == event["data"]["seq"]
                    assert ("id" in event) == (event["event"] != "beat")
                    if event["event"] in ("beat", "reset"):
                        break
    assert names == set(MESSAGES)
    assert kinds == set(KINDS) - {"answer", "mode"}


def test_the_document_names_every_kind_of_line() -> None:
    folder = Path(projector.__file__).parent
    source = "".join(path.read_text() for path in sorted(folder.rglob("*.py")))
    assert set(re.findall(r'\bfeed_event\(\s*"(\w+)"', source)) == set(KINDS)
