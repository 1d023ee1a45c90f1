"""Sizes of one run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """The measurements and their size; a quick plan only shows that everything runs."""

    rows: tuple[str, ...]
    quick: bool = False
    consoles: tuple[int, ...] = (200, 2_000)
    alarms_per_s: float = 5.0
    pixel_s: float = 60.0
    stalled: int = 5_000
    stalled_s: float = 30.0
    """How long updates flow before the stalled readers come, and while they are there."""
    loads: int = 9
    """First loads of each page."""
    alerts: int = 20_000
    assignments: int = 1_000_000
    """Open alerts, as many standing alarms, and assignments under the numbers of the screens."""
    storm_s: float = 60.0
    """How long 50,000 alarms a minute come."""
    history_sensors: int = 2_000
    """Sensors with a history of thirty days: 240,000 rows, 0.3 GB."""

    @staticmethod
    def make(rows: tuple[str, ...], *, quick: bool) -> Plan:
        """The plan for these options."""
        if not quick:
            return Plan(rows)
        return Plan(
            rows,
            quick=True,
            pixel_s=15.0,
            stalled=1_000,
            stalled_s=12.0,
            loads=3,
            alerts=2_000,
            assignments=100_000,
            storm_s=15.0,
            history_sensors=200,
        )
