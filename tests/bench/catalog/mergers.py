"""The row `merge`: from the request of a merger until a command no longer reaches the town."""

from __future__ import annotations

import asyncio
import itertools
import time
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaProducer

from shared.contracts.catalog_requests import CatalogRequest, MergeUnits
from shared.contracts.commands import CommandRequest
from shared.contracts.fields import Level, Post, Tier
from shared.contracts.selections import Selection, Subtree
from shared.contracts.topics import ASSIGNMENTS, CATALOG_REQUESTS, COMMAND_REQUESTS
from shared.contracts.units import tier_of
from shared.runtime.outbound_records import encode
from tests.bench.catalog.installation import installation
from tests.bench.catalog.ledger_files import CITY, DISTRICT, TOWNS, Say
from tests.bench.command.service import Tail, producer, tail

_PAUSE_S = 0.03
_TIMEOUT_S = 60.0
_numbers = itertools.count(1)


async def merged(count: int, say: Say) -> dict[str, Any]:
    """Merge towns into the first one, one after the other, while commands are issued."""
    spans = []
    async with (
        installation("catalog", "command") as stack,
        producer(stack.kafka_bootstrap) as out,
        tail(stack.kafka_bootstrap, ASSIGNMENTS) as records,
    ):
        towns = _Towns(out, records)
        await towns.until_all()
        for town in TOWNS[1 : count + 1]:
            spans.append(await towns.merge(town))
            say(f"merge {town}: {spans[-1]:.2f} s")
    return {
        "mergers": len(spans),
        "slowest_s": round(max(spans), 3),
        "seconds": [round(span, 3) for span in spans],
    }


class _Towns:
    """Commands to every town of the district, and the towns that get an assignment."""

    def __init__(self, out: AIOKafkaProducer, records: Tail) -> None:
        self._out = out
        self._records = records

    async def until_all(self) -> None:
        """Issue commands until one reaches every town. Raises TimeoutError.

        A command issued before its service has read the ledger reaches none.
        """
        async with asyncio.timeout(_TIMEOUT_S):
            while True:
                try:
                    async with asyncio.timeout(2):
                        if len(await self._reached()) == len(TOWNS):
                            return
                except TimeoutError:
                    continue

    async def merge(self, town: str) -> float:
        """Return the seconds from the request to the issue of the first command without the town.

        The town must stay without a command from then on; raises RuntimeError otherwise.
        """
        request = _merger(town)
        began = time.perf_counter()
        await self._out.send_and_wait(CATALOG_REQUESTS.name, encode(request), key=b"bench")
        async with asyncio.timeout(_TIMEOUT_S):
            while True:
                issued = time.perf_counter()
                if town not in await self._reached():
                    break
                await asyncio.sleep(_PAUSE_S)
        for _ in range(3):
            if town in await self._reached():
                raise RuntimeError(f"{town} got a command after one that did not reach it")
        return issued - began

    async def _reached(self) -> set[str]:
        """Issue a command to the towns; return the units of its assignments."""
        command = f"cmd-merge-{next(_numbers)}"
        request = _command(command)
        await self._out.send_and_wait(COMMAND_REQUESTS.name, encode(request), key=command.encode())
        reached: set[str] = set()
        while TOWNS[0] not in reached:
            reached |= await self._units_of(command)
        return reached | await self._further(command)

    async def _units_of(self, command: str) -> set[str]:
        return {
            event.unit
            for record in await self._records.take(_TIMEOUT_S)
            if (event := ASSIGNMENTS.model.validate_json(record.value)).command_id == command
        }

    async def _further(self, command: str) -> set[str]:
        """Return the units in records that come while no later one does."""
        units: set[str] = set()
        try:
            while True:
                async with asyncio.timeout(0.3):
                    units |= await self._units_of(command)
        except TimeoutError:
            return units


def _merger(town: str) -> CatalogRequest:
    return CatalogRequest(
        **_head(f"crq-merge-{town}"), act=MergeUnits(unit=town, into=TOWNS[0]),
        reason="bench", officer_id="bench", post=Post.A,
    )  # fmt: skip


def _command(command: str) -> CommandRequest:
    return CommandRequest(
        **_head(f"issue-{command}"),
        verb="issue",
        command_id=command,
        selection=Selection(include=(Subtree(of=DISTRICT, tiers=(Tier.TOWN,)),)),
        event_type="11A01",
        level=Level.RED,
        title="转移低洼地带人员",
        instruction="清点到户，完成后回报人数。",
        officer_id="bench",
        post=Post.B,
    )


def _head(record_id: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "id": record_id,
        "occurred_at": now,
        "sent_at": now,
        "origin_unit": CITY,
        "tier": tier_of(CITY),
    }
