"""Sources as entries of the catalogue: read, written, and published at set-up.

Set-up publishes a source only where the catalogue has none of its name: what an operator has
limited, changed or ended since then stays so.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from aiokafka import TopicPartition
from pydantic import ValidationError

from deploy.example.units import CITY
from deploy.local.errors import StackError
from deploy.local.records import publish, record
from shared.contracts.catalog import CANARY, CatalogEntry, catalog_key, kind_and_id
from shared.contracts.ids import content_id
from shared.contracts.sources import KeyHash, SourceDoor, SourceEntry
from shared.contracts.topics import CATALOG
from shared.contracts.units import tier_of
from shared.runtime.fetching.consumer import make_reader, read_to

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._\-]{0,30}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def read_digests(path: Path) -> dict[str, str]:
    """Return the SHA-256 of a token by source id. Raises StackError with one sentence."""
    try:
        sources = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StackError(
            f"The sources file {path} cannot be read ({error.strerror}): "
            "`python -m deploy.compose.secrets` writes it."
        ) from None
    except ValueError:
        raise StackError(
            f"The sources file {path} is not JSON: "
            'it must read {"source": "sha256 of its token"}.'
        ) from None
    valid = isinstance(sources, dict) and all(
        isinstance(digest, str) and _SHA256.fullmatch(digest) and _NAME.fullmatch(name)
        for name, digest in sources.items()
    )
    if not valid:
        raise StackError(
            f"The sources file {path} must map each source id (at most 31 letters, digits and "
            ". _ -) to 64 lower-case hex digits, the SHA-256 of its token."
        )
    return dict(sources)


def first_entry(source: str, digest: str) -> SourceEntry:
    """Return the entry of a source at set-up: the canary's own readings, or everything."""
    is_canary = source == CANARY
    return SourceEntry(
        source=source,
        name="链路自检 ‖ Canary" if is_canary else source,
        owner=CITY,
        key_hashes=(KeyHash(sha256=digest),),
        doors=(SourceDoor.READINGS,) if is_canary else tuple(SourceDoor),
        sensors=(f"{CANARY}-*",) if is_canary else ("*",),
        places=("*",),
    )


async def publish_absent(bootstrap: str, digests: Mapping[str, str], now: datetime) -> list[str]:
    """Publish the sources that the catalogue does not have; return their ids."""
    present = await published(bootstrap)
    absent = [source for source in digests if source not in present]
    if absent:
        entries = [first_entry(source, digests[source]) for source in absent]
        await publish_entries(bootstrap, entries, now)
    return absent


async def publish_entries(bootstrap: str, entries: list[SourceEntry], now: datetime) -> None:
    """Write entries to the catalogue. Raises KafkaError."""
    records = [
        record(
            catalog_key(entry),
            CatalogEntry(
                id=content_id("cat", catalog_key(entry), entry.model_dump_json(), now.isoformat()),
                occurred_at=now,
                sent_at=now,
                origin_unit=entry.owner,
                tier=tier_of(entry.owner),
                entry=entry,
            ),
        )
        for entry in entries
    ]
    await publish(bootstrap, CATALOG, records)


async def published(bootstrap: str) -> dict[str, SourceEntry]:
    """Return the sources of the catalogue by id; other entries are passed over undecoded.

    Raises KafkaError. An entry that cannot be read is no source, as in ingest.
    """
    consumer = make_reader(bootstrap, max_partition_fetch_bytes=4 * 1_048_576)
    results: dict[str, SourceEntry] = {}
    try:
        await consumer.start()
        partitions = [TopicPartition(CATALOG.name, n) for n in range(CATALOG.partitions)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        await consumer.seek_to_beginning(*partitions)
        async for fetched in read_to(consumer, ends, max_records=5_000):
            for batch in fetched.values():
                for item in batch:
                    kind, source = kind_and_id((item.key or b"").decode("utf-8", "replace"))
                    if kind == "source":
                        _apply(results, source, item.value)
    finally:
        await consumer.stop()
    return results


def _apply(results: dict[str, SourceEntry], source: str, value: bytes | None) -> None:
    if value is None:
        results.pop(source, None)
        return
    try:
        entry = CatalogEntry.from_wire(value).entry
    except ValidationError:
        return
    if isinstance(entry, SourceEntry) and entry.source == source:
        results[source] = entry
