"""Life of one page: one table. An event that is not in it is refused and changes nothing.

The rules: a system fact (sent, delivered, read) never goes backwards; an answer counts whenever it
comes, also after the time is over or when the channel believed it had failed; the device's receipt
may overtake our own note that the page was sent. A page that needs no answer any more (its subject
is settled, somebody else has answered) is withdrawn: nobody may claim an answer that was not given,
and nobody is said to have been silent who was not waited for.
"""

from __future__ import annotations

from enum import StrEnum

from shared.contracts.pages import PageState


class PageStep(StrEnum):
    """What happens to a page."""

    SENT = "sent"
    FAILED = "failed"
    DELIVERED = "delivered"
    READ = "read"
    ANSWERED = "answered"
    TIMED_OUT = "timed_out"
    WITHDRAWN = "withdrawn"


class IllegalStep(Exception):
    """The step is not possible in this state; nothing was changed."""

    def __init__(self, state: PageState, event: PageStep) -> None:
        super().__init__(f"{event} is not possible for a page that is {state}")
        self.state = state
        self.event = event


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


def step(state: PageState, event: PageStep) -> PageState:
    """The next state; raises IllegalStep."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise IllegalStep(state, event) from None
