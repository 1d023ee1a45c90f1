"""The acceptance of readings: all problems of a body at once, each with its location."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import get_args

from services.ingest.core.bodies.parsing import parse
from services.ingest.core.bodies.schemas import BatchBody, ReadingBody
from services.ingest.core.refusals import ProblemKind, RequestProblem, RequestRefused
from services.ingest.core.source_ids import id_prefix
from services.ingest.core.times import FUTURE, OLDEST, time_problems
from shared.contracts.catalog import CANARY, SensorEntry
from shared.contracts.fields import DoorStatus, Status
from shared.contracts.readings import Reading
from shared.contracts.units import tier_of

Catalogue = Mapping[str, SensorEntry]


def accept_reading(
    body: bytes, source: str, catalogue: Catalogue, now: datetime, present: datetime
) -> Reading:
    """Return the reading in a body of `/v1/readings`. Raises RequestRefused.

    `now` is the wall's time, `present` the time after which the future begins: a replay has its
    own.
    """
    bodies = [parse(ReadingBody, body)]
    [reading] = _readings(bodies, [""], source, catalogue, now, present)
    return reading


def accept_batch(
    body: bytes, source: str, catalogue: Catalogue, now: datetime, present: datetime
) -> list[Reading]:
    """Return all readings in a body of `/v1/readings/batch`. Raises RequestRefused."""
    bodies = parse(BatchBody, body).readings
    prefixes = [f"readings[{index}]." for index in range(len(bodies))]
    return _readings(bodies, prefixes, source, catalogue, now, present)


def _readings(
    bodies: Sequence[ReadingBody],
    prefixes: Sequence[str],
    source: str,
    catalogue: Catalogue,
    now: datetime,
    present: datetime,
) -> list[Reading]:
    problems: list[RequestProblem] = []
    first: dict[str, str] = {}
    readings: list[Reading] = []
    source_prefix = id_prefix(source)
    for body, prefix in zip(bodies, prefixes, strict=True):
        earlier = first.setdefault(body.id, prefix)
        if earlier is not prefix:
            message = f"id {body.id} is also that of {earlier.rstrip('.')}"
            kind = ProblemKind.DUPLICATE_ID
            problems.append(RequestProblem(kind, f"{prefix}id", message, "each id once"))
        sensor = catalogue.get(body.sensor_id)
        if sensor is None:
            message = f"sensor {body.sensor_id} is not catalogued"
            kind = ProblemKind.UNKNOWN_SENSOR
            problems.append(RequestProblem(kind, f"{prefix}sensor_id", message))
            continue
        if not (
            body.metric == sensor.metric and body.unit == sensor.unit and body.datum == sensor.datum
        ):
            problems += _mismatches(body, sensor, prefix)
        if (body.status is Status.SYSTEM) is not (sensor.sensor_kind == CANARY):
            problems.append(_wrong_status(body, sensor, prefix))
        if not OLDEST <= body.occurred_at <= present + FUTURE:
            problems += time_problems(body.occurred_at, now, prefix, present)
        if not problems:
            readings.append(_reading(body, source_prefix + body.id, sensor, now))
    if problems:
        raise RequestRefused(problems)
    return readings


def _reading(body: ReadingBody, record_id: str, sensor: SensorEntry, now: datetime) -> Reading:
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
    )


def _wrong_status(body: ReadingBody, sensor: SensorEntry, prefix: str) -> RequestProblem:
    """Return the problem of a real sensor's reading that would be hidden, or of a shown canary."""
    expected = Status.SYSTEM if sensor.sensor_kind == CANARY else ", ".join(get_args(DoorStatus))
    message = f"{body.status} is no status of {sensor.sensor_id}"
    return RequestProblem(ProblemKind.SCHEMA, f"{prefix}status", message, expected)


def _mismatches(body: ReadingBody, sensor: SensorEntry, prefix: str) -> list[RequestProblem]:
    compared = (
        (ProblemKind.METRIC_MISMATCH, "metric", body.metric, sensor.metric),
        (ProblemKind.UNIT_MISMATCH, "unit", body.unit, sensor.unit),
        (ProblemKind.DATUM_MISMATCH, "datum", body.datum, sensor.datum),
    )
    return [
        RequestProblem(
            kind,
            f"{prefix}{name}",
            f"{sent or 'none'} is not the {name} of {sensor.sensor_id}",
            catalogued or "none",
        )
        for kind, name, sent, catalogued in compared
        if sent != catalogued
    ]
