"""The partition of a sensor's readings: the state of a sensor lies in this partition alone."""

from __future__ import annotations

from shared.contracts.topics import READINGS
from shared.runtime.outbound_records import partition_of


def readings_partition(sensor_id: str) -> int:
    """Return the partition of the readings for the key of a sensor, its id (murmur2)."""
    return partition_of(sensor_id.encode(), READINGS.partitions)
