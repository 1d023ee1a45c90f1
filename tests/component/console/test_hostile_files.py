"""Hostile photos, calendars and tables: refused or taken, never a failure of the console."""

from __future__ import annotations

import asyncio
import threading
from datetime import datetime

import httpx2
import pytest

from shared.contracts.assignments import AssignmentState
from shared.contracts.duty import DutyRule
from shared.domain.roster import ical_file
from tests.faults.hostile import files
from tests.faults.hostile.requests import HostileRequest
from tests.support.console_events import VILLAGE, ZHUTUO, a_command, an_assignment
from tests.support.console_harness import ConsoleHarness


async def answers(
    console: ConsoleHarness, officer: str, requests: list[HostileRequest]
) -> dict[str, int]:
    """Return the status of each answer by class."""
    results = {}
    async with console.client(officer) as client:
        for request in requests:
            answer: httpx2.Response = await client.post(
                request.path, content=request.body, headers=dict(request.headers)
            )
            results[request.input_class] = answer.status_code
    return results


@pytest.mark.parametrize("kind", ["picture", "calendar", "table"])
async def test_no_file_fails_the_console(console: ConsoleHarness, kind: str) -> None:
    command = a_command("flood")
    assignment = an_assignment(command, VILLAGE, AssignmentState.SIGNED, version=2)
    await console.project([command, assignment])
    requests = [
        HostileRequest(
            request.input_class,
            request.method,
            request.path.replace("asg-1", assignment.assignment_id),
            request.body,
            request.headers,
        )
        for request in files.file_requests()
        if request.input_class.startswith(f"{kind}:")
    ]
    officer = "o-village-b" if kind == "picture" else "o-city-b"
    statuses = await answers(console, officer, requests)
    assert {name for name, status in statuses.items() if status >= 500} == set()
    # The officer may upload: what is refused is refused for its content.
    assert {403, 404}.isdisjoint(statuses.values()), statuses


async def test_a_slow_file_holds_up_nobody(
    console: ConsoleHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, answer = threading.Event(), threading.Event()

    def slow_read(_: bytes, __: datetime) -> list[DutyRule]:
        start.set()
        assert answer.wait(60), "the console answered nobody while it read the file"
        return []

    monkeypatch.setattr(ical_file, "read", slow_read)
    async with console.client("o-town-b") as client, asyncio.TaskGroup() as group:
        path = f"/api/duty/import?unit={ZHUTUO}&format=ics"
        upload = group.create_task(client.post(path, content=b"a"))
        while not start.is_set():
            await asyncio.sleep(0.01)
        assert (await client.get("/api/me")).status_code == 200
        answer.set()
    assert upload.result().status_code == 202


async def test_the_errors_of_a_file_are_short(console: ConsoleHarness) -> None:
    async with console.client("o-town-b") as client:
        answer = await client.post(
            f"/api/duty/import?unit={ZHUTUO}", content=files.tables()["many_columns"]
        )
    assert answer.status_code == 422
    assert len(answer.content) < 20_000
