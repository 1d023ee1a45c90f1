"""`python -m deploy.example.catalog SENSORS UNITS`: the local stack's catalogue as JSON lines.

Sensors for the checks of rules; units, departments and groups for those of plans.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

from deploy.example.departments import departments, groups
from deploy.example.sensors import all_sensors
from deploy.example.units import all_units
from deploy.files import write_atomically
from shared.contracts.fields import Contract


def write(path: Path, entries: Iterable[Contract]) -> None:
    """Write one entry a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(
        path, "".join(f"{entry.model_dump_json(exclude_none=True)}\n" for entry in entries)
    )


def write_all(sensors: Path, units: Path) -> None:
    """Write the sensors to one file; units, departments and groups to the other."""
    write(sensors, all_sensors())
    write(units, (*all_units(), *departments(), *groups()))


if __name__ == "__main__":
    write_all(Path(sys.argv[1]), Path(sys.argv[2]))
