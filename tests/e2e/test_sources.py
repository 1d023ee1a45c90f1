"""Sources are created, limited, rotated and revoked on a real Kafka while ingest runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from deploy.local.sources import publish_absent, publish_entries, published
from services.ingest.refusal_writer import SourceRefusalWriter
from shared.contracts.sources import SourceEntry
from shared.contracts.topics import CATALOG, SOURCE_REFUSALS
from shared.runtime.refusal_reader import SourceRefusalReader
from tests.component.ingest.harness import NOW, IngestHarness, a_reading
from tests.support.infrastructure import Infrastructure
from tests.support.kafka import produce
from tests.support.sources import a_key, a_source_entry
from tests.support.waiting import PATIENCE_S

pytestmark = [pytest.mark.e2e, pytest.mark.real_kafka]


@asynccontextmanager
async def following(infrastructure: Infrastructure) -> AsyncIterator[IngestHarness]:
    """A process of ingest that follows the catalogue of the real Kafka."""
    ingest = IngestHarness(kafka_bootstrap=infrastructure.bootstrap)
    table = ingest.app.state.platform.tables[CATALOG.name]
    await table.load()
    task = asyncio.create_task(table.follow())
    try:
        yield ingest
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await table.stop()


async def status(ingest: IngestHarness, token: str) -> int:
    answer = await ingest.post("/v1/readings", a_reading(), authorization=f"Bearer {token}")
    return answer.status_code


async def test_a_change_of_an_entry_holds_at_once_in_every_process(
    infrastructure: Infrastructure,
) -> None:
    name, old, new = f"src-{uuid4().hex[:8]}", uuid4().hex, uuid4().hex

    async def put(entry: SourceEntry) -> None:
        await publish_entries(infrastructure.bootstrap, [entry], datetime.now(UTC))

    async with AsyncExitStack() as stack:
        processes = [await stack.enter_async_context(following(infrastructure)) for _ in range(2)]

        async def answers_become(token: str, expected: int) -> None:
            async with asyncio.timeout(PATIENCE_S):
                while {await status(ingest, token) for ingest in processes} != {expected}:
                    await asyncio.sleep(0.02)

        assert {await status(ingest, old) for ingest in processes} == {401}
        await put(a_source_entry(name, old))
        await answers_become(old, 202)
        await put(a_source_entry(name, old, sensors=("rain-*",)))
        await answers_become(old, 403)
        await put(a_source_entry(name, key_hashes=(a_key(old), a_key(new))))
        await answers_become(new, 202)
        await answers_become(old, 202)
        await put(a_source_entry(name, new))
        await answers_become(old, 401)
        assert {await status(ingest, new) for ingest in processes} == {202}
        await put(a_source_entry(name, new, ended=True))
        await answers_become(new, 401)


async def test_each_process_knows_what_another_has_refused(infrastructure: Infrastructure) -> None:
    name, token = f"src-{uuid4().hex[:8]}", uuid4().hex
    await publish_entries(
        infrastructure.bootstrap, [a_source_entry(name, token)], datetime.now(UTC)
    )
    async with AsyncExitStack() as stack:
        first, second = [
            await stack.enter_async_context(following(infrastructure)) for _ in range(2)
        ]
        headers = {"authorization": f"Bearer {token}"}
        wrong = await first.post("/v1/readings", a_reading(unit="cm"), **headers)
        assert wrong.status_code == 422
        state = first.app.state
        await SourceRefusalWriter(
            state.platform, state.intake.admission.refusals, state.intake.now
        ).write()
        records = [
            (record.key.decode() if record.key else None, record.value, None)
            for record in first.publisher.sent
        ]
        await produce(infrastructure.bootstrap, SOURCE_REFUSALS.name, records)
        recent = second.app.state.recent_refusals
        reader = SourceRefusalReader(infrastructure.bootstrap, recent, lambda: datetime.now(UTC))
        reading = asyncio.create_task(reader.run())
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not recent.page(name, NOW, 1).refusals:
                    await asyncio.sleep(0.05)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
        answer = await second.client.get("/v1/sources/me/refusals", headers=headers)
        assert [item["code"] for item in answer.json()["refusals"]] == ["unit_mismatch"]


async def test_set_up_publishes_absent_sources_and_leaves_the_others(
    infrastructure: Infrastructure,
) -> None:
    bootstrap, now = infrastructure.bootstrap, datetime.now(UTC)
    first, second = f"src-{uuid4().hex[:8]}", f"src-{uuid4().hex[:8]}"
    digests = {name: a_key(name).sha256 for name in (first, second)}
    assert await publish_absent(bootstrap, {first: digests[first]}, now) == [first]
    ended = (await published(bootstrap))[first].model_copy(update={"ended": True})
    await publish_entries(bootstrap, [ended], now)
    assert await publish_absent(bootstrap, digests, now) == [second]
    present = await published(bootstrap)
    assert (present[first].ended, present[second].ended) == (True, False)
    assert present[second].key_hashes == (a_key(second),)
    assert await publish_absent(bootstrap, digests, now) == []
