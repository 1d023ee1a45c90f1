"""The topic of limits: read whole, filled at set-up with what is shipped, written by `fenghuo`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from deploy.local.records import publish, record
from shared.contracts.limits import SUBJECTS, LimitsDocument
from shared.contracts.topics import LIMITS, TopicSpec
from shared.definitions.limits.pack import load
from shared.domain.limits.book import limits_key
from shared.runtime.tables import CompactedTable

_FOLDER = Path(__file__).parents[1] / "limits"
BASE, DEMO = _FOLDER / "base.yaml", _FOLDER / "demo.yaml"
_READ_S = 60


async def read_limits(bootstrap: str, spec: TopicSpec = LIMITS) -> dict[str, LimitsDocument]:
    """Return every version of every document by its key.

    Raises KafkaError, Transient, TimeoutError.
    """
    documents: dict[str, LimitsDocument] = {}

    def take(document: LimitsDocument) -> None:
        documents[limits_key(document)] = document

    def remove(key: str) -> None:
        documents.pop(key, None)

    table = CompactedTable(bootstrap, spec, take, on_delete=remove)
    try:
        async with asyncio.timeout(_READ_S):
            await table.load()
    finally:
        await table.stop()
    return documents


async def write_limits(
    bootstrap: str, documents: Iterable[LimitsDocument], spec: TopicSpec = LIMITS
) -> None:
    """Write documents, each acknowledged by all replicas. Raises KafkaError."""
    records = [record(limits_key(document), document) for document in documents]
    await publish(bootstrap, spec, records)


async def publish_shipped(
    bootstrap: str, more: Sequence[Path] = (), spec: TopicSpec = LIMITS
) -> int:
    """Write the shipped documents that are missing, and those of `more`; return their number.

    Documents of an office stay.
    """
    published, now = await read_limits(bootstrap, spec), datetime.now(UTC)
    documents = missing_documents(load([BASE], now).usable().documents, published)
    documents += [
        document
        for document in load(more, now).usable().documents
        if limits_key(document) not in published
    ]
    if documents:
        await write_limits(bootstrap, documents, spec)
    return len(documents)


def missing_documents(
    shipped: Sequence[LimitsDocument], published: Mapping[str, LimitsDocument]
) -> list[LimitsDocument]:
    """Return the shipped documents with a subject for which no document holds for every unit.

    No shipped document takes the place of one of an office, also not after an update.
    """
    subjects = {
        subject
        for document in published.values()
        for subject in SUBJECTS
        if document.unit is None and getattr(document, subject) is not None
    }
    return [
        document
        for document in shipped
        if any(getattr(document, subject) is not None for subject in set(SUBJECTS) - subjects)
    ]
