"""Shared overviews: never of a foreign subtree, status or right, nor older than `feed_seq`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from services.console.accounts import Grant, change_grant
from services.console.core.access import Right
from services.console.features.overview import queries
from services.console.features.overview.shared_answers import SharedAnswers
from services.console.stream.hub import Hub
from shared.contracts.fields import Status
from tests.support.console_events import CITY, DISTRICT, SONGJI, ZHUTUO, an_alert
from tests.support.console_harness import ConsoleHarness, running_console
from tests.support.postgres import fresh_database

OFFICERS = ("o-city-b", "o-city-a", "o-district-b", "o-town-b", "o-songji-b", "o-village-b")
LONG_S = 10.0
_BESIDE = ("now", "feed_seq")


@pytest_asyncio.fixture
async def shared() -> AsyncIterator[ConsoleHarness]:
    """Return a console whose overviews are shared for longer than a test takes."""
    with fresh_database() as dsn:
        async with running_console(dsn, overview_share_s=LONG_S) as harness:
            yield harness


async def ask(console: ConsoleHarness, officer: str, **query: Any) -> tuple[int, dict[str, Any]]:
    async with console.client(officer) as client:
        answer = await client.get("/api/overview", params=query)
    return answer.status_code, answer.json()


async def handed_out(console: ConsoleHarness, after: int) -> None:
    """Wait until the streams have received a line after this position."""
    async with asyncio.timeout(10):
        while console.deps.part(Hub).position <= after:
            await asyncio.sleep(0.02)


async def visible(console: ConsoleHarness) -> dict[tuple[str, Status], dict[str, Any]]:
    """Return the answers to all officers for real and drill, requested at once, without times."""
    requested = [
        (officer, status) for officer in OFFICERS for status in (Status.ACTUAL, Status.EXERCISE)
    ]
    result = await asyncio.gather(
        *(ask(console, officer_value, status=status) for officer_value, status in requested)
    )
    assert {code for code, _ in result} == {200}
    return {
        key: {name: value for name, value in body.items() if name not in _BESIDE}
        for key, (_, body) in zip(requested, result, strict=True)
    }


async def test_shared_or_not_each_sees_the_own(shared: ConsoleHarness, monkeypatch: Any) -> None:
    await shared.project(
        [
            an_alert("here", ZHUTUO),
            an_alert("there", SONGJI),
            an_alert("drill", ZHUTUO, status=Status.EXERCISE),
        ]
    )
    looks = 0
    look = queries.small_counts

    async def counted(*args: Any) -> Any:
        nonlocal looks
        looks += 1
        return await look(*args)

    monkeypatch.setattr(queries, "small_counts", counted)
    together = await visible(shared)
    assert await visible(shared) == together
    assert looks == 2 * (len(OFFICERS) - 1)  # the city's two officers see the same
    monkeypatch.setattr(shared.deps.part(SharedAnswers), "_for_s", 0.0)
    assert await visible(shared) == together
    assert looks == 2 * (len(OFFICERS) - 1) + 2 * len(OFFICERS)


async def test_what_is_shared_is_only_for_who_may_look(shared: ConsoleHarness) -> None:
    await shared.project([an_alert("here", ZHUTUO)])
    dsn = shared.deps.settings.database_url.get_secret_value()
    assert (await ask(shared, "o-district-b", place=ZHUTUO))[0] == 200
    assert (await ask(shared, "o-songji-b", place=ZHUTUO))[0] == 403
    await change_grant(dsn, "o-town-b", Grant(right=Right.SEE, unit=ZHUTUO), give=False)
    shared.deps.sessions.forget_officer("o-town-b")
    assert (await ask(shared, "o-town-b"))[0] == 403
    code, body = await ask(shared, "o-city-b")
    assert (code, body["unit"]) == (200, CITY)
    assert (await ask(shared, "o-district-b"))[1]["unit"] == DISTRICT


async def test_an_answer_tells_the_line_it_has_at_least(shared: ConsoleHarness) -> None:
    """A screen with a later line asks again."""
    await shared.project([an_alert("one")])
    await handed_out(shared, 0)
    _, first = await ask(shared, "o-city-b")
    await shared.project([an_alert("two")])
    await handed_out(shared, first["feed_seq"])
    _, equal = await ask(shared, "o-city-b")
    assert equal == first
    assert equal["feed_seq"] < shared.deps.part(Hub).position
