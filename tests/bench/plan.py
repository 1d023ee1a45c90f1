"""The amount of measurement: the full benchmark, or a quick run that only proves the code."""

from __future__ import annotations

from dataclasses import dataclass

from tests.bench import reference

RATES = (
    "fetch",
    "raw",
    "scoring",
    "bytewax",
    "quixstreams",
    "faust",
    "kafka_streams",
    "scoring2",
)
FIGURES = ("latency", "due", "memory", "restore", "members", "million", "district")
ROWS = (*RATES, *FIGURES)


@dataclass(frozen=True)
class Plan:
    """Sizes of one benchmark run."""

    rows: tuple[str, ...]
    quick: bool = False
    readings: int = reference.LONG
    sensors: int = reference.SENSORS
    repetitions: int = 3
    latency_s: int = 65
    due_sensors: int = 1_000
    memory_sensors: int = 100_000
    restore_sensors: int = 100_000
    million_sensors: int = 1_000_000
    city_rate: int = 45_500
    """A little over the 45,000/s aimed at, since the last tenth of a second is not sent any more.
    """
    city_s: int = 600
    district_readings: int = 600_000

    @staticmethod
    def make(rows: tuple[str, ...], *, quick: bool, repetitions: int, city_minutes: float) -> Plan:
        """The plan for these options; a quick run is marked and never a result."""
        if not quick:
            return Plan(rows, repetitions=repetitions, city_s=round(city_minutes * 60))
        return Plan(
            rows,
            quick=True,
            readings=reference.SHORT,
            sensors=reference.SHORT_SENSORS,
            repetitions=1,
            latency_s=10,
            due_sensors=100,
            memory_sensors=5_000,
            restore_sensors=5_000,
            million_sensors=20_000,
            city_rate=5_000,
            city_s=30,
            district_readings=60_000,
        )
