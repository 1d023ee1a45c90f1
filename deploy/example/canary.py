"""The canary at each of its units: a sensor, a rule, and a plan (docs/watch.md).

The sensor's kind is `canary`; its readings have the status System, which no other sensor's may
have. A unit's event type is its own, so that no other plan fits, and its plan no other event.
"""

from datetime import datetime

from deploy.example.units import CITY, DISTRICT
from shared.contracts.assignments import AssignmentRole
from shared.contracts.catalog import CANARY, CatalogEntry, SensorEntry
from shared.contracts.fields import Level
from shared.contracts.ids import content_id
from shared.contracts.plans import OrderLine, PlanDefinition
from shared.contracts.rules import RuleDefinition, Rung, ThresholdRule
from shared.contracts.selections import Listed, Selection
from shared.contracts.units import lineage, parent_of, tier_of

TOWN = "500118118000"
UNITS = (CITY, DISTRICT, TOWN)
"""One unit of each tier with officers on duty."""
_SOURCE = "proposal: the system watches itself"
_EVENT_CLASS = "12"


def entries(now: datetime, units: tuple[str, ...] = UNITS) -> list[CatalogEntry]:
    """Return the sensors as entries of the catalogue."""
    sensors = [
        SensorEntry(
            sensor_id=f"canary-{unit}",
            sensor_kind=CANARY,
            name="链路自检 ‖ Canary",
            place=unit,
            metric=CANARY,
            unit="1",
            interval_s=15,
            synthetic=True,
        )
        for unit in units
    ]
    return [
        CatalogEntry(
            id=content_id("cat", sensor.sensor_id, now.isoformat()),
            occurred_at=now,
            sent_at=now,
            origin_unit=sensor.place,
            tier=tier_of(sensor.place),
            entry=sensor,
        )
        for sensor in sensors
    ]


def rules(now: datetime, units: tuple[str, ...] = UNITS) -> list[RuleDefinition]:
    """Return the rules: a risen reading raises a blue alarm, a fallen one clears it."""
    return [
        RuleDefinition(
            id=content_id("rul", "canary", unit, now.isoformat()),
            occurred_at=now,
            sent_at=now,
            origin_unit=unit,
            tier=tier_of(unit),
            rule_id=f"canary.{unit}",
            version=1,
            name_zh="链路自检",
            name_en="Canary",
            event_type=event_type(unit),
            sensor_kind=CANARY,
            sensor_ids=(f"canary-{unit}",),
            metric=CANARY,
            unit="1",
            body=ThresholdRule(
                rungs=(Rung(level=Level.BLUE, raise_at=1, clear_at=0.5, source=_SOURCE),)
            ),
            source=_SOURCE,
        )
        for unit in units
    ]


def plans(now: datetime, units: tuple[str, ...] = UNITS) -> list[PlanDefinition]:
    """Return the plans: the unit itself is commanded by its parent, below a city a district."""
    return [
        PlanDefinition(
            id=content_id("pln", "canary", unit, now.isoformat()),
            occurred_at=now,
            sent_at=now,
            origin_unit=unit,
            tier=tier_of(unit),
            plan_id=f"canary.{unit}",
            version=1,
            name_zh="链路自检",
            name_en="Canary",
            events=(event_type(unit),),
            levels=(Level.BLUE,),
            source=_SOURCE,
            orders=(
                OrderLine(
                    key="canary",
                    who=Selection(include=(Listed(units=(recipient(unit, units),)),)),
                    role=AssignmentRole.LEAD,
                    title_zh="链路自检",
                    title_en="Canary",
                    instruction_zh="系统自检，由机器人签收。",
                    instruction_en="The system tests itself; a robot acknowledges.",
                ),
            ),
        )
        for unit in units
    ]


def event_type(unit: str) -> str:
    """Return the event type of the canary at a unit."""
    return f"{_EVENT_CLASS}:{CANARY}_{unit}"


def recipient(unit: str, units: tuple[str, ...] = UNITS) -> str:
    """Return the commanded unit: the unit itself, for a city the first unit below.

    Raises ValueError for a city without one.
    """
    if parent_of(unit) is not None:
        return unit
    below = [lower for lower in units if unit in lineage(lower)[1:]]
    if not below:
        raise ValueError(f"the canary of the city {unit} needs a unit below it beside it.")
    return below[0]
