"""The lifecycle of a page as one table; notify steps by it.

An event that the table does not name is refused and changes nothing. A system fact (sent,
delivered, read) never goes backwards. An answer counts at any time, also after its deadline or
after a failure reported by the channel. The receipt of a device may overtake our own note of the
sending. A page that needs no answer any more (its subject is settled, another officer has answered)
is withdrawn: nobody may claim an answer that was not given, and no officer counts as silent without
need.
"""

from __future__ import annotations

from enum import StrEnum

from shared.contracts.lifecycles.verbs import verbs_by_state
from shared.contracts.pages import AnswerVerb, PageState


class PageStep(StrEnum):
    """The events of a page."""

    SENT = "sent"
    FAILED = "failed"
    DELIVERED = "delivered"
    READ = "read"
    ANSWERED = "answered"
    TIMED_OUT = "timed_out"
    WITHDRAWN = "withdrawn"


INITIAL = PageState.QUEUED

TRANSITIONS: dict[PageState, dict[PageStep, PageState]] = {
    PageState.QUEUED: {
        PageStep.SENT: PageState.SENT,
        PageStep.FAILED: PageState.FAILED,
        PageStep.DELIVERED: PageState.DELIVERED,
        PageStep.READ: PageState.READ,
        PageStep.ANSWERED: PageState.ANSWERED,
        PageStep.TIMED_OUT: PageState.NO_ANSWER,
        PageStep.WITHDRAWN: PageState.WITHDRAWN,
    },
    PageState.SENT: {
        PageStep.DELIVERED: PageState.DELIVERED,
        PageStep.READ: PageState.READ,
        PageStep.ANSWERED: PageState.ANSWERED,
        PageStep.TIMED_OUT: PageState.NO_ANSWER,
        PageStep.WITHDRAWN: PageState.WITHDRAWN,
    },
    PageState.DELIVERED: {
        PageStep.READ: PageState.READ,
        PageStep.ANSWERED: PageState.ANSWERED,
        PageStep.TIMED_OUT: PageState.NO_ANSWER,
        PageStep.WITHDRAWN: PageState.WITHDRAWN,
    },
    PageState.READ: {
        PageStep.ANSWERED: PageState.ANSWERED,
        PageStep.TIMED_OUT: PageState.NO_ANSWER,
        PageStep.WITHDRAWN: PageState.WITHDRAWN,
    },
    PageState.NO_ANSWER: {PageStep.ANSWERED: PageState.ANSWERED},
    PageState.WITHDRAWN: {PageStep.ANSWERED: PageState.ANSWERED},
    PageState.FAILED: {PageStep.ANSWERED: PageState.ANSWERED},
    PageState.ANSWERED: {},
}

FINAL = frozenset({PageState.ANSWERED})
"""Nothing follows these. `no_answer`, `withdrawn` and `failed` still take a late answer."""

WAITING = frozenset({PageState.QUEUED, PageState.SENT, PageState.DELIVERED, PageState.READ})
"""An answer is still expected."""

STEPS: dict[AnswerVerb, PageStep] = {
    AnswerVerb.DELIVERED: PageStep.DELIVERED,
    AnswerVerb.READ: PageStep.READ,
    AnswerVerb.COMING: PageStep.ANSWERED,
    AnswerVerb.CANNOT: PageStep.ANSWERED,
    AnswerVerb.HAND_OVER: PageStep.ANSWERED,
}
"""What a receipt or an answer is for the page."""
VERBS: dict[PageState, frozenset[AnswerVerb]] = verbs_by_state(
    TRANSITIONS, {verb: (step,) for verb, step in STEPS.items()}
)
"""The receipts and answers that a state takes."""
