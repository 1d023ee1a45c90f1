"""`python -m tests.faults.suite.breakable`: a service with failpoints and a movable clock.

The service is that of FENGHUO_GROUP_INSTANCE_ID, its control file is below FAULTS_FOLDER.
"""

from __future__ import annotations

import os
import runpy
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.suite import failpoints
from tests.faults.suite.control_file import FOLDER_VARIABLE, ControlFile


def move_clock(control: ControlFile) -> None:
    """Let the clocks that the service and Kafka's client read be wrong as the file says."""
    from shared.runtime.clock import SystemClock

    true_time = time.time

    def now(self: SystemClock) -> datetime:
        return datetime.fromtimestamp(time.time(), UTC)

    time.time = lambda: true_time() + control.clock_error_s
    SystemClock.now = now  # type: ignore[method-assign]


def main() -> None:
    """Run the service until it ends."""
    process = os.environ["FENGHUO_GROUP_INSTANCE_ID"]
    folder = Path(os.environ[FOLDER_VARIABLE])
    control = ControlFile(folder, process)
    failpoints.install(control, folder / "code")
    move_clock(control)
    runpy.run_module(f"services.{process.rpartition('-')[0]}", run_name="__main__")


if __name__ == "__main__":
    main()
