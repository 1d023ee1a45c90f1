"""The states of one page; notify applies the steps. A step that is not in the table is refused.

- A system fact (sent, delivered, read) is never taken back.
- An answer counts at any time: also after the time for it, or after the channel reported a failure.
- A page that has failed is sent after all when its carrier comes back while the page is still true.
- A receipt of the device may arrive before notify has stored that the page was sent.
- A page that needs no answer any more is withdrawn, because its subject is settled or another
  officer has answered. So no record claims an answer that was not given, and no officer is recorded
  as silent whose answer was not needed.
"""

from __future__ import annotations

from enum import StrEnum

from shared.contracts.lifecycles.verbs import verbs_by_state
from shared.contracts.pages import AnswerVerb, PageState


class PageTrigger(StrEnum):
    """The events of a page."""

    SENT = "sent"
    FAILED = "failed"
    DELIVERED = "delivered"
    READ = "read"
    ANSWERED = "answered"
    TIMED_OUT = "timed_out"
    WITHDRAWN = "withdrawn"


INITIAL = PageState.QUEUED

TRANSITIONS: dict[PageState, dict[PageTrigger, PageState]] = {
    PageState.QUEUED: {
        PageTrigger.SENT: PageState.SENT,
        PageTrigger.FAILED: PageState.FAILED,
        PageTrigger.DELIVERED: PageState.DELIVERED,
        PageTrigger.READ: PageState.READ,
        PageTrigger.ANSWERED: PageState.ANSWERED,
        PageTrigger.TIMED_OUT: PageState.NO_ANSWER,
        PageTrigger.WITHDRAWN: PageState.WITHDRAWN,
    },
    PageState.SENT: {
        PageTrigger.DELIVERED: PageState.DELIVERED,
        PageTrigger.READ: PageState.READ,
        PageTrigger.ANSWERED: PageState.ANSWERED,
        PageTrigger.TIMED_OUT: PageState.NO_ANSWER,
        PageTrigger.WITHDRAWN: PageState.WITHDRAWN,
    },
    PageState.DELIVERED: {
        PageTrigger.READ: PageState.READ,
        PageTrigger.ANSWERED: PageState.ANSWERED,
        PageTrigger.TIMED_OUT: PageState.NO_ANSWER,
        PageTrigger.WITHDRAWN: PageState.WITHDRAWN,
    },
    PageState.READ: {
        PageTrigger.ANSWERED: PageState.ANSWERED,
        PageTrigger.TIMED_OUT: PageState.NO_ANSWER,
        PageTrigger.WITHDRAWN: PageState.WITHDRAWN,
    },
    PageState.NO_ANSWER: {PageTrigger.ANSWERED: PageState.ANSWERED},
    PageState.WITHDRAWN: {PageTrigger.ANSWERED: PageState.ANSWERED},
    PageState.FAILED: {
        PageTrigger.SENT: PageState.SENT,
        PageTrigger.ANSWERED: PageState.ANSWERED,
    },
    PageState.ANSWERED: {},
}

FINAL = frozenset({PageState.ANSWERED})
"""States that no step leaves. `no_answer`, `withdrawn` and `failed` still take a late step."""

WAITING = frozenset({PageState.QUEUED, PageState.SENT, PageState.DELIVERED, PageState.READ})
"""States in which an answer is still expected."""

STEPS: dict[AnswerVerb, PageTrigger] = {
    AnswerVerb.DELIVERED: PageTrigger.DELIVERED,
    AnswerVerb.READ: PageTrigger.READ,
    AnswerVerb.COMING: PageTrigger.ANSWERED,
    AnswerVerb.CANNOT: PageTrigger.ANSWERED,
    AnswerVerb.HAND_OVER: PageTrigger.ANSWERED,
    AnswerVerb.NEED_HELP: PageTrigger.ANSWERED,
}
"""The step of a page for each receipt or answer."""
VERBS: dict[PageState, frozenset[AnswerVerb]] = verbs_by_state(
    TRANSITIONS, {verb: (step,) for verb, step in STEPS.items()}
)
"""The receipts and answers that are accepted in each state."""
