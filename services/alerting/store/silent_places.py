"""Silent sensors and the places that were told of them, as rows; the timer of a district."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from services.alerting.core.alarms.scopes import Region, region_of
from services.alerting.core.silent_places.silent_place import (
    RETURNING,
    SETTLING,
    SilentPlace,
    SilentSensor,
    silent_since,
)
from services.alerting.store.evidence_rows import alarm_record_from_row
from shared.contracts.alarms import AlarmEvent
from shared.contracts.fields import Status
from shared.runtime.database import Transaction
from shared.runtime.timers import arm, arm_unarmed

SILENT_PLACES = "silent_places"
"""Kind of the timer after which the silent places of a district are told; the subject is it."""


def region_of_district(district: str) -> Region:
    """Return the region that is locked while the silent places of a district change."""
    return region_of(Status.ACTUAL, district)


async def save_silent_sensors(
    transaction: Transaction, events: Mapping[str, tuple[AlarmEvent, bool]]
) -> None:
    """Store the newest events of silence with whether it lasts, and arm the districts' timers."""
    lasting = [event for event, lasts in events.values() if lasts]
    over = [alarm_id for alarm_id, (_, lasts) in events.items() if not lasts]
    waits: dict[str, datetime] = {}
    if over:
        rows = await transaction.connection.fetch(
            "DELETE FROM alerting.silent_sensor WHERE alarm_id = ANY($1::text[]) "
            "RETURNING district",
            over,
        )
        waits |= {row["district"]: transaction.now + RETURNING for row in rows}
    if lasting:
        await transaction.connection.executemany(
            "INSERT INTO alerting.silent_sensor VALUES ($1, $2, $3, $4) "
            "ON CONFLICT (alarm_id) DO NOTHING",
            [_row(event) for event in lasting],
        )
        districts = {region_of(event.status, event.place).unit for event in lasting}
        waits |= dict.fromkeys(districts, transaction.now + SETTLING)
    armed = [(district, SILENT_PLACES, 0, due_at) for district, due_at in sorted(waits.items())]
    await arm_unarmed(transaction, armed)


async def look_again(transaction: Transaction, district: str, due_at: datetime) -> None:
    """Arm the timer of a district once more."""
    await arm(transaction, [(district, SILENT_PLACES, 0, due_at)], rearm=True)


async def load_silent_sensors(transaction: Transaction, district: str) -> list[SilentSensor]:
    """Return the silent sensors of a district, by alarm."""
    rows = await transaction.connection.fetch(
        "SELECT a.*, s.headline AS silent_headline, s.last_seen_at FROM alerting.silent_sensor s "
        "JOIN alerting.alert_alarm a USING (alarm_id) WHERE s.district = $1 ORDER BY s.alarm_id",
        district,
    )
    return [
        SilentSensor(
            alarm_record_from_row(row).snapshot, row["silent_headline"], row["last_seen_at"]
        )
        for row in rows
    ]


async def load_silent_places(transaction: Transaction, district: str) -> dict[str, SilentPlace]:
    """Return the told places of a district by unit."""
    rows = await transaction.connection.fetch(
        "SELECT * FROM alerting.silent_place WHERE district = $1 ORDER BY unit", district
    )
    return {
        row["unit"]: SilentPlace(
            unit=row["unit"],
            wide=row["wide"],
            fault_id=row["fault_id"],
            headline=row["headline"],
            text=row["text"],
            since=row["since"],
            places=tuple(row["places"]),
        )
        for row in rows
    }


async def save_silent_places(
    transaction: Transaction,
    district: str,
    raised: Iterable[SilentPlace],
    cleared: Iterable[SilentPlace],
) -> None:
    """Delete the places that are heard again, and store those that were told."""
    await transaction.connection.execute(
        "DELETE FROM alerting.silent_place WHERE unit = ANY($1::text[])",
        [place.unit for place in cleared],
    )
    await transaction.connection.executemany(
        "INSERT INTO alerting.silent_place VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        [
            (
                *(place.unit, district, place.wide, place.fault_id, place.headline, place.text),
                *(place.since, list(place.places)),
            )
            for place in raised
        ],
    )


def _row(event: AlarmEvent) -> tuple[str, str, str, datetime]:
    district = region_of(event.status, event.place).unit
    return event.alarm_id, district, event.headline, silent_since(event)
