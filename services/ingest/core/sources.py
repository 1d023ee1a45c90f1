"""The sources with their keys and limits.

Everything beyond the entry of a source is refused. The answer for a sensor is kept until the entry
of sensor or source changes: readings are most of all requests.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from services.ingest.core.refusals import ProblemKind, RequestProblem, RequestRefused
from shared.contracts.catalog import SensorEntry
from shared.contracts.fields import DataGrade
from shared.contracts.sources import SourceDoor, SourceEntry
from shared.contracts.units import is_within

_ALL = "*"


class Source:
    """A source with the limits of the newest entry."""

    def __init__(self, entry: SourceEntry) -> None:
        self.entry = entry
        self.id = entry.source
        self._doors = frozenset(entry.doors)
        self._sensors = frozenset(entry.sensors)
        self._beginnings = tuple(
            choice.removesuffix("*") for choice in entry.sensors if choice.endswith("*")
        )
        self._everywhere = _ALL in entry.places
        self._judged: dict[str, tuple[SensorEntry, tuple[RequestProblem, ...]]] = {}

    def check_door(self, door: SourceDoor) -> None:
        """Raise RequestRefused for a door that the source may not use."""
        if door not in self._doors:
            problem = RequestProblem(
                ProblemKind.DOOR_NOT_ALLOWED,
                "source",
                f"{self.id} may not send {door}",
                _listed(self.entry.doors),
            )
            raise RequestRefused([problem])

    def sensor_id_problem(self, sensor_id: str) -> RequestProblem | None:
        """Return the problem of a sensor that the source may not send for, by its id."""
        if sensor_id in self._sensors or sensor_id.startswith(self._beginnings):
            return None
        return RequestProblem(
            ProblemKind.SENSOR_NOT_ALLOWED,
            "sensor_id",
            f"{self.id} may not send for {sensor_id}",
            _listed(self.entry.sensors),
        )

    def sensor_problems(self, sensor: SensorEntry) -> tuple[RequestProblem, ...]:
        """Return the problems of a catalogued sensor: its id, or the place where it stands."""
        judged = self._judged.get(sensor.sensor_id)
        if judged is not None and judged[0] is sensor:
            return judged[1]
        of_id = self.sensor_id_problem(sensor.sensor_id)
        problems = (of_id,) if of_id else tuple(self.place_problems("sensor_id", [sensor.place]))
        self._judged[sensor.sensor_id] = sensor, problems
        return problems

    def place_problems(self, location: str, places: Sequence[str]) -> list[RequestProblem]:
        """Return the problem of each place outside the places of the source."""
        if self._everywhere:
            return []
        return [
            RequestProblem(
                ProblemKind.PLACE_NOT_ALLOWED,
                location,
                f"{self.id} may not send for {place}",
                _listed(self.entry.places),
            )
            for place in places
            if not any(is_within(place, root) for root in self.entry.places)
        ]

    def grade_problem(self, named: DataGrade | None) -> RequestProblem | None:
        """Return the problem of the grade that a record names without the right of its source."""
        if named is None or named is self.entry.grade or self.entry.sets_grade:
            return None
        return RequestProblem(
            ProblemKind.GRADE_NOT_ALLOWED,
            "data_grade",
            f"records of {self.id} have the grade {self.entry.grade}",
            self.entry.grade,
        )

    def grade_of(self, named: DataGrade | None) -> DataGrade:
        """Return the grade of a record without a problem of its grade."""
        return self.entry.grade if named is None else named


class Sources:
    """The sources by their keys."""

    def __init__(self) -> None:
        self._sources: dict[str, Source] = {}
        self._holders: dict[str, set[str]] = {}

    def __len__(self) -> int:
        return len(self._sources)

    def put(self, entry: SourceEntry) -> None:
        """Take the first or a newer entry of a source."""
        self.remove(entry.source)
        self._sources[entry.source] = Source(entry)
        for key in entry.key_hashes:
            self._holders.setdefault(key.sha256, set()).add(entry.source)

    def remove(self, source_id: str) -> bool:
        """Remove a source; return whether there was one."""
        source = self._sources.pop(source_id, None)
        if source is None:
            return False
        for key in source.entry.key_hashes:
            holders = self._holders.get(key.sha256, set())
            holders.discard(source_id)
            if not holders:
                self._holders.pop(key.sha256, None)
        return True

    def holder_of(self, token: bytes) -> tuple[Source, datetime | None] | None:
        """Return the source with this key and the end of the key; None for an unknown key.

        The digest of the token is looked up: the time of the answer says nothing of a key. A key of
        two sources belongs to neither.
        """
        digest = hashlib.sha256(token).hexdigest()
        holders = self._holders.get(digest, set())
        if len(holders) != 1:
            return None
        [source_id] = holders
        source = self._sources[source_id]
        ends = [key.until for key in source.entry.key_hashes if key.sha256 == digest]
        return source, None if None in ends else max(end for end in ends if end is not None)


def _listed(choices: Sequence[str]) -> str:
    """Return the allowed choices in words; a long list is cut."""
    first = ", ".join(choices[:10])
    if len(choices) > 10:
        return f"{first} and {len(choices) - 10} more"
    return first or "none"
