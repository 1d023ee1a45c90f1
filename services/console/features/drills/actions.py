"""The start of a drill 演练: a report or a reading of status Exercise; what follows is the drill."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.console.core.access import Viewer
from services.console.core.action_record import ActionRecord, head
from shared.contracts.catalog import SensorEntry
from shared.contracts.fields import Level, Status
from shared.contracts.ids import content_id
from shared.contracts.readings import Reading
from shared.contracts.reports import Report, ReporterRole, ReportKind
from shared.contracts.topics import READINGS, REPORTS


@dataclass(frozen=True, slots=True)
class DrillScenario:
    """The scenario of a drill.

    `level` is played by the scenario; the officers decide the issued level.
    """

    title: str
    event_type: str
    level: Level
    place: str
    text: str


def start(
    viewer: Viewer, scenario: DrillScenario, idempotency_key: str | None, now: datetime
) -> ActionRecord:
    """Return the report that opens the drill's alert.

    Without a key, an equal scenario on an equal day (UTC) gives an equal id.
    """
    if idempotency_key is not None:
        report_id = content_id("drl", "key", viewer.officer_id, idempotency_key)
    else:
        scenario_fields = (
            scenario.title,
            scenario.event_type,
            scenario.level,
            scenario.place,
            scenario.text,
        )
        report_id = content_id("drl", viewer.officer_id, *scenario_fields, now.date().isoformat())
    incident_id = content_id("inc", report_id)
    common = head(
        viewer, {"status": Status.EXERCISE, "trace_id": report_id}, (scenario.place,), (), now
    )
    return ActionRecord(
        REPORTS,
        incident_id,
        Report(
            id=report_id,
            incident_id=incident_id,
            kind=ReportKind.INITIAL,
            event_type=scenario.event_type,
            place=scenario.place,
            reporter_id=viewer.officer_id,
            reporter_role=ReporterRole.OFFICER,
            headline=scenario.title,
            text=f"演练情景级别 scenario level: {scenario.level}\n{scenario.text}"[:4000].rstrip(),
            **common,
        ),
        viewer.officer_id,
    )


def drill_reading(
    viewer: Viewer, sensor: SensorEntry, value: float, idempotency_key: str | None, now: datetime
) -> ActionRecord:
    """Return a reading of status Exercise in the name of a sensor.

    Without a key, an equal value of an equal minute is the same reading.
    """
    moment = idempotency_key or now.isoformat(timespec="minutes")
    reading_id = content_id("drd", viewer.officer_id, sensor.sensor_id, str(value), moment)
    common = head(
        viewer, {"status": Status.EXERCISE, "trace_id": reading_id}, (sensor.place,), (), now
    )
    return ActionRecord(
        READINGS,
        sensor.sensor_id,
        Reading(
            id=reading_id,
            sensor_id=sensor.sensor_id,
            metric=sensor.metric,
            value=value,
            unit=sensor.unit,
            datum=sensor.datum,
            **common,
        ),
        viewer.officer_id,
    )
