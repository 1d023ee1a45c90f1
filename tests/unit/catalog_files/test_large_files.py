"""A file of 100,000 sensors is checked within a bound of memory, and every planted error is found.

The check runs in a process of its own: its peak of memory is that of the check.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from itertools import islice
from pathlib import Path

from shared.domain.catalog_files.plans import plan_import
from shared.domain.catalog_files.tables import read_table
from tests.unit.catalog_files.ledgers import LEDGER, TOWN

SENSORS = 100_000
PLANTED_EVERY = 1_000
MOST_MEGABYTES = 500
"""The interpreter and its modules take about 60, the file 10, the entries 250."""
ROOT = Path(__file__).parents[3]


def lines_of_sensors(count: int) -> str:
    """Return a CSV file; the unit of every thousandth sensor is not of its metric."""
    head = "sensor_id,sensor_kind,name,place,metric,unit_of_measure,interval_s,lat,lon"
    lines = [
        f"rain-{number:06},rain_gauge,朱沱雨量站{number},{TOWN},rainfall,"
        f"{'mm' if number % PLANTED_EVERY else 'm'},300,29.{number:06},105.{number:06}"
        for number in range(count)
    ]
    return "\n".join([head, *lines, ""])


def check() -> dict[str, int]:
    """Check the file and return the errors and the peak of memory in megabytes."""
    plan = plan_import(read_table(lines_of_sensors(SENSORS).encode(), "sensors.csv"), LEDGER)
    return {"rows": plan.rows, "errors": len(plan.errors), "megabytes": peak_megabytes()}


def peak_megabytes() -> int:
    """Return the peak of this program's memory; `ru_maxrss` is at least that of its parent."""
    status = Path("/proc/self/status")
    if status.exists():
        [peak] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        return int(peak.split()[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def test_a_hundred_thousand_sensors_are_checked_within_a_bound_of_memory() -> None:
    process = subprocess.run(
        [sys.executable, "-m", "tests.unit.catalog_files.test_large_files"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    result = json.loads(process.stdout)
    assert (result["rows"], result["errors"]) == (SENSORS, SENSORS // PLANTED_EVERY)
    assert result["megabytes"] < MOST_MEGABYTES


def test_rows_are_read_one_at_a_time() -> None:
    """The first rows of a file with an open quotation mark at its end come before the problem."""
    content = lines_of_sensors(5_000) + '"open\n'
    rows = list(islice(read_table(content.encode(), "sensors.csv"), 3))
    assert [row.place.row for row in rows] == [2, 3, 4]
    assert plan_import(read_table(content.encode(), "a.csv"), LEDGER).errors[-1].place.row == 5_002


if __name__ == "__main__":
    sys.stdout.write(json.dumps(check()))
