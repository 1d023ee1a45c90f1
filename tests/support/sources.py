"""Sources with a key, unlimited unless a test limits them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from services.ingest.admission import Admission
from services.ingest.core.sources import Source
from shared.contracts.catalog import CatalogEntry
from shared.contracts.fields import Tier
from shared.contracts.sources import KeyHash, SourceDoor, SourceEntry
from shared.contracts.units import NO_UNIT
from shared.domain.refusal_log import RefusalLog

_NOW = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)


def a_key(token: str, until: datetime | None = None) -> KeyHash:
    return KeyHash(sha256=hashlib.sha256(token.encode()).hexdigest(), until=until)


def a_source_entry(source: str = "gauges", *tokens: str, **change: Any) -> SourceEntry:
    fields: dict[str, Any] = {
        "source": source,
        "name": source,
        "owner": "500118000000",
        "key_hashes": tuple(a_key(token) for token in tokens),
        "doors": tuple(SourceDoor),
        "sensors": ("*",),
        "places": ("*",),
    }
    return SourceEntry(**(fields | change))


def a_source(source: str = "gauges", **change: Any) -> Source:
    return Source(a_source_entry(source, **change))


def an_admission() -> Admission:
    return Admission(RefusalLog("process", lambda: NO_UNIT))


def catalogued(entry: SourceEntry, now: datetime = _NOW) -> CatalogEntry:
    return CatalogEntry(
        id=f"cat-{entry.source}",
        occurred_at=now,
        sent_at=now,
        origin_unit=entry.owner,
        tier=Tier.DISTRICT,
        entry=entry,
    )
