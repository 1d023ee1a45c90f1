"""Statements of the console's benchmark about its own figures, and its clients over a socket."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.contracts.alarms import AlarmEvent
from shared.runtime.outbound_records import encode
from tests.bench import keys as all_keys
from tests.bench.console import alarms, keys, pixel, run
from tests.bench.console.alarms import MARK
from tests.bench.console.crowd import Observations, crowd
from tests.bench.console.plan import Plan

ISSUE = {
    "pixel_p99_ms_200",
    "pixel_p99_ms_2000",
    "stalled_reader_kib",
    "first_load_kb",
    "first_load_s",
    "red_page_p99_s",
    "console_kib",
    "history_30d_ms",
}
MEASURED: dict[str, dict[str, Any]] = {
    "pixel": {
        "200": {"wrong": "", "screen": {"p99_ms": 120.0}},
        "2000": {"wrong": "3 streams were lost", "screen": {"p99_ms": 90.0}, "console_kib": 30.0},
    },
    "stalled": {"stalled_kib": 70.0, "wrong": ""},
}


def judged(*, quick: bool = False) -> dict[str, dict[str, Any]]:
    return all_keys.judged(
        keys.KEYS, keys.PATHS, MEASURED, {"first_load": "no Chromium"}, quick=quick
    )


def test_every_key_of_the_issue_is_there_and_judged() -> None:
    result = judged()
    assert result.keys() >= ISSUE
    assert result["pixel_p99_ms_200"] == {"value": 120.0, "aim": "<= 300", "met": True}
    assert result["stalled_reader_kib"]["met"] is False
    assert result["first_load_kb"]["why"] == "no Chromium"
    assert {entry["met"] for entry in judged(quick=True).values()} == {None}


def test_a_wrong_row_has_no_value_and_gives_the_reason() -> None:
    result = judged()
    for name in ("pixel_p99_ms_2000", "console_kib"):
        assert result[name]["value"] is None
        assert result[name]["met"] is None
        assert result[name]["why"] == "INVALID: 3 streams were lost"


def test_every_row_has_keys_and_every_key_a_path() -> None:
    assert {key.row for key in keys.KEYS} >= set(run.ROWS)
    assert {key.name for key in keys.KEYS} == keys.PATHS.keys()
    assert all(keys.PATHS[key.name][0] == key.row for key in keys.KEYS)


PLAN = Plan(("pixel",), alarms_per_s=10, pixel_s=10)
ALL = {number: float(number) for number in range(100)}


@pytest.mark.parametrize(
    ("sent", "read", "painted", "lost", "wrong"),
    [
        (100, 100, 100, 0, ""),
        (100, 99, 99, 0, ""),
        (90, 90, 90, 0, "90 alarms were written, not 100"),
        (100, 90, 100, 0, "90 of 100 alarms were read"),
        (100, 100, 90, 0, "90 of 100 alarms were painted"),
        (100, 100, 100, 2, "2 streams were lost"),
    ],
)
def test_a_run_that_misses_something_does_not_count(
    sent: int, read: int, painted: int, lost: int, wrong: str
) -> None:
    def some(count: int) -> dict[int, float]:
        return dict(list(ALL.items())[:count])

    result = pixel.wrong(
        PLAN, alarms.Run(some(sent), some(read)), some(painted), Observations({}, lost, 0, 0.0)
    )
    assert result == wrong


def test_alarms_are_of_the_contract_and_carry_their_number() -> None:
    now = datetime(2026, 11, 25, tzinfo=UTC)
    messages = [alarms.an_alarm(number, now) for number in range(50)]
    assert [AlarmEvent.model_validate_json(encode(alarm)) for alarm in messages] == messages
    assert [alarm.headline.rpartition(MARK)[2] for alarm in messages] == [str(n) for n in range(50)]
    assert len({alarm.alarm_id for alarm in messages}) == 50
    assert len({alarm.place for alarm in messages}) > 20


async def test_the_clients_note_each_number_once_and_see_who_is_cut() -> None:
    """Against a server of our own that greets, tells one alarm twice, and hangs up on command."""
    open_: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        assert b"Cookie: fenghuo_session=token-" in request
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nevent: hello\ndata: {}\n\n")
        open_.append(writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with (
        server,
        asyncio.timeout(60),
        crowd(f"http://127.0.0.1:{port}", [f"token-{n}" for n in range(5)]) as clients,
    ):
        await clients.readers(2)
        await clients.stalled(3)
        for writer in open_:
            writer.write(f"data: {MARK}7\n\n".encode() * 2)
        noted: list[float] = []
        while len(noted) < 2:
            collected = await clients.collect()
            noted += collected.arrived.get(7, [])
        assert len(noted) == 2
        assert (collected.readers_lost, collected.stalled_cut) == (0, 0)
        for writer in open_:
            writer.transport.abort()
        while ((collected := await clients.collect()).readers_lost, collected.stalled_cut) != (
            2,
            3,
        ):
            await asyncio.sleep(0.05)
