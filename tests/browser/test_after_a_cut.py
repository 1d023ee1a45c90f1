"""The overview 一屏掌控: its counts after a cut and a storm equal a recount of the log."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from deploy.example.units import all_units
from services.console.accounts import make_link
from services.console.stream.hub import Hub
from shared.contracts.alerts import AlertEvent, AlertState
from shared.contracts.assignments import AssignmentEvent, AssignmentState
from shared.contracts.fields import Level
from shared.contracts.readings import SensorHealth, SensorState
from tests.support.console_events import (
    DISTRICT,
    a_command,
    a_silent_sensor,
    an_alert,
    an_assignment,
)
from tests.support.console_harness import ServedConsole, served_console
from tests.support.postgres import fresh_database

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(1_200),
    pytest.mark.asyncio(loop_scope="module"),
]

EVENTS = 50_000
ALERTS = 900
"""Of which more are open than any answer lists."""
YONGCHUAN = [unit_entry.unit for unit_entry in all_units() if unit_entry.unit.startswith("500118")]
LEVELS = ("red", "orange", "yellow", "blue")
WAITING = (AlertState.VERIFYING, AlertState.VERIFIED, AlertState.PENDING_APPROVAL)
STEPS = (AssignmentState.DELIVERED, AssignmentState.SIGNED, AssignmentState.REPORTED)
_PATIENCE_S = 300.0


def storm(chance: random.Random) -> list[Any]:
    """EVENTS events about fewer things, in no order: of each thing the last version counts."""
    places = [unit for unit in YONGCHUAN if "/" not in unit]
    commands = [a_command(f"c-{n}", DISTRICT, recipients=len(YONGCHUAN)) for n in range(3)]
    messages: list[Any] = []
    versions: dict[str, int] = {}

    def version(name: str) -> int:
        versions[name] = versions.get(name, 0) + 1
        return versions[name]

    while len(messages) < EVENTS - len(commands):
        kind = chance.random()
        if kind < 0.3:
            name = f"alert-{chance.randrange(ALERTS)}"
            state = chance.choice((*WAITING, AlertState.ISSUED, AlertState.DISMISSED))
            issued = state is AlertState.ISSUED
            level = chance.choice([Level.BLUE, Level.YELLOW, Level.ORANGE, Level.RED])
            messages.append(
                an_alert(
                    name,
                    random.Random(name).choice(places),
                    version=version(name),
                    state=state,
                    level=level if issued else None,
                    proposed=None if issued else level,
                )
            )
        elif kind < 0.9:
            command, unit = chance.choice(commands), chance.choice(YONGCHUAN)
            number = version(command.command_id + unit)
            messages.append(an_assignment(command, unit, chance.choice(STEPS), version=number))
        else:
            name = f"gauge-{chance.randrange(500)}"
            online = chance.random() < 0.5
            place = random.Random(name).choice(places)
            messages.append(a_silent_sensor(name, place, version=version(name), online=online))
    chance.shuffle(messages)
    return [*commands, *messages]


def last(log: Iterable[Any], kind: type[Any], key: str) -> list[Any]:
    """The last version of each thing of a kind."""
    results: dict[str, Any] = {}
    for message in log:
        if isinstance(message, kind):
            newest = results.get(getattr(message, key))
            if newest is None or message.version > newest.version:
                results[getattr(message, key)] = message
    return list(results.values())


def recount(log: Sequence[Any]) -> dict[str, Any]:
    """Return the counts that the screen must show, from the events alone."""
    alerts = last(log, AlertEvent, "alert_id")
    assignments = last(log, AssignmentEvent, "assignment_id")
    sensors = last(log, SensorHealth, "sensor_id")
    issued = [alert.level for alert in alerts if alert.state is AlertState.ISSUED]
    return {
        "issued": [issued.count(Level(level)) for level in LEVELS],
        "waiting": sum(alert.state in WAITING for alert in alerts),
        "open": sum(alert.state is not AlertState.DISMISSED for alert in alerts),
        "signed": sum(
            assignment.state is not AssignmentState.DELIVERED for assignment in assignments
        ),
        "given": len(assignments),
        "silent": sum(sensor.state is SensorState.SILENT for sensor in sensors),
    }


_PAGE_COUNTS = """() => {
  const parts = [...document.querySelectorAll("#counters .counter")];
  const number = (node) => Number(node?.textContent.match(/\\d+/)?.[0]);
  const of = parts[3]?.querySelector(".of");
  const [signed, given] = (of?.textContent.match(/\\d+/g) ?? []).map(Number);
  return {
    issued: [...parts[0].querySelectorAll(".by-level b")].map(number),
    waiting: number(parts[1].querySelector(".big")),
    open: number(document.getElementById("alerts-tail")),
    signed, given,
    silent: number(parts[5].querySelector(".big")),
  };
}"""


async def page_counts(page: Page, expected: dict[str, Any]) -> dict[str, Any]:
    """Return the page's counts as soon as they are the expected ones, or when the time is over."""
    results: dict[str, Any] = {}
    for _ in range(int(_PATIENCE_S / 0.5)):
        results = await page.evaluate(_PAGE_COUNTS)
        if results == expected:
            break
        await asyncio.sleep(0.5)
    return results


def cut(served: ServedConsole) -> None:
    """Take every stream away, as a network does, and let none in again."""
    hub = served.console.deps.part(Hub)
    for stream in list(hub._streams):
        stream.sink.abort()  # type: ignore[attr-defined]
    hub._limit = 0


async def test_after_a_cut_and_a_storm_the_screen_counts_equal_the_log(
    browser: Browser,
) -> None:
    log = storm(random.Random(1))
    with fresh_database() as dsn:
        async with served_console(dsn) as served:
            page = await (await browser.new_context()).new_page()
            page.set_default_timeout(_PATIENCE_S * 1_000)
            await page.goto(await make_link(dsn, "o-city-b", served.url))
            await page.wait_for_selector(".link.live")
            half = len(log) // 2
            await served.console.project(log[:500])
            await page.wait_for_selector("#feed li:not(.empty)")
            cut(served)
            await page.wait_for_selector(".link.offline")
            await served.console.project(log[500:half])
            served.console.deps.part(Hub)._limit = 10
            await served.console.project(log[half:])  # while it comes back
            await page.wait_for_selector(".link.live")
            expected = recount(log)
            assert await page_counts(page, expected) == expected
            await page.context.close()
