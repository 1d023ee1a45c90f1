"""The bytes that each partition may take on a node's volume, derived from the volume's size.

Every topic has a share of the volume, and its segments come out of this share: so the topics fill
at most `PLANNED` thousandths together, and readings cannot take the room of alerts and commands.
The plan counts every partition once, as on a node that has a copy of each.

Kafka deletes whole segments, and looks for them every few minutes. A partition may therefore hold
two segments more than its `retention.bytes`.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from deploy.local.errors import StackError

if TYPE_CHECKING:
    from shared.contracts.topics import TopicSpec

VARIABLE = "FENGHUO_KAFKA_VOLUME_GIB"
"""The variable with the size of the smallest node's volume."""
LETTERS = 60
"""The share of the dead letters of all topics but readings, divided equally among their partitions.
"""
LETTERS_OF_READINGS = 60
"""The share of the dead letters of readings. Whoever may send readings can have thousands refused
in a second, and must not push out those of others before people have looked.
"""
PLANNED = 850
"""The most that all topics may fill; the rest is room for indexes, offsets and the guard's mark."""
DEFAULT_GIB = 24
"""The stated size where nobody names another one: on a developer's machine."""
_GIB = 1 << 30
_LARGEST_SEGMENT = 256 << 20


@dataclass(frozen=True, slots=True)
class PartitionBytes:
    """The settings of the size of a partition."""

    retention: int
    segment: int

    @property
    def most(self) -> int:
        """The most bytes that the partition holds."""
        return self.retention + 2 * self.segment


@cache
def _partitions_of_letters() -> int:
    from shared.contracts.topics import TOPICS

    letters = [spec for spec in TOPICS.values() if spec.dead_letters and not _is_readings(spec)]
    return sum(spec.partitions for spec in letters)


def _is_readings(spec: "TopicSpec") -> bool:
    from shared.contracts.topics import READINGS

    return spec.name == READINGS.name


def topic_bytes(spec: "TopicSpec", volume_gib: int = DEFAULT_GIB) -> PartitionBytes:
    """Return the sizes of a partition of this topic; raises StackError for too small a volume."""
    partition = volume_gib * _GIB * spec.share // 1_000 // spec.partitions
    return _divided(spec.name, partition, spec.max_bytes)


def letters_bytes(spec: "TopicSpec", volume_gib: int = DEFAULT_GIB) -> PartitionBytes:
    """Return the sizes of a partition of its letters; raises StackError for too small a volume."""
    share, partitions = LETTERS, _partitions_of_letters()
    if _is_readings(spec):
        share, partitions = LETTERS_OF_READINGS, spec.partitions
    partition = volume_gib * _GIB * share // 1_000 // partitions
    return _divided(spec.dlq, partition, spec.dlq_max_bytes)


def _divided(name: str, partition: int, largest_batch: int) -> PartitionBytes:
    segment = min(partition // 4, _LARGEST_SEGMENT)
    if 2 * segment < 3 * largest_batch:
        raise StackError(f"the volume of {VARIABLE} is too small for {name}: state a larger one.")
    return PartitionBytes(partition - 2 * segment, segment)


def stated_volume(environment: Mapping[str, str] = os.environ) -> int:
    """Return the size of the volume in GiB; raises StackError unless it is a number above 0."""
    text = environment.get(VARIABLE) or str(DEFAULT_GIB)
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise StackError(f"{VARIABLE} must be the size of Kafka's volume in GiB, like 100.")
    return int(text)
