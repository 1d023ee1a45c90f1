"""Data calls on a real Postgres: counted once, added up, kept through an outage, shown."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from deploy.commands.catalog import cli
from services.console.core.data_calls import CallCounts
from services.console.recording.call_writer import CallWriter
from shared.runtime.errors import Transient
from tests.support.console_harness import GAUGE, ConsoleHarness, running_console
from tests.support.postgres import fresh_database

pytestmark = pytest.mark.e2e

ALERTS, READINGS = "topic:alert.lifecycle.v1", "topic:sensing.readings.v1"
SENSOR = f"sensor:{GAUGE.sensor_id}"


async def get(console: ConsoleHarness, *paths: str, officer: str | None = "o-city-a") -> list[int]:
    async with console.client(officer) as client:
        return [(await client.get(path)).status_code for path in paths]


async def stored(console: ConsoleHarness) -> dict[str, int]:
    counts = console.deps.part(CallCounts)
    await CallWriter(console.deps.database, counts).write()
    rows = await console.deps.database.pool.fetch("SELECT entry, calls FROM console.data_call")
    return {row["entry"]: row["calls"] for row in rows}


async def test_an_answer_is_a_call_and_a_refusal_is_none(console: ConsoleHarness) -> None:
    readings = f"/api/sensors/{GAUGE.sensor_id}/readings"
    paths = ("/api/alerts", "/api/alerts", readings, "/api/me", "/api/alerts/none")
    assert await get(console, *paths) == [200, 200, 200, 200, 404]
    assert await get(console, "/api/alerts", officer=None) == [401]
    expected = {ALERTS: 2, READINGS: 1, SENSOR: 1}
    assert await stored(console) == expected
    assert await stored(console) == expected
    assert await get(console, "/api/alerts") == [200]
    assert await stored(console) == {**expected, ALERTS: 3}
    labels = console.deps.metrics.data_calls.labels(ALERTS.removeprefix("topic:"))
    assert labels._value.get() == 3


async def test_calls_of_an_outage_are_stored_after_it(
    console: ConsoleHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await get(console, "/api/alerts")

    def failing() -> Any:
        raise Transient("down")

    with monkeypatch.context() as outage:
        outage.setattr(console.deps.database, "transaction", failing)
        await CallWriter(console.deps.database, console.deps.part(CallCounts)).write()
    assert await stored(console) == {ALERTS: 1}


async def test_the_command_shows_the_most_called_entry_first(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    with fresh_database() as dsn:

        async def usage(*words: str) -> str:
            code = await asyncio.to_thread(cli.main, ["usage", *words, "--database", dsn])
            assert code == 0
            return capsys.readouterr().out

        assert "没有数据调用" in await usage()
        async with running_console(dsn) as console:
            await get(console, f"/api/sensors/{GAUGE.sensor_id}/readings")
            await get(console, "/api/alerts", "/api/alerts")
            await stored(console)
            await console.deps.database.pool.execute(
                "INSERT INTO console.data_call VALUES (current_date - 40, $1, 9)", SENSOR
            )
        text = await usage()
        assert text.index(ALERTS) < text.index(SENSOR)
        document = json.loads(await usage(SENSOR, "--days", "60", "--json"))
        assert [(row["entry"], row["calls"]) for row in document["entries"]] == [(SENSOR, 10)]
        with pytest.raises(SystemExit):
            await usage("--days", "0")
        capsys.readouterr()
