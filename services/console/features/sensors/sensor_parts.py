"""The parts of a process that only the charts of sensors work with."""

from __future__ import annotations

from dataclasses import dataclass

from services.console.features.sensors.charts import SensorRules
from services.console.features.sensors.reading_log import ReadingSource


@dataclass(frozen=True)
class SensorParts:
    """The log of readings, and the rules whose limits are drawn."""

    readings: ReadingSource
    rules: SensorRules
