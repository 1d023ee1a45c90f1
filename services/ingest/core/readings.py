"""The acceptance of readings: a reading is refused with all problems and their locations.

Good readings of a batch are accepted beside bad readings. A batch without a good reading is
refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from services.ingest.core.bodies.parsing import UnreadableReading, parse, parse_batch
from services.ingest.core.bodies.schemas import ReadingBody
from services.ingest.core.refusals import ProblemKind, RequestProblem, RequestRefused
from services.ingest.core.source_ids import id_prefix
from services.ingest.core.sources import Source
from services.ingest.core.times import FUTURE, OLDEST, time_problems
from shared.contracts.catalog import CANARY, SensorEntry
from shared.contracts.fields import DoorStatus, Status
from shared.contracts.readings import Reading
from shared.contracts.units import tier_of

Catalogue = Mapping[str, SensorEntry]


@dataclass(frozen=True, slots=True)
class RefusedReading:
    """A refused reading of a batch: index, own id, problems."""

    index: int
    id: str | None
    problems: tuple[RequestProblem, ...]

    @property
    def kind(self) -> ProblemKind:
        """The kind of the first problem."""
        return self.problems[0].kind

    @property
    def located_problems(self) -> Sequence[RequestProblem]:
        """The problems with their locations in the body of the batch."""
        return [problem.inside(f"readings[{self.index}]") for problem in self.problems]


@dataclass(frozen=True, slots=True)
class JudgedBatch:
    """The good and the refused readings of a batch, and the own ids of all in their order."""

    readings: Sequence[Reading]
    refused: Sequence[RefusedReading]
    ids: Sequence[str | None]

    def check(self) -> None:
        """Raise RequestRefused with all problems where no reading is good."""
        if not self.readings:
            raise RequestRefused(
                [problem for refused in self.refused for problem in refused.located_problems]
            )


def accept_reading(
    body: bytes, source: Source, catalogue: Catalogue, now: datetime, present: datetime
) -> Reading:
    """Return the reading in a body of `/v1/readings`. Raises RequestRefused.

    `now` is the wall's time, `present` the time after which the future begins: a replay has its
    own.
    """
    judged = _judged([parse(ReadingBody, body)], source, catalogue, now, present)
    for refused in judged.refused:
        subject_id = f"{id_prefix(source.id)}{refused.id}"
        raise RequestRefused(refused.problems, subject_id=subject_id)
    return judged.readings[0]


def judge_batch(
    body: bytes, source: Source, catalogue: Catalogue, now: datetime, present: datetime
) -> JudgedBatch:
    """Return the readings of a body of `/v1/readings/batch`, good and refused.

    Raises RequestRefused for a body without a batch.
    """
    return _judged(parse_batch(body), source, catalogue, now, present)


def _judged(
    bodies: Sequence[ReadingBody | UnreadableReading],
    source: Source,
    catalogue: Catalogue,
    now: datetime,
    present: datetime,
) -> JudgedBatch:
    """Judge each reading alone; of two good readings with one id the first is accepted."""
    index_by_id: dict[str, int] = {}
    readings: list[Reading] = []
    refused: list[RefusedReading] = []
    source_prefix = id_prefix(source.id)
    for index, body in enumerate(bodies):
        if isinstance(body, UnreadableReading):
            refused.append(RefusedReading(index, body.id, body.problems))
            continue
        sensor = catalogue.get(body.sensor_id)
        if sensor is None:
            problem = source.sensor_id_problem(body.sensor_id) or _unknown(body.sensor_id)
            refused.append(RefusedReading(index, body.id, (problem,)))
            continue
        if denied := source.sensor_problems(sensor):  # no fact of the sensor is told
            refused.append(RefusedReading(index, body.id, denied))
            continue
        problems: list[RequestProblem] = []
        if body.id in index_by_id:
            message = f"id {body.id} is also that of readings[{index_by_id[body.id]}]"
            problems.append(RequestProblem(ProblemKind.DUPLICATE_ID, "id", message, "each id once"))
        if not (
            body.metric == sensor.metric and body.unit == sensor.unit and body.datum == sensor.datum
        ):
            problems += _mismatches(body, sensor)
        if (body.status is Status.SYSTEM) is not (sensor.sensor_kind == CANARY):
            problems.append(_wrong_status(body, sensor))
        if not OLDEST <= body.occurred_at <= present + FUTURE:
            problems += time_problems(body.occurred_at, now, present)
        if body.data_grade is not None and (of_grade := source.grade_problem(body.data_grade)):
            problems.append(of_grade)
        if problems:
            refused.append(RefusedReading(index, body.id, tuple(problems)))
            continue
        index_by_id[body.id] = index
        readings.append(_reading(body, source_prefix + body.id, sensor, source, now))
    return JudgedBatch(readings, refused, [body.id for body in bodies])


def _unknown(sensor_id: str) -> RequestProblem:
    message = f"sensor {sensor_id} is not catalogued"
    return RequestProblem(ProblemKind.UNKNOWN_SENSOR, "sensor_id", message)


def _reading(
    body: ReadingBody, record_id: str, sensor: SensorEntry, source: Source, now: datetime
) -> Reading:
    return Reading(
        id=record_id,
        status=body.status,
        occurred_at=body.occurred_at,
        sent_at=now,
        origin_unit=sensor.place,
        tier=tier_of(sensor.place),
        sensor_id=body.sensor_id,
        metric=body.metric,
        value=body.value,
        unit=body.unit,
        datum=body.datum,
        synthetic=body.synthetic or sensor.synthetic,
        data_grade=source.grade_of(body.data_grade),
    )


def _wrong_status(body: ReadingBody, sensor: SensorEntry) -> RequestProblem:
    """Return the problem of a real sensor's reading that would be hidden, or of a shown canary."""
    expected = Status.SYSTEM if sensor.sensor_kind == CANARY else ", ".join(get_args(DoorStatus))
    message = f"{body.status} is no status of {sensor.sensor_id}"
    return RequestProblem(ProblemKind.SCHEMA, "status", message, expected)


def _mismatches(body: ReadingBody, sensor: SensorEntry) -> list[RequestProblem]:
    compared = (
        (ProblemKind.METRIC_MISMATCH, "metric", body.metric, sensor.metric),
        (ProblemKind.UNIT_MISMATCH, "unit", body.unit, sensor.unit),
        (ProblemKind.DATUM_MISMATCH, "datum", body.datum, sensor.datum),
    )
    return [
        RequestProblem(
            kind,
            name,
            f"{sent or 'none'} is not the {name} of {sensor.sensor_id}",
            catalogued or "none",
        )
        for kind, name, sent, catalogued in compared
        if sent != catalogued
    ]
