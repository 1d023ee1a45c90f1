"""The lifecycle of an assignment 交办 as one table; command steps by the table.

The design is our own (docs/sources.md S39); the steps are those of digital urban management
(docs/sources.md S20).

Rules: an event outside TRANSITIONS raises IllegalStep and changes nothing. A unit may report
straight after signing (accept 受理 and handle 办理 are optional). A return 退回 is possible until the
report. Only the issuer checks, sends back and closes.

Queued 待下达 lasts for the transaction of the issue: the first row and the first record are in state
delivered. Sent back 驳回重办 is a transition: a new attempt begins in DELIVERED; a returning case
(reopen) begins there too. Extended 延期 and late are facts of the assignment (extensions,
original_finish_by; late) and no states, since the work continues. Requests, extensions, refusals
and splits keep the state. Suspended 挂起 keeps the state before, hence four ways back; both deadlines
are paused during a suspension. WAIVED 豁免, REASSIGNED 转办 and RECALLED 收回 are final; only a returning
case leaves DONE. PARTIES in contracts/assignments.py names the party of each step.
"""

from __future__ import annotations

from enum import StrEnum

from shared.contracts.assignments import AssignmentState, Step
from shared.contracts.lifecycles.verbs import verbs_by_state

State = AssignmentState


class AssignmentTrigger(StrEnum):
    """The events of an assignment: the steps of people and the acts of the system.

    A step has the same word as its event, except resume: its event names the target state.
    """

    DELIVER = "deliver"
    SIGN = "sign"
    ACCEPT = "accept"
    HANDLE = "handle"
    REPORT = "report"
    RETURN = "return"
    SPLIT = "split"
    ASK_SUSPEND = "ask_suspend"
    ASK_EXTEND = "ask_extend"
    CHECK = "check"
    SEND_BACK = "send_back"
    CLOSE = "close"
    SUSPEND = "suspend"
    EXTEND = "extend"
    REFUSE = "refuse"
    RESUME_DELIVERED = "resume_delivered"
    RESUME_SIGNED = "resume_signed"
    RESUME_ACCEPTED = "resume_accepted"
    RESUME_HANDLING = "resume_handling"
    REASSIGN = "reassign"
    WAIVE = "waive"
    RECALL = "recall"
    REOPEN = "reopen"


_TAKEN_AWAY = {
    AssignmentTrigger.REASSIGN: State.REASSIGNED,
    AssignmentTrigger.WAIVE: State.WAIVED,
    AssignmentTrigger.RECALL: State.RECALLED,
}


def _in_work(state: State) -> dict[AssignmentTrigger, State]:
    """Return the transitions that are possible while the unit works on the assignment."""
    dealings = (
        AssignmentTrigger.SPLIT,
        AssignmentTrigger.ASK_SUSPEND,
        AssignmentTrigger.ASK_EXTEND,
        AssignmentTrigger.EXTEND,
        AssignmentTrigger.REFUSE,
    )
    return {
        AssignmentTrigger.REPORT: State.REPORTED,
        AssignmentTrigger.RETURN: State.RETURNED,
        **dict.fromkeys(dealings, state),
        AssignmentTrigger.SUSPEND: State.SUSPENDED,
        **_TAKEN_AWAY,
    }


TRANSITIONS: dict[State, dict[AssignmentTrigger, State]] = {
    State.QUEUED: {
        AssignmentTrigger.DELIVER: State.DELIVERED,
        AssignmentTrigger.RECALL: State.RECALLED,
    },
    State.DELIVERED: {
        AssignmentTrigger.SIGN: State.SIGNED,
        AssignmentTrigger.RETURN: State.RETURNED,
        AssignmentTrigger.EXTEND: State.DELIVERED,
        AssignmentTrigger.SUSPEND: State.SUSPENDED,
        **_TAKEN_AWAY,
    },
    State.SIGNED: {
        AssignmentTrigger.ACCEPT: State.ACCEPTED,
        AssignmentTrigger.HANDLE: State.HANDLING,
        **_in_work(State.SIGNED),
    },
    State.ACCEPTED: {AssignmentTrigger.HANDLE: State.HANDLING, **_in_work(State.ACCEPTED)},
    State.HANDLING: _in_work(State.HANDLING),
    State.REPORTED: {
        AssignmentTrigger.CHECK: State.CHECKED,
        AssignmentTrigger.SEND_BACK: State.DELIVERED,
        AssignmentTrigger.WAIVE: State.WAIVED,
        AssignmentTrigger.RECALL: State.RECALLED,
    },
    State.CHECKED: {
        AssignmentTrigger.CLOSE: State.DONE,
        AssignmentTrigger.WAIVE: State.WAIVED,
        AssignmentTrigger.RECALL: State.RECALLED,
    },
    State.DONE: {AssignmentTrigger.REOPEN: State.DELIVERED},
    State.RETURNED: {
        AssignmentTrigger.SEND_BACK: State.DELIVERED,
        AssignmentTrigger.REOPEN: State.DELIVERED,
        **_TAKEN_AWAY,
    },
    State.SUSPENDED: {
        AssignmentTrigger.RESUME_DELIVERED: State.DELIVERED,
        AssignmentTrigger.RESUME_SIGNED: State.SIGNED,
        AssignmentTrigger.RESUME_ACCEPTED: State.ACCEPTED,
        AssignmentTrigger.RESUME_HANDLING: State.HANDLING,
        **_TAKEN_AWAY,
    },
    State.WAIVED: {},
    State.REASSIGNED: {},
    State.RECALLED: {},
}
INITIAL = State.QUEUED
FINAL = frozenset({State.WAIVED, State.REASSIGNED, State.RECALLED})
OVER = FINAL | {State.DONE}
"""Nobody has to do anything about it any more."""

CHAIN = (Step.SIGN, Step.ACCEPT, Step.HANDLE, Step.REPORT)
"""The recipient's way forward, in order."""
RANK: dict[State, int] = {
    State.QUEUED: -1,
    State.DELIVERED: 0,
    State.SIGNED: 1,
    State.ACCEPTED: 2,
    State.HANDLING: 3,
    State.REPORTED: 4,
    State.CHECKED: 5,
    State.DONE: 6,
}
"""How far along the chain a state is; the others are off it."""
RESUMES: dict[State, AssignmentTrigger] = {
    State.DELIVERED: AssignmentTrigger.RESUME_DELIVERED,
    State.SIGNED: AssignmentTrigger.RESUME_SIGNED,
    State.ACCEPTED: AssignmentTrigger.RESUME_ACCEPTED,
    State.HANDLING: AssignmentTrigger.RESUME_HANDLING,
}
"""The way back from a suspension, by the state that was suspended."""
SIGN_RUNS = frozenset({State.DELIVERED})
"""States in which the signing clock runs."""
FINISH_RUNS = frozenset({State.DELIVERED, State.SIGNED, State.ACCEPTED, State.HANDLING})
"""States in which the finishing clock runs."""
UNSIGNED = frozenset({State.QUEUED, State.DELIVERED})
"""States in which the unit has not signed yet."""
IN_WORK = FINISH_RUNS - UNSIGNED
"""States in which the unit has signed and works on it."""
SIGNED = frozenset(state for state, rank in RANK.items() if rank >= RANK[State.SIGNED])
"""States at or past the signature."""
REPORTED = frozenset(state for state, rank in RANK.items() if rank >= RANK[State.REPORTED])
"""States at or past the report."""
TAKEN_AWAY = frozenset({State.REASSIGNED, State.RECALLED})
"""States in which it is no longer the unit's, and does not count among the command's."""

EVENTS: dict[Step, frozenset[AssignmentTrigger]] = {
    step: frozenset(RESUMES.values())
    if step is Step.RESUME
    else frozenset({AssignmentTrigger(step)})
    for step in Step
}
"""What a step can cause; a resumption leads back to what was suspended."""
STEPS: dict[State, frozenset[Step]] = verbs_by_state(TRANSITIONS, EVENTS)
"""The steps that a state takes."""
