"""The parts of the process used by the charts of sensors only."""

from __future__ import annotations

from dataclasses import dataclass

from services.console.features.sensors.charts import SensorRules
from services.console.features.sensors.reading_log import ReadingSource


@dataclass(frozen=True)
class SensorParts:
    """The log of readings, and the rules with drawn limits."""

    readings: ReadingSource
    rules: SensorRules
