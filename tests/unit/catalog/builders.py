"""Entries, requests and ledgers of the tests of catalog."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from services.catalog.core.ledger import Ledger
from services.catalog.core.versions import EntryVersion
from shared.contracts.catalog import (
    CatalogEntry,
    Entry,
    GroupEntry,
    PlainEntry,
    SensorEntry,
    UnitEntry,
    catalog_key,
)
from shared.contracts.catalog_requests import (
    CatalogAct,
    CatalogRequest,
    EntryPut,
    MergeUnits,
    MoveEntries,
    PutEntries,
    RetireEntries,
)
from shared.contracts.fields import Post
from shared.contracts.ids import content_id
from shared.contracts.sources import SourceDoor, SourceEntry
from shared.contracts.units import parent_of, tier_of

CITY, DISTRICT, OTHER_DISTRICT = "500000000000", "500118000000", "500107000000"
TOWN, OTHER_TOWN, VILLAGE = "500118118000", "500118107000", "500118118201"
T0 = datetime(2026, 12, 1, 2, 0, tzinfo=UTC)
_ABOVE = object()


def a_unit(unit: str, name: str = "某地", parent: Any = _ABOVE, **fields: Any) -> UnitEntry:
    """Return a unit below the unit that its code names, unless `parent` says otherwise."""
    above = parent_of(unit) if parent is _ABOVE else parent
    head: dict[str, Any] = {"unit": unit, "tier": tier_of(unit), "name": name, "parent": above}
    return UnitEntry(**{**head, **fields})


def a_sensor(sensor_id: str = "gauge-1", place: str = TOWN, name: str = "水位站") -> SensorEntry:
    """Return a gauge."""
    return SensorEntry(
        sensor_id=sensor_id,
        sensor_kind="river_gauge",
        name=name,
        place=place,
        metric="water_level",
        unit="m",
        interval_s=300.0,
    )


def a_group(*members: str, owner: str = DISTRICT) -> GroupEntry:
    """Return a task force."""
    return GroupEntry(group="flood_force", name="防汛专班", owner=owner, members=members)


def a_source(*places: str, owner: str = DISTRICT) -> SourceEntry:
    """Return a source of readings."""
    return SourceEntry(
        source="gas-network",
        name="燃气公司",
        owner=owner,
        doors=(SourceDoor.READINGS,),
        sensors=("*",),
        places=places,
    )


def a_data_set() -> PlainEntry:
    """Return an entry without a unit."""
    return PlainEntry(kind="data", resource_id="rain-2026", name="雨量", owner="水利局")


def a_record(entry: Entry, sent_at: datetime = T0, unit: str = CITY) -> CatalogEntry:
    """Return the record of an entry as set-up writes it."""
    return CatalogEntry(
        id=content_id("cat", catalog_key(entry), entry.model_dump_json()),
        occurred_at=sent_at,
        sent_at=sent_at,
        origin_unit=unit,
        tier=tier_of(unit),
        entry=entry,
    )


def a_version(
    entry: Entry, version: int = 1, *, retired: bool = False, by_set_up: bool = True
) -> EntryVersion:
    """Return a version of an entry."""
    return EntryVersion(version, a_record(entry), retired, by_set_up)


def a_ledger(*entries: Entry) -> Ledger:
    """Return the ledger of a city with a district and two towns, a village, and these entries."""
    units = [a_unit(unit) for unit in (CITY, DISTRICT, TOWN, OTHER_TOWN, VILLAGE)]
    return Ledger(a_version(entry) for entry in (*units, *entries))


def a_request(
    act: CatalogAct, unit: str = DISTRICT, request_id: str = "crq-1", **fields: Any
) -> CatalogRequest:
    """Return a request with the ledger rights of a unit."""
    head: dict[str, Any] = {
        "id": request_id,
        "occurred_at": T0,
        "sent_at": T0,
        "origin_unit": unit,
        "tier": tier_of(unit),
        "act": act,
        "reason": "区划调整",
        "officer_id": "o-9",
        "post": Post.A,
    }
    return CatalogRequest(**{**head, **fields})


def put(*entries: Entry, version: int | None = None, replaces: str | None = None) -> PutEntries:
    """Return the act that puts entries."""
    return PutEntries(
        puts=tuple(EntryPut(entry=entry, version=version, replaces=replaces) for entry in entries)
    )


def retire(*keys: str) -> RetireEntries:
    """Return the act that retires entries."""
    return RetireEntries(keys=keys)


def move(to: str, *keys: str) -> MoveEntries:
    """Return the act that moves entries."""
    return MoveEntries(keys=keys, to=to)


def merge(unit: str, into: str) -> MergeUnits:
    """Return the act that merges a unit into another."""
    return MergeUnits(unit=unit, into=into)
