"""A catalogued sensor in its small form."""

from __future__ import annotations

from dataclasses import dataclass
from sys import intern

from services.scoring.core.rules.rule_set import RuleSet
from shared.contracts.catalog import SensorEntry
from shared.contracts.fields import Position, Tier
from shared.contracts.units import tier_of


@dataclass(slots=True)
class Sensor:
    """A catalogued sensor, kept small: there may be a million sensors.

    `rule_set` is found at the sensor's first reading. `awaited`: the device is installed, and a
    first reading is expected.
    """

    sensor_id: str
    name: str
    kind: str
    place: str
    tier: Tier
    metric: str
    unit: str
    datum: str | None
    interval_s: float
    lateness_s: float | None
    site: str | None
    position: Position | None
    awaited: bool
    rule_set: RuleSet | None = None

    @staticmethod
    def of(entry: SensorEntry) -> Sensor:
        """Return the sensor of a catalogue entry."""
        return Sensor(
            entry.sensor_id,
            entry.name,
            intern(entry.sensor_kind),
            intern(entry.place),
            tier_of(entry.place),
            intern(entry.metric),
            intern(entry.unit),
            None if entry.datum is None else intern(entry.datum),
            entry.interval_s,
            entry.lateness_s,
            entry.site,
            entry.position,
            entry.installed and not entry.synthetic,
        )

    def has_facts_of(self, sensor: Sensor) -> bool:
        """Return whether two entries state the same facts."""
        return all(
            getattr(self, name) == getattr(sensor, name)
            for name in Sensor.__slots__
            if name != "rule_set"
        )

    def entry(self) -> SensorEntry:
        """Return the part of the catalogue entry for the checks of rules."""
        return SensorEntry.model_construct(
            sensor_id=self.sensor_id,
            sensor_kind=self.kind,
            name=self.name,
            place=self.place,
            metric=self.metric,
            unit=self.unit,
            datum=self.datum,
            interval_s=self.interval_s,
            position=self.position,
        )
