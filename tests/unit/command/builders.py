"""Values the core's tests start from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from services.command.core.assignments.model import Assignment, OfficerStep
from services.command.core.assignments.states import State
from services.command.core.commands.model import Command
from shared.contracts.assignments import Step
from shared.contracts.commands import CommandState
from shared.contracts.fields import Level, Status, Tier
from shared.definitions.response_plans.orders import Brief

NOW = datetime(2026, 7, 1, 8, tzinfo=UTC)
CITY, DISTRICT = "500000000000", "500118000000"
TOWN, VILLAGE = "500118118000", "500118118201"
GRID, MICROGRID = f"{VILLAGE}/grid/001", f"{VILLAGE}/grid/001/01"


def after(seconds: float) -> datetime:
    """`seconds` after NOW."""
    return NOW + timedelta(seconds=seconds)


def an_assignment(**change: Any) -> Assignment:
    """A village's assignment delivered NOW: to be signed in 12 s, finished in 60 s."""
    return Assignment(
        **{
            "assignment_id": "asg-1",
            "command_id": "cmd-1",
            "status": Status.ACTUAL,
            "unit": VILLAGE,
            "unit_tier": Tier.VILLAGE,
            "parent_unit": TOWN,
            "synthetic": False,
            "version": 1,
            "state": State.DELIVERED,
            "attempt": 1,
            "sign_by": after(12),
            "finish_by": after(60),
            "changed_at": NOW,
            **change,
        }
    )


def a_command(**change: Any) -> Command:
    """An open command of the district."""
    return Command(
        **{
            "command_id": "cmd-1",
            "status": Status.ACTUAL,
            "version": 1,
            "state": CommandState.ISSUED,
            "alert_id": "alt-1",
            "current_alert_id": "alt-1",
            "event_type": "11A01",
            "level": Level.RED,
            "root": DISTRICT,
            "issuer_unit": DISTRICT,
            "title": "防汛红色指令",
            "instruction": "转移",
            "areas": (TOWN,),
            "recipients": 1,
            "recipients_digest": "0" * 64,
            "briefs": (Brief("防汛红色指令", "转移"),),
            "plan_id": None,
            "plan_version": None,
            "sign_by": after(12),
            "finish_by": after(60),
            "trace_id": "trace-1",
            "actor": None,
            **change,
        }
    )


def an_act(step: Step, text: str = "") -> OfficerStep:
    """A step of the village's officer."""
    return OfficerStep(step, f"ack-{step}", "officer-1", VILLAGE, text, NOW)
