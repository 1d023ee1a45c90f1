"""The weekly report: the figures of the load, commands with signing times, within the rights."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.console.features.load.views import CHINA
from services.console.features.load.week_report import week_of
from shared.contracts.assignments import AssignmentState
from shared.contracts.fields import Level, Status
from shared.contracts.supervision import SupervisionKind
from tests.component.console.test_case_exports import read_pdf
from tests.support.console_events import (
    DISTRICT,
    SONGJI,
    VILLAGE,
    ZHUTUO,
    a_command,
    a_page,
    a_supervision,
    an_alarm,
    an_alert,
    an_assignment,
)
from tests.support.console_harness import ConsoleHarness

AT = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
WEEK = "2026-W48"


async def report(
    console: ConsoleHarness, officer: str = "o-district-b", expected: int = 200, **query: Any
) -> Any:
    async with console.client(officer) as client:
        parameters = {"week": WEEK, **query}
        answer = await client.get("/api/load/weekly", params=parameters, timeout=60)
    assert answer.status_code == expected, answer.text
    return answer


def a_week(status: Status = Status.ACTUAL) -> list[Any]:
    """Return a week with three alarms, an incident, two pages, and a command signed late."""
    command = a_command("week", ZHUTUO, at=AT, title="沿江巡查", status=status)
    signed = an_assignment(command, ZHUTUO, AssignmentState.SIGNED).model_copy(
        update={"signed_at": AT + timedelta(minutes=42)}
    )
    open_one = an_assignment(command, VILLAGE)
    alarms = [
        an_alarm(f"w{number}", level=level).model_copy(update={"sent_at": AT, "status": status})
        for number, level in enumerate((Level.ORANGE, Level.ORANGE, Level.BLUE))
    ]
    return [
        *alarms,
        an_alert("w", at=AT, status=status),
        *(a_page("o-town-b", ZHUTUO, name=f"w{n}", at=AT, status=status) for n in range(2)),
        command,
        signed,
        open_one,
        a_supervision(open_one, kind=SupervisionKind.OVERDUE),
    ]


async def test_the_report_has_figures_commands_and_the_overdue(console: ConsoleHarness) -> None:
    await console.project(a_week())
    answer = await report(console)
    assert answer.headers["content-type"] == "application/pdf"
    assert f"500118000000-{WEEK}.pdf" in answer.headers["content-disposition"]
    text = read_pdf(answer.content)[0]
    for words in (
        "工作周报", "Weeklyreport", WEEK, "2026-11-23–2026-11-29", "阈值threshold", "沿江巡查",
        "0:42:00", "1/2", "超期单位", "2026-11-2510:00:00",
    ):  # fmt: skip
        assert words in text, words
    assert "演练" not in text
    assert "李远" not in text, "a B post sees the own pages only"
    (row,) = [part for part in text.split("2026-11-25")[1:] if part.startswith("03")]
    assert row.startswith("031121"), "readings, alarms, alerts, incidents, pages, officers"


async def test_a_drill_is_marked_and_in_no_real_figure(console: ConsoleHarness) -> None:
    await console.project(a_week(Status.EXERCISE))
    drill = read_pdf((await report(console, status="Exercise")).content)[0]
    assert "演练·非真实事件" in drill
    assert "沿江巡查" in drill
    real = read_pdf((await report(console)).content)[0]
    assert "沿江巡查" not in real
    assert "本周没有告警" in real


async def test_only_who_sees_the_place_gets_its_report(console: ConsoleHarness) -> None:
    await console.project(a_week())
    await report(console, "o-songji-b", 403, place=ZHUTUO)
    own = read_pdf((await report(console, "o-songji-b")).content)[0]
    assert "沿江巡查" not in own
    assert SONGJI not in read_pdf((await report(console, "o-town-b")).content)[0]
    for week in ("2026-W54", "2026-W00", "2026-48", "W48"):
        await report(console, expected=422, week=week)
    leader = read_pdf((await report(console, "o-city-a", place=DISTRICT)).content)[0]
    assert "李远" in leader


@pytest.mark.parametrize(
    ("name", "first"),
    [("2026-W01", "2025-12-29"), ("2026-W48", "2026-11-23"), ("2026-W53", "2026-12-28")],
)
def test_a_week_begins_on_monday_in_china(name: str, first: str) -> None:
    week = week_of(name)
    assert week.begin.isoformat() == f"{first}T00:00:00+08:00"
    assert week.end - week.begin == timedelta(days=7)
    assert week.begin.astimezone(CHINA).isoweekday() == 1
