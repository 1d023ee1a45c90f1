"""What an answer means: one table from the verb to the page's step and the ladder's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.notify.core.ladders import Ladder
from services.notify.core.profiles import LONGEST_PROMISE_S, MOST_LAPSES, Timing
from services.notify.core.states import PageStep
from shared.contracts.fields import Status
from shared.contracts.lifecycles.page import STEPS
from shared.contracts.pages import Answer, AnswerVerb, Page


class Ending(StrEnum):
    """What an answer does to the calling."""

    NOTHING = "nothing"
    STOP = "stop"
    NEXT = "next"


@dataclass(frozen=True, slots=True)
class Effect:
    """The page's step, and whether the ladder stops or goes on to the next rung at once."""

    page: PageStep
    ladder: Ending


EFFECTS: dict[AnswerVerb, Effect] = {
    AnswerVerb.DELIVERED: Effect(STEPS[AnswerVerb.DELIVERED], Ending.NOTHING),
    AnswerVerb.READ: Effect(STEPS[AnswerVerb.READ], Ending.NOTHING),
    AnswerVerb.COMING: Effect(STEPS[AnswerVerb.COMING], Ending.STOP),
    AnswerVerb.CANNOT: Effect(STEPS[AnswerVerb.CANNOT], Ending.NEXT),
    AnswerVerb.HAND_OVER: Effect(STEPS[AnswerVerb.HAND_OVER], Ending.NEXT),
}


def promised(answer: Answer, ladder: Ladder, timing: Timing, now: datetime) -> datetime | None:
    """Until when who is coming will have acted; None when nothing is owed or trust is used up."""
    if not ladder.owes_an_act or ladder.lapses >= MOST_LAPSES:
        return None
    said = answer.arrive_by or now + timedelta(seconds=timing.promise_s)
    return min(said, now + timedelta(seconds=LONGEST_PROMISE_S))


class Refusal(StrEnum):
    """Why an answer does not count."""

    UNKNOWN_PAGE = "unknown_page"
    NOT_THE_OFFICER = "not_the_officer"
    OTHER_STATUS = "other_status"


def refusal(answer: Answer, page: Page | None) -> Refusal | None:
    """None when the answer is about a page of this officer, in the same world (drill or real)."""
    if page is None:
        return Refusal.UNKNOWN_PAGE
    if answer.officer_id != page.officer_id:
        return Refusal.NOT_THE_OFFICER
    if Status(answer.status) is not page.status:
        return Refusal.OTHER_STATUS
    return None
