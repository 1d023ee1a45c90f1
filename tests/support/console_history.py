"""The records of a night in Yongchuan, with everything that the screens can show at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from shared.contracts.alerts import AlertState, AlertTransition
from shared.contracts.assignments import AssignmentState
from shared.contracts.fields import Level, Post, Status
from shared.contracts.supervision import SupervisionKind
from shared.contracts.units import parent_of
from tests.support.console_events import (
    CITY,
    DISTRICT,
    HOSTILE_TEXT,
    SONGJI,
    ZHUTUO,
    a_command,
    a_page,
    a_silent_sensor,
    a_supervision,
    an_alarm,
    an_alert,
    an_assignment,
    assignments,
    signed,
)


def history(units: Sequence[str], at: datetime, *, hostile: bool = False) -> list[Any]:
    """Return the records, sent around `at`."""

    def ago(seconds: int) -> datetime:
        return at - timedelta(seconds=seconds)

    flood = an_alert(
        "flood",
        state=AlertState.ISSUED,
        level=Level.ORANGE,
        version=5,
        at=ago(600),
        score=78,
        distinct_sources=3,
        alarm_ids=(an_alarm("flood").alarm_id,),
        signatures=(signed(CITY, "o-city-b", Level.ORANGE),),
        authority_unit=CITY,
        transition=AlertTransition.ISSUED,
        headline="长江朱沱(三) 212.36 m，超保证水位 0.36 m",
        text="上游来水持续增加，预计两小时内继续上涨。",
    )
    record = an_alert(
        "record",
        SONGJI,
        state=AlertState.PENDING_APPROVAL,
        proposed=Level.RED,
        version=4,
        at=ago(140),
        score=92,
        distinct_sources=4,
        signatures=(signed(CITY, "o-city-a", Level.RED),),
        signed=1,
        headline="长江松溉段 超历史最高水位，堤防渗水",
    )
    gas = an_alert(
        "gas",
        "500118100201",
        proposed=Level.YELLOW,
        approver=DISTRICT,
        at=ago(45),
        event_type="12:gas_leak",
        distinct_sources=2,
        score=55,
        headline=HOSTILE_TEXT[:200] if hostile else "青峰镇 可燃气体 27 %LEL，两个探测器一致",
    )
    rain = an_alert(
        "rain",
        "500118116000",
        state=AlertState.VERIFIED,
        proposed=Level.BLUE,
        approver=DISTRICT,
        version=2,
        at=ago(300),
        event_type="11B03",
        score=31,
        headline="三教镇 12 小时降雨 52 mm",
    )
    drill = an_alert(
        "drill",
        "500118110000",
        status=Status.EXERCISE,
        proposed=Level.RED,
        at=ago(200),
        headline="演练：五间镇 危化品泄漏",
        event_type="12:gas_leak",
    )
    order = a_command(
        "evacuate", DISTRICT, recipients=len(units), at=ago(580), alert=flood.alert_id
    )
    assigned = assignments(order, units, signed_share=0.72, done_share=0.31)
    late = [assignment for assignment in assigned if assignment.state is AssignmentState.DELIVERED]
    returned = an_assignment(
        order,
        "500118118202",
        AssignmentState.RETURNED,
        version=3,
        reason="道路中断，请重新明确范围",
    )
    practice = a_command(
        "practice",
        "500118110000",
        status=Status.EXERCISE,
        recipients=9,
        at=ago(150),
        level=Level.RED,
        title="演练：五间镇危化品泄漏疏散",
    )
    near = [
        assignment
        for assignment in late
        if assignment.unit.startswith("500118118") or len(assignment.unit) == 12
    ]
    return [
        an_alarm("flood"),
        flood,
        record,
        gas,
        rain,
        drill,
        order,
        *assigned,
        returned,
        practice,
        *assignments(practice, [unit for unit in units if unit.startswith("500118110")]),
        *(a_supervision(assignment, SupervisionKind.OVERDUE) for assignment in late[:40]),
        *(
            a_supervision(
                assignment,
                SupervisionKind.ESCALATED,
                rung=2,
                target=parent_of(assignment.unit),
                post=Post.A,
            )
            for assignment in near[:9]
        ),
        a_page(
            "o-town-b",
            ZHUTUO,
            name="flood",
            at=ago(30),
            text=HOSTILE_TEXT if hostile else "请核实水情。",
        ),
        a_page(
            "o-town-b",
            ZHUTUO,
            name="drill",
            at=ago(90),
            status=Status.EXERCISE,
            level=Level.RED,
            headline="【演练】五间镇 危化品泄漏 红色",
        ),
        a_page("o-songji-b", SONGJI, name="record", at=ago(100), level=Level.RED),
        a_silent_sensor("gas-0117", ZHUTUO),
        a_silent_sensor("rain-0042", SONGJI),
    ]
