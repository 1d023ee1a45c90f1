"""The life of one page as one table; notify steps by it. An event that is not in it is refused and changes nothing.

The rules: a system fact (sent, delivered, read) never goes backwards; an answer counts whenever it
comes, also after the time is over or when the channel believed it had failed; the device's receipt
may overtake our own note that the page was sent. A page that needs no answer any more (its subject
is settled, somebody else has answered) is withdrawn: nobody may claim an answer that was not given,
and nobody is said to have been silent who was not waited for.
"""

from __future__ import annotations

from enum import StrEnum

from shared.contracts.lifecycles.verbs import verbs_by_state
from shared.contracts.pages import AnswerVerb, PageState


class PageStep(StrEnum):
    """What happens to a page."""

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
