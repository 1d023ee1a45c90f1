"""Topics that were deleted and created anew: one sequence of offsets over all their logs.

The last log keeps its offsets. A record of an earlier log has a negative offset: the number of
records from it to the begin of the last log.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

Json = dict[str, Any]
Place = tuple[str, str, int, int]
"""Service, topic, partition, offset."""


def _shift(recreations: Sequence[Json], topic: str, part: int, at: float) -> int:
    """Return how much lower an offset of a log is that was written to at this time."""
    return sum(
        line["ends"].get(str(part), 0)
        for line in recreations
        if line["topic"] == topic and line["at"] > at
    )


def in_one_sequence(
    recreations: Sequence[Json], deleted: Iterable[Json], present: Iterable[Json]
) -> list[Json]:
    """Return the records of all logs; a dead letter names the offset in the sequence, too."""
    records = []
    for line in deleted:
        lower = _shift(recreations, line["topic"], line["partition"], line["at"])
        records.append({**line, "offset": line["offset"] - lower})
    records += present
    for record in records:
        value = record["value"]
        if record["topic"].endswith(".dlq"):
            value["offset"] -= _shift(recreations, value["topic"], value["partition"], record["at"])
    return records


def lost_places(recreations: Sequence[Json]) -> set[Place]:
    """Return the records that Kafka lost: each with the service that had not handled it."""
    places = set()
    for number, line in enumerate(recreations):
        topic = line["topic"]
        for reader, unread in line["unread"].items():
            service, _, part = reader.partition("|")
            end = line["ends"][part]
            later = _shift(recreations[number + 1 :], topic, int(part), 0.0)
            places |= {
                (service, topic, int(part), offset - end - later) for offset in range(unread, end)
            }
    return places
