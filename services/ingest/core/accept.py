"""May this body become records? All that is wrong at once, each with its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from services.ingest.core import strict_json
from services.ingest.core.bodies import BatchBody, ReadingBody, ReportBody
from services.ingest.core.refusals import Problem, Refusal, Refused
from shared.contracts.catalog import SensorEntry
from shared.contracts.readings import Reading
from shared.contracts.reports import Report
from shared.contracts.units import tier_of

FUTURE = timedelta(seconds=120)
"""How far a source's clock may run ahead of Kafka's (core/ticks.py)."""
OLDEST = datetime(2000, 1, 1, tzinfo=UTC)
"""Nothing observed before this is news; it is a clock that was never set."""

B = TypeVar("B", bound=BaseModel)
Catalogue = Mapping[str, SensorEntry]


def id_prefix(source: str) -> str:
    """What stands before a source's own id in the log.

    So no source can take the id of another one's record, or of ours: a source's name has no colon, and
    ids of ours have none.
    """
    return f"{source}:"


def one_reading(
    body: bytes, source: str, catalogue: Catalogue, now: datetime, present: datetime
) -> list[Reading]:
    """The reading in a body of /v1/readings; raises Refused.

    `now` is the wall's time, `present` the one after which the future begins: a replay has its own.
    """
    return _readings([_parse(ReadingBody, body)], [""], source, catalogue, now, present)


def many_readings(
    body: bytes, source: str, catalogue: Catalogue, now: datetime, present: datetime
) -> list[Reading]:
    """The readings in a body of /v1/readings/batch; raises Refused, for all or none."""
    batch = _parse(BatchBody, body).readings
    places = [f"readings[{index}]." for index in range(len(batch))]
    return _readings(batch, places, source, catalogue, now, present)


def one_report(body: bytes, source: str, now: datetime) -> Report:
    """The report in a body of /v1/reports; raises Refused."""
    report_body = _parse(ReportBody, body)
    if problems := list(_time_problems(report_body.occurred_at, now, "")):
        raise Refused(problems)
    fields = report_body.model_dump()
    fields["id"] = id_prefix(source) + report_body.id
    return Report(
        **fields,
        sent_at=now,
        origin_unit=report_body.place,
        tier=tier_of(report_body.place),
        areas=(report_body.place,),
        trace_id=fields["id"],
    )


def _readings(
    given: Sequence[ReadingBody],
    places: Sequence[str],
    source: str,
    catalogue: Catalogue,
    now: datetime,
    present: datetime,
) -> list[Reading]:
    problems: list[Problem] = []
    first: dict[str, str] = {}
    readings: list[Reading] = []
    prefix = id_prefix(source)
    for reading, place in zip(given, places, strict=True):
        earlier = first.setdefault(reading.id, place)
        if earlier is not place:
            what = f"id {reading.id} is also that of {earlier.rstrip('.')}"
            problems.append(Problem(Refusal.DUPLICATE_ID, f"{place}id", what, "each id once"))
        sensor = catalogue.get(reading.sensor_id)
        if sensor is None:
            what = f"sensor {reading.sensor_id} is not catalogued"
            problems.append(Problem(Refusal.UNKNOWN_SENSOR, f"{place}sensor_id", what))
            continue
        if not (
            reading.metric == sensor.metric
            and reading.unit == sensor.unit
            and reading.datum == sensor.datum
        ):
            problems += _mismatches(reading, sensor, place)
        if not OLDEST <= reading.occurred_at <= present + FUTURE:
            problems += _time_problems(reading.occurred_at, now, place, present)
        if not problems:
            readings.append(_reading(reading, prefix + reading.id, sensor, now))
    if problems:
        raise Refused(problems)
    return readings


def _reading(given: ReadingBody, own_id: str, sensor: SensorEntry, now: datetime) -> Reading:
    return Reading(
        id=own_id,
        status=given.status,
        occurred_at=given.occurred_at,
        sent_at=now,
        origin_unit=sensor.place,
        tier=tier_of(sensor.place),
        sensor_id=given.sensor_id,
        metric=given.metric,
        value=given.value,
        unit=given.unit,
        datum=given.datum,
        synthetic=given.synthetic or sensor.synthetic,
    )


def _mismatches(reading: ReadingBody, sensor: SensorEntry, place: str) -> list[Problem]:
    compared = (
        (Refusal.METRIC_MISMATCH, "metric", reading.metric, sensor.metric),
        (Refusal.UNIT_MISMATCH, "unit", reading.unit, sensor.unit),
        (Refusal.DATUM_MISMATCH, "datum", reading.datum, sensor.datum),
    )
    return [
        Problem(
            reason,
            f"{place}{name}",
            f"{said or 'none'} is not the {name} of {sensor.sensor_id}",
            catalogued or "none",
        )
        for reason, name, said, catalogued in compared
        if said != catalogued
    ]


def _time_problems(
    occurred_at: datetime, now: datetime, place: str, present: datetime | None = None
) -> list[Problem]:
    present = present or now
    if occurred_at > present + FUTURE:
        latest = (present + FUTURE).isoformat(timespec="seconds")
        what = f"{occurred_at.isoformat()} lies in the future"
        if present != now:
            shown = present.isoformat(timespec="seconds")
            what += f": a replay runs here, and its clock shows {shown}"
        return [Problem(Refusal.FUTURE_TIME, f"{place}occurred_at", what, f"at most {latest}")]
    if occurred_at < OLDEST:
        what = f"{occurred_at.isoformat()} is before the year 2000"
        return [Problem(Refusal.PAST_TIME, f"{place}occurred_at", what, OLDEST.isoformat())]
    return []


def _parse(kind: type[B], body: bytes) -> B:
    strict_json.check(body)
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        problems = _explain(error)
    raise Refused(problems)


def _explain(error: ValidationError) -> list[Problem]:
    problems = []
    for item in error.errors(include_input=False, include_url=False):
        match item["type"]:
            case "json_invalid":
                reason = Refusal.NOT_JSON
            case "finite_number":
                reason = Refusal.NOT_FINITE
            case _:
                reason = Refusal.SCHEMA
        expected = item.get("ctx", {}).get("expected") or item.get("ctx", {}).get("pattern")
        problems.append(
            Problem(reason, _path(item["loc"]), item["msg"], str(expected) if expected else None)
        )
    return problems


def _path(parts: Sequence[str | int]) -> str:
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path[:200] or "body"
