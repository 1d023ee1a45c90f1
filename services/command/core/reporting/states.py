"""The lifecycle of an obligation to report an incident upward 上报."""

from __future__ import annotations

from services.command.core.transitions import IllegalStep, next_state
from shared.contracts.lifecycles.report_duty import (
    FINAL,
    INITIAL,
    TRANSITIONS,
    ReportDutyTrigger,
    State,
)

__all__ = ["FINAL", "INITIAL", "TRANSITIONS", "IllegalStep", "ReportDutyTrigger", "State", "step"]


def step(state: State, event: ReportDutyTrigger) -> State:
    """Return the next state; raise IllegalStep when the table has no `event` for `state`."""
    return next_state(TRANSITIONS, state, event, "an obligation")
