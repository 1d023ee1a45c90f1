"""Locks of rules and regions, and the clocks of regions.

Order of locks in every transaction: rules (shared, or exclusive while one is defined), regions by
status and unit, then alerts by id (alert_repository.py). The timers of episodes lock in the same
order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from services.alerting.core.alarms.scopes import Region
from shared.contracts.fields import Status
from shared.contracts.units import span_of
from shared.runtime.database import Transaction

_RULES_LOCK = 0x10


async def lock_regions(
    transaction: Transaction,
    regions: Iterable[Region],
    *,
    exclusive: bool,
    cities: Iterable[Region] = (),
) -> dict[Region, datetime | None]:
    """Lock these regions and all existing regions below `cities`; return their clocks.

    A clock is None when the region has had no record yet. `exclusive`: a rule or a silence is about
    to change, which concerns every region, so that all of them are locked.
    """
    function = "pg_advisory_xact_lock" if exclusive else "pg_advisory_xact_lock_shared"
    await transaction.connection.execute(f"SELECT {function}($1, 0)", _RULES_LOCK)
    named = sorted(regions)
    if named:
        await transaction.connection.execute(
            "INSERT INTO alerting.region (status, unit) "
            "SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING",
            [region.status for region in named],
            [region.unit for region in named],
        )
    spans = [(region.status, *span_of(region.unit)) for region in sorted(cities)]
    rows = await transaction.connection.fetch(
        "SELECT * FROM alerting.region AS r WHERE $3 OR (status, unit) IN "
        "(SELECT * FROM unnest($1::text[], $2::text[])) OR EXISTS (SELECT FROM "
        "unnest($4::text[], $5::text[], $6::text[]) AS a (status, low, high) "
        "WHERE r.status = a.status AND r.unit >= a.low AND r.unit < a.high) "
        "ORDER BY status, unit FOR UPDATE",
        [region.status for region in named],
        [region.unit for region in named],
        exclusive,
        *(list(column) for column in zip(*spans, strict=True)) if spans else ([], [], []),
    )
    return {Region(Status(row["status"]), row["unit"]): row["clock"] for row in rows}


async def save_clocks(transaction: Transaction, clocks: Mapping[Region, datetime]) -> None:
    """Write the clocks that have moved."""
    if clocks:
        await transaction.connection.executemany(
            "UPDATE alerting.region SET clock = $3 WHERE status = $1 AND unit = $2",
            [(region.status, region.unit, clock) for region, clock in sorted(clocks.items())],
        )
