"""`python -m deploy.local.data.catalog FILE`: the local stack's sensors as JSON lines, for rule checks."""

import sys
from pathlib import Path

from deploy.local.data.sensors import all_sensors
from deploy.local.files import write_atomically


def write(path: Path) -> int:
    """Write one sensor a line; how many."""
    sensors = all_sensors()
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(
        path, "".join(f"{one.model_dump_json(exclude_none=True)}\n" for one in sensors)
    )
    return len(sensors)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
