"""Where a sensor's readings belong: the state of a sensor lies in one partition, and nowhere else."""

from __future__ import annotations

from shared.contracts.topics import READINGS
from shared.runtime.outbound_records import partition_of


def home(sensor_id: str) -> int:
    """The partition of the readings that a sensor's id, as the key, leads to (murmur2)."""
    return partition_of(sensor_id.encode(), READINGS.partitions)
