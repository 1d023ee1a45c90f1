"""A test alarm: a reading of a drill goes out, and its course is told to the last signature."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from shared.contracts.assignments import AssignmentState
from shared.contracts.fields import Level, Status
from shared.contracts.readings import Reading
from shared.contracts.topics import READINGS
from tests.component.console.test_reachability import ask
from tests.support.console_events import (
    VILLAGE,
    ZHUTUO,
    a_command,
    an_alarm,
    an_alert,
    an_assignment,
)
from tests.support.console_harness import GAUGE, ConsoleHarness

BODY = {"sensor_id": GAUGE.sensor_id, "value": 212.4}


async def send(
    console: ConsoleHarness, body: Any = None, code: int = 202, officer: str = "o-town-b"
) -> Any:
    answer = await ask(console, officer, "POST", "/api/drills/readings", json=body or BODY)
    assert answer.status_code == code, answer.text
    return answer.json()


async def course(
    console: ConsoleHarness, reading_id: str, code: int = 200, officer: str = "o-town-b"
) -> Any:
    path = f"/api/drills/readings/{reading_id}/course"
    answer = await ask(console, officer, "GET", path)
    assert answer.status_code == code, answer.text
    return answer.json()


def done(answer: Any) -> list[str]:
    return [step["step"] for step in answer["steps"] if step["at"] is not None]


async def test_the_reading_is_one_of_the_drill_with_the_facts_of_the_sensor(
    console: ConsoleHarness,
) -> None:
    first, second = await send(console), await send(console)
    assert (first["id"], first["repeated"], second["repeated"]) == (second["id"], False, True)
    records = [record for record in console.kafka.sent if record.topic == READINGS.name]
    reading = Reading.from_wire(records[0].body)
    assert (reading.status, reading.value) == (Status.EXERCISE, 212.4)
    assert (reading.metric, reading.unit, reading.datum) == ("water_level", "m", "吴淞")
    assert (records[0].key, reading.trace_id) == (GAUGE.sensor_id.encode(), first["id"])


async def test_the_course_goes_on_step_by_step_to_the_last_signature(
    console: ConsoleHarness,
) -> None:
    reading_id = (await send(console))["id"]
    assert done(await course(console, reading_id)) == ["reading"]
    later = console.deps.clock.now() + timedelta(seconds=1)
    alarm = an_alarm("drill", level=Level.ORANGE).model_copy(
        update={"status": Status.EXERCISE, "occurred_at": later, "sent_at": later}
    )
    alert = an_alert("drill", status=Status.EXERCISE).model_copy(
        update={"alarm_ids": (alarm.alarm_id,), "began_at": later}
    )
    await console.project([alarm, alert])
    answer = await course(console, reading_id)
    assert done(answer) == ["reading", "alarm", "alert"]
    assert (answer["level"], answer["alert_id"]) == ("orange", alert.alert_id)
    command = a_command("drill", status=Status.EXERCISE, alert=alert.alert_id)
    delivered, signed = AssignmentState.DELIVERED, AssignmentState.SIGNED
    units = (ZHUTUO, VILLAGE)
    await console.project([command, *(an_assignment(command, unit, delivered) for unit in units)])
    assert done(await course(console, reading_id))[-2:] == ["issued", "command"]
    await console.project([an_assignment(command, ZHUTUO, signed, version=2)])
    answer = await course(console, reading_id)
    assert (done(answer)[-1], answer["complete"]) == ("signed", False)
    assert [(row["tier"], row["signed"], row["total"]) for row in answer["tiers"]] == [
        ("town", 1, 1), ("village", 0, 1)
    ]  # fmt: skip
    await console.project([an_assignment(command, VILLAGE, signed, version=2)])
    answer = await course(console, reading_id)
    assert (done(answer)[-1], answer["complete"]) == ("last_signed", True)


async def test_a_test_alarm_is_for_those_who_command_at_the_place(
    console: ConsoleHarness,
) -> None:
    await send(console, code=403, officer="o-songji-b")
    await send(console, {"sensor_id": "none", "value": 1}, 404)
    await send(console, {"sensor_id": GAUGE.sensor_id, "value": "NaN"}, 422)
    reading_id = (await send(console))["id"]
    await course(console, reading_id, 403, "o-songji-b")
    await course(console, "drd-none", 404)
