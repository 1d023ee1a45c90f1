"""The one ledger 资源编目: units, sensors, sources, topics, services, rule packs are its entries."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.envelope import RealWorld
from shared.contracts.fields import (
    Contract,
    Count,
    DataGrade,
    Identifier,
    Line,
    Metric,
    Position,
    SensorId,
    Slug,
    Tier,
    UnitId,
)
from shared.contracts.readings import Datum, UnitOfMeasure
from shared.contracts.sources import SourceEntry

CatalogKey = Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,15}:[A-Za-z0-9][A-Za-z0-9._/\-]{0,95}$")]
"""The key of an entry, `kind:id`."""
Interval = Annotated[float, Field(gt=0, le=31 * 86_400)]
"""Seconds from one value to the next."""


class UnitEntry(Contract):
    """A unit of the tree or a department of one (`code12/dept`).

    `synthetic` marks what is generated.

    `roles` say what a unit is beside its tier (`riverside`); selections ask for them.
    """

    kind: Literal["unit"] = "unit"
    unit: UnitId
    tier: Tier
    name: Line
    parent: UnitId | None = None
    roles: Annotated[tuple[Slug, ...], Field(max_length=16)] = ()
    synthetic: bool = False


class GroupEntry(Contract):
    """A group 专班: units that are addressed together, set up by `owner`."""

    kind: Literal["group"] = "group"
    group: Slug
    name: Line
    owner: UnitId
    members: Annotated[tuple[UnitId, ...], Field(min_length=1, max_length=500)]
    synthetic: bool = False


CANARY = "canary"
"""The kind of the canary's sensors (docs/watch.md), whose readings have the status System."""


class SensorEntry(Contract):
    """A catalogued sensor: unit of measure and datum are declared once, here.

    `lateness_s`: how much older than the newest reading another may be (None = scoring's setting).
    `site` groups sensors at one spot. `installed`: readings are expected from the entry on; a
    sensor without readings until later is not installed. `owner` is the responsible unit (None =
    the place), `category` the class 分类 in the words of the office, `grade` the data grade of the
    values (None = not graded).
    """

    kind: Literal["sensor"] = "sensor"
    sensor_id: SensorId
    sensor_kind: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    name: Line
    place: UnitId
    metric: Metric
    unit: UnitOfMeasure
    datum: Datum | None = None
    interval_s: Interval
    lateness_s: Annotated[float, Field(ge=0, le=7 * 86_400)] | None = None
    site: Identifier | None = None
    position: Position | None = None
    owner: UnitId | None = None
    category: Line | None = None
    grade: DataGrade | None = None
    installed: bool = True
    synthetic: bool = False


class PlainEntry(Contract):
    """A topic, service, rule pack, data set or application.

    `category` is the class 分类 in the words of the office, `grade` the data grade (None = not
    graded), `place` the unit of the data, `interval_s` the time from one update to the next.
    `source` is the one entry with the origin of the data (一数一源).
    """

    kind: Literal["topic", "service", "rule_pack", "data", "application"]
    resource_id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._\-]{0,95}$")]
    name: Line
    owner: Line
    category: Line | None = None
    grade: DataGrade | None = None
    place: UnitId | None = None
    datum: Datum | None = None
    interval_s: Interval | None = None
    source: CatalogKey | None = None
    share: Literal["open", "conditional", "closed"] = "closed"


Entry = UnitEntry | GroupEntry | SensorEntry | SourceEntry | PlainEntry


def catalog_key(entry: Entry) -> str:
    """Return the key of an entry's record, `kind:id`."""
    match entry:
        case UnitEntry():
            return f"unit:{entry.unit}"
        case GroupEntry():
            return f"group:{entry.group}"
        case SensorEntry():
            return f"sensor:{entry.sensor_id}"
        case SourceEntry():
            return f"source:{entry.source}"
        case PlainEntry():
            return f"{entry.kind}:{entry.resource_id}"


def kind_and_id(key: str) -> tuple[str, str]:
    """Return the kind and the id in a record's key, `kind:id`."""
    kind, _, entry_id = key.partition(":")
    return kind, entry_id


class CatalogEntry(RealWorld):
    """One entry; the newest per kind and id holds.

    `version` is the number of the version in the ledger, None for a record of set-up.
    """

    type: Literal["catalog_entry"] = "catalog_entry"
    entry: Annotated[Entry, Field(discriminator="kind")]
    version: Count | None = None
