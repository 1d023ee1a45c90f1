"""The scoring engine on a bench: one book and one partition, without a log."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from services.scoring.core.partition_engine import PartitionEngine
from services.scoring.core.refusals import RefusedInput
from services.scoring.core.rules.rule_registry import RuleRegistry
from shared.contracts.alarms import AlarmEvent
from shared.contracts.catalog import SensorEntry
from shared.contracts.dead_letter import Reason
from shared.contracts.readings import Reading, SensorHealth, Tick
from shared.contracts.rules import RuleDefinition
from shared.domain.local_time import ZONE
from shared.runtime.errors import SetupError

LATENESS_S = 3600.0
"""As in scoring's own settings."""
SENT = datetime(2026, 1, 1, tzinfo=UTC)
"""Stamps what the bench emits; nothing reads it."""
ZONE_VARIABLE = "FENGHUO_ZONE"


def zone_of_rules() -> str:
    """Return the time zone of the seasons and hours of rules, as the services have it.

    Raises SetupError.
    """
    zone = os.environ.get(ZONE_VARIABLE) or ZONE
    try:
        ZoneInfo(zone)
    except (OSError, ValueError):
        raise SetupError(f"{ZONE_VARIABLE}={zone[:64]} is no time zone such as {ZONE}.") from None
    return zone


def place_of(event: AlarmEvent) -> str:
    """Return the sensor of an alarm; without a sensor the site, else the unit."""
    return event.sensor_id or event.site or event.place


class Bench:
    """A bench for the sensors and rules under trial."""

    def __init__(
        self,
        sensors: Iterable[SensorEntry],
        rules: Iterable[RuleDefinition],
        lateness_s: float = LATENESS_S,
    ) -> None:
        """Raises RefusedInput for a rule the engine does not take."""
        registry = RuleRegistry(lateness_s, zone=zone_of_rules())
        for sensor in sensors:
            registry.add_sensor(sensor)
        for rule in rules:
            registry.add_rule(rule)
        self._engine = PartitionEngine(registry)
        self._offset = 0

    def reading(self, reading: Reading, arrives: float) -> Reason | None:
        """Judge a reading that arrives at a moment (seconds since 1970); returns the reason of a
        refusal.
        """
        self._offset += 1
        try:
            self._engine.apply_reading(self._offset, reading, arrives, SENT)
        except RefusedInput as why:
            return why.reason
        return None

    def tick(self, at: float, arrives: float) -> Reason | None:
        """Set the log's clock to `at` by a tick that arrives at a moment (both in seconds since
        1970).
        """
        self._offset += 1
        tick = Tick(id=f"tick-{self._offset}", occurred_at=datetime.fromtimestamp(at, UTC))
        try:
            self._engine.apply_tick(self._offset, tick, arrives, SENT)
        except RefusedInput as why:
            return why.reason
        return None

    def drain(self) -> list[AlarmEvent | SensorHealth]:
        """Return the events emitted since the last call."""
        messages = self._engine.messages
        if not messages:
            return []
        emitted = [record for record in messages if isinstance(record, AlarmEvent | SensorHealth)]
        messages.clear()
        return emitted
