"""The lifecycle of a unit's duty to report an incident upward 上报, as one table; command steps by
it.

The first report is due by phone and in writing; a written report meets both. Follow-ups are due as
long as the alert is in force; `lift` asks the units that have reported for the final report 终报. The
duty ends without a final report when the alert ends unreported, is false, or is recalled; a missed
deadline stays missed.
"""

from __future__ import annotations

from enum import StrEnum

from shared.contracts.reports import DutyState

State = DutyState


class ReportDutyTrigger(StrEnum):
    """The events of a duty: reports by means and kind, and the end of the alert."""

    PHONE = "phone"
    WRITE = "write"
    LIFT = "lift"
    FINISH = "finish"
    END = "end"


TRANSITIONS: dict[State, dict[ReportDutyTrigger, State]] = {
    State.OWED: {
        ReportDutyTrigger.PHONE: State.PHONED,
        ReportDutyTrigger.WRITE: State.WRITTEN,
        ReportDutyTrigger.LIFT: State.ENDED,
        ReportDutyTrigger.FINISH: State.DONE,
        ReportDutyTrigger.END: State.ENDED,
    },
    State.PHONED: {
        ReportDutyTrigger.WRITE: State.WRITTEN,
        ReportDutyTrigger.LIFT: State.CLOSING,
        ReportDutyTrigger.FINISH: State.DONE,
        ReportDutyTrigger.END: State.ENDED,
    },
    State.WRITTEN: {
        ReportDutyTrigger.LIFT: State.CLOSING,
        ReportDutyTrigger.FINISH: State.DONE,
        ReportDutyTrigger.END: State.ENDED,
    },
    State.CLOSING: {ReportDutyTrigger.FINISH: State.DONE, ReportDutyTrigger.END: State.ENDED},
    State.DONE: {},
    State.ENDED: {},
}
INITIAL = State.OWED
FINAL = frozenset({State.DONE, State.ENDED})
"""Nothing is owed any more."""
OPEN = frozenset(State) - FINAL
PHONE_OWED = frozenset({State.OWED})
"""The first report by phone is waited for."""
WRITTEN_OWED = frozenset({State.OWED, State.PHONED})
"""The first report in writing is waited for."""
FOLLOW_UP_OWED = frozenset({State.WRITTEN})
"""Follow-up reports are waited for."""
FINAL_OWED = frozenset({State.CLOSING})
"""The final report is waited for."""
