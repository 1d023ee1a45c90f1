"""Idempotency keys: an equal request repeats its answer, a different request is refused."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest

from shared.contracts.alerts import AlertState
from tests.support.console_events import (
    ZHUTUO,
    a_command,
    a_page,
    an_alert,
    an_assignment,
)
from tests.support.console_harness import ConsoleHarness, hours_ahead, running_console
from tests.support.postgres import fresh_database

TOWN = "o-town-b"


async def send(
    console: ConsoleHarness, path: str, body: Any, key: str = "k", officer: str = TOWN
) -> httpx2.Response:
    async with console.client(officer) as client:
        return await client.post(path, json=body, headers={"idempotency-key": key})


def scene() -> tuple[list[Any], dict[str, tuple[str, Any, Any]]]:
    """Return records and acts on the records: address, body, and a second valid body."""
    alert, command, page = (
        an_alert("a"),
        a_command("c", ZHUTUO, issuer=ZHUTUO),
        a_page(TOWN, ZHUTUO),
    )
    assignment = an_assignment(command, ZHUTUO)
    when = {"begin_at": hours_ahead(1), "end_at": hours_ahead(25), "reason": "检修"}
    order = {
        "selection": {"include": [{"kind": "subtree", "of": ZHUTUO, "tiers": ["village"]}]},
        "event_type": "11A01",
        "level": "yellow",
        "title": "沿江巡查",
    }
    acts: dict[str, tuple[str, Any, Any]] = {
        "decision": (
            f"/api/alerts/{alert.alert_id}/decisions",
            {"verb": "verify"},
            {"verb": "dismiss"},
        ),
        "step": (
            f"/api/assignments/{assignment.assignment_id}/acknowledgements",
            {"step": "sign"},
            {"step": "return", "text": "路断"},
        ),
        "answer": (f"/api/pages/{page.page_id}/answers", {"verb": "coming"}, {"verb": "cannot"}),
        "manage": (f"/api/commands/{command.command_id}/check", {}, {"version": 2}),
        "issue": ("/api/commands", order, {**order, "title": "撤离"}),
        "silence": (
            "/api/silences",
            {"place": ZHUTUO, **when},
            {"place": ZHUTUO, **when, "reason": "x"},
        ),
        "report": (
            "/api/reports",
            report := {
                "incident_id": alert.incident_id,
                "kind": "initial",
                "means": "written",
                "headline": "水位上涨",
            },
            {**report, "headline": "别的"},
        ),
    }
    return [alert, command, assignment, page], acts


@pytest.mark.parametrize("act", scene()[1])
async def test_a_key_stands_for_one_request(console: ConsoleHarness, act: str) -> None:
    objects, acts = scene()
    path, body, second = acts[act]
    await console.project(objects)
    first = await send(console, path, body)
    repeated = await send(console, path, body)
    assert (first.status_code, repeated.status_code) == (202, 202), first.text
    assert repeated.json() == {**first.json(), "repeated": True}
    wrong = await send(console, path, second)
    assert (wrong.status_code, wrong.json()["reason"]) == (409, "key_reused")
    assert wrong.headers["content-type"] == "application/problem+json"
    assert len({outgoing.value for outgoing in console.kafka.sent}) == 1


async def test_the_answer_outlives_what_has_changed_since(console: ConsoleHarness) -> None:
    """Without the key the second decision would be about the newer version."""
    path = f"/api/alerts/{an_alert('a').alert_id}/decisions"
    await console.project([an_alert("a")])
    first = await send(console, path, {"verb": "verify", "level": "orange"})
    await console.project([an_alert("a", version=2, state=AlertState.VERIFIED)])
    repeated = await send(
        console, path, {"level": "orange", "verb": "verify"}
    )  # its order is no content
    assert repeated.json()["id"] == first.json()["id"]
    unkeyed = await send(console, path, {"verb": "verify", "level": "orange"}, key="other")
    assert unkeyed.json()["id"] != first.json()["id"]


async def test_a_key_is_known_after_a_restart() -> None:
    objects, acts = scene()
    path, body, second = acts["decision"]
    with fresh_database() as dsn:
        async with running_console(dsn) as console:
            await console.project(objects)
            first = await send(console, path, body)
        async with running_console(dsn) as console:
            assert (await send(console, path, body)).json() == {**first.json(), "repeated": True}
            assert (await send(console, path, second)).status_code == 409


async def test_what_kafka_did_not_get_is_sent_with_the_same_key(console: ConsoleHarness) -> None:
    objects, acts = scene()
    path, body, _ = acts["decision"]
    await console.project(objects)
    console.kafka.down = True
    assert (await send(console, path, body)).status_code == 503
    assert (await send(console, path, body)).status_code == 503
    console.kafka.down = False
    assert (await send(console, path, body)).status_code == 202
    assert len(console.kafka.sent) == 1


async def test_keys_are_each_officer_s_own_and_a_refusal_keeps_none(
    console: ConsoleHarness,
) -> None:
    objects, acts = scene()
    path, body, _ = acts["decision"]
    await console.project(objects)
    refused = await send(console, path, {"verb": "recall"})
    assert refused.status_code == 403
    assert (await send(console, path, body)).status_code == 202
    assert (await send(console, path, body, officer="o-district-b")).json()["repeated"] is False
    assert (await send(console, path, body, key="two words")).status_code == 422
    assert (await send(console, path, body, officer="nobody")).status_code == 401


async def test_two_at_once_under_one_key_are_one(console: ConsoleHarness) -> None:
    objects, acts = scene()
    path, body, second = acts["decision"]
    await console.project(objects)
    answers = await asyncio.gather(
        *(send(console, path, event) for event in (body, second, body, second, body))
    )
    codes = sorted(answer.status_code for answer in answers)
    assert codes in ([202, 202, 202, 409, 409], [202, 202, 409, 409, 409])
    assert len({outgoing.value for outgoing in console.kafka.sent}) == 1


async def test_a_file_of_duty_entries_takes_a_key_too(console: ConsoleHarness) -> None:
    async def take(text: str) -> httpx2.Response:
        async with console.client(TOWN) as client:
            return await client.post(
                "/api/duty/import",
                params={"unit": ZHUTUO},
                content=text.encode(),
                headers={"idempotency-key": "file"},
            )

    text = "kind,officer_id,name\nmember,li,李\nmember,wu,吴\n"
    first, repeated = await take(text), await take(text)
    assert (first.status_code, first.json()) == (202, {"entries": 2}), first.text
    assert repeated.json() == first.json()
    wrong = await take(text + "member,o-9,何\n")
    assert (wrong.status_code, wrong.json()["reason"]) == (409, "key_reused")
