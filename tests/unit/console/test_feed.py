"""The hub: who is written what, and what waits for a client that does not take it."""

from __future__ import annotations

import asyncio
import re
from contextlib import ExitStack
from typing import Any

import pytest

from services.console.core.access import Viewer
from services.console.core.names import Names
from services.console.stream import hub as feed
from services.console.stream.hub import Hub, Stream
from shared.contracts.fields import Post
from shared.runtime.stream_connection import Chunk
from tests.support.console_events import CITY, NOW, VILLAGE, ZHUTUO


class Client:
    """A connection that takes what is written to it, or does not."""

    def __init__(self, *, taking: bool = True) -> None:
        self.taking = taking
        self.pieces: list[Chunk] = []
        self.buffered_bytes = 0

    def write(self, piece: Chunk) -> None:
        self.pieces.append(piece)
        self.buffered_bytes += 0 if self.taking else len(piece.plain)

    @property
    def received(self) -> bytes:
        return b"".join(piece.plain for piece in self.pieces)

    @property
    def seqs(self) -> list[int]:
        return [
            int(entry)
            for entry in re.findall(rb"^id: (\d+)\nevent: line$", self.received, re.MULTILINE)
        ]


def a_row(seq: int, **more: Any) -> dict[str, Any]:
    return {
        "seq": seq,
        "kind": "alert",
        "status": "Actual",
        "unit_code": ZHUTUO,
        "officer_id": None,
        "level": "red",
        "at": NOW,
        "data_grade": "general",
        "subject_id": "a",
        "payload": "{}",
        "created_at": NOW,
        **more,
    }


def a_hub(rows: list[dict[str, Any]]) -> Hub:
    async def read(after: int, limit: int) -> list[dict[str, Any]]:
        return [row for row in rows if row["seq"] > after][:limit]

    return Hub(read, asyncio.Event(), Names(), limit=10)


def watching(client: Client, unit: str = CITY, officer: str = "o-city-b") -> Stream:
    return Stream(Viewer(officer, "", unit, Post.B), None, client)


async def test_a_slow_client_is_written_no_more_until_it_takes_and_loses_nothing() -> None:
    rows: list[dict[str, Any]] = []
    hub, slow, quick = a_hub(rows), Client(taking=False), Client()
    with hub.subscribed(watching(slow)), hub.subscribed(watching(quick)):
        for seq in range(1, 501):
            rows.append(a_row(seq))
            await hub.round()
        assert quick.seqs == list(range(1, 501))
        assert slow.buffered_bytes < feed.MOST_UNREAD + feed.SLICE
        slow.taking, slow.buffered_bytes = True, 0
        await hub.round()
        assert slow.seqs == quick.seqs


async def test_one_burst_is_no_more_for_a_slow_client_than_a_trickle() -> None:
    hub, slow = a_hub([a_row(seq) for seq in range(1, 1_001)]), Client(taking=False)
    with hub.subscribed(watching(slow)):
        await hub.round()
        assert slow.buffered_bytes < feed.MOST_UNREAD + 2 * feed.SLICE


async def test_who_falls_behind_all_recent_lines_is_reported_to_load_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feed, "KEEP", 100)
    rows = [a_row(seq) for seq in range(1, 501)]
    hub, slow = a_hub(rows), Client(taking=False)
    slow.buffered_bytes = feed.MOST_UNREAD + 1
    with hub.subscribed(watching(slow)):
        await hub.round()
        assert slow.pieces == []
        slow.taking, slow.buffered_bytes = True, 0
        await hub.round()
        rows.append(a_row(501))
        await hub.round()
    assert slow.received.startswith(b"id: 500\nevent: reset\n")
    assert slow.seqs == [501]


async def test_the_same_bytes_go_to_all_who_hear_the_same_and_to_nobody_else() -> None:
    rows = [a_row(1), a_row(2, kind="page", officer_id="o-1"), a_row(3)]
    clients = [Client() for _ in range(4)]
    streams = [watching(client, officer=f"o-{n}") for n, client in enumerate(clients)]
    streams[3] = watching(clients[3], VILLAGE, "o-1")
    hub = a_hub(rows)
    with ExitStack() as open_:
        for stream in streams:
            open_.enter_context(hub.subscribed(stream))
        assert await hub.round() == 3
        assert await hub.round() == 0
    assert [client.seqs for client in clients] == [[1, 2, 3]] * 3 + [[2]]
    assert clients[0].pieces[0] is clients[2].pieces[0]
