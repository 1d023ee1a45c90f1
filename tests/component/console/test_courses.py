"""The course of a command and of a case: who had signed and reported when, as in a recount."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.console.core.definitions import Definitions
from shared.contracts.assignments import AssignmentState
from shared.runtime.clock import SystemClock
from tests.support.console_events import (
    VILLAGE,
    ZHUTUO,
    a_command,
    a_rule,
    an_alarm,
    an_alert,
    an_assignment,
)
from tests.support.console_harness import GAUGE, ConsoleHarness
from tests.support.sensor_history import store_history


async def test_the_course_of_a_command_counts_like_its_assignments(
    console: ConsoleHarness,
) -> None:
    now = SystemClock().now()
    alarm = an_alarm("flood").model_copy(update={"started_at": now - timedelta(hours=3)})
    alert = an_alert("flood", alarm_ids=(alarm.alarm_id,))
    command = a_command("flood", alert=alert.alert_id, at=now - timedelta(hours=2))
    signed = [now - timedelta(minutes=110 - 3 * turn) for turn in range(6)]
    assignments = [
        an_assignment(command, f"{VILLAGE}/grid/{turn:03}", AssignmentState.SIGNED).model_copy(
            update={"signed_at": at}
        )
        for turn, at in enumerate(signed, start=1)
    ]
    waiting = an_assignment(command, ZHUTUO, AssignmentState.DELIVERED)
    await console.project([alarm, alert, command, *assignments, waiting])
    console.deps.part(Definitions).put_rule(a_rule())
    points = [
        ((now - timedelta(minutes=10 * (30 - n))).timestamp(), 211 + n / 10) for n in range(30)
    ]
    await store_history(console.deps.database, GAUGE, points)
    async with console.client("o-city-b") as client:
        path = f"/api/commands/{command.command_id}/course"
        answer = await client.get(path)
        assert answer.status_code == 200, answer.text
        course = answer.json()
        assert (course["total"], course["points"][-1]["signed"]) == (7, 6)
        for point in course["points"]:
            at = datetime.fromisoformat(point["at"]) + timedelta(milliseconds=1)
            assert point["signed"] == sum(moment <= at for moment in signed)
        case = (await client.get(f"/api/cases/{alert.alert_id}/course")).json()
        assert case == course
        page = (await client.get(f"/api/cases/{alert.alert_id}/export?format=html")).text
        assert page.count('<svg class="chart"') == 2
        assert "橙色 212 Orange 212" in page
        pdf = await client.get(f"/api/cases/{alert.alert_id}/export?format=pdf")
        assert pdf.content.startswith(b"%PDF")
    async with console.client("o-village-b") as client:
        assert (await client.get(path)).json()["total"] == 6
    async with console.client("o-songji-b") as client:
        assert (await client.get(path)).status_code == 404
