"""The effects of answers: the step of the page, and what becomes of the escalation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.notify.core.digests.states import DigestTrigger
from services.notify.core.escalation import reasons, states
from services.notify.core.escalation.engine import EscalationEngine
from services.notify.core.escalation.escalation import Escalation
from services.notify.core.escalation.profiles import LONGEST_PROMISE_S, MOST_LAPSES, Timing
from services.notify.core.escalation.states import EscalationState, EscalationTrigger
from services.notify.core.pages.page_row import PageRow
from services.notify.core.pages.states import PageTrigger
from services.notify.core.wording import escalations as wording
from shared.contracts.fields import Status
from shared.contracts.lifecycles.page import STEPS
from shared.contracts.pages import Answer, AnswerVerb, Page
from shared.contracts.units import lineage
from shared.domain.roster.post_holders import PostHolder


class CallEffect(StrEnum):
    """The effect of an answer on the calls.

    No effect; the calls stop, once the quorum is reached; the next call is made, in place of the
    officer or in addition.
    """

    NO_EFFECT = "no_effect"
    STOP = "stop"
    NEXT = "next"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class AnswerEffect:
    """The step of the page, and the effect on the calls."""

    page: PageTrigger
    calls: CallEffect


EFFECTS: dict[AnswerVerb, AnswerEffect] = {
    AnswerVerb.DELIVERED: AnswerEffect(STEPS[AnswerVerb.DELIVERED], CallEffect.NO_EFFECT),
    AnswerVerb.READ: AnswerEffect(STEPS[AnswerVerb.READ], CallEffect.NO_EFFECT),
    AnswerVerb.COMING: AnswerEffect(STEPS[AnswerVerb.COMING], CallEffect.STOP),
    AnswerVerb.CANNOT: AnswerEffect(STEPS[AnswerVerb.CANNOT], CallEffect.NEXT),
    AnswerVerb.HAND_OVER: AnswerEffect(STEPS[AnswerVerb.HAND_OVER], CallEffect.NEXT),
    AnswerVerb.NEED_HELP: AnswerEffect(STEPS[AnswerVerb.NEED_HELP], CallEffect.HELP),
}


class AnswerRefusal(StrEnum):
    """The reason why an answer is refused."""

    UNKNOWN_PAGE = "unknown_page"
    NOT_THE_OFFICER = "not_the_officer"
    OTHER_STATUS = "other_status"


class RefusedAnswer(Exception):
    """The answer is refused; nothing was changed."""

    def __init__(self, reason: AnswerRefusal) -> None:
        super().__init__(str(reason))
        self.reason = reason


def refusal(answer: Answer, page: Page | None) -> AnswerRefusal | None:
    """Return None for an answer to a page of this officer, in the same world (drill or real)."""
    if page is None:
        return AnswerRefusal.UNKNOWN_PAGE
    if answer.officer_id != page.officer_id:
        return AnswerRefusal.NOT_THE_OFFICER
    if Status(answer.status) is not page.status:
        return AnswerRefusal.OTHER_STATUS
    return None


def promised_until(
    answer: Answer, escalation: Escalation, timing: Timing, acted_at: datetime
) -> datetime | None:
    """Return the time by which the officer has promised to act.

    None when no act is owed, or after too many broken promises.
    """
    if not escalation.owes_an_act or escalation.lapses >= MOST_LAPSES:
        return None
    arrive_by = answer.arrive_by or acted_at + timedelta(seconds=timing.promise_s)
    return min(arrive_by, acted_at + timedelta(seconds=LONGEST_PROMISE_S))


def apply_answer(
    answer: Answer, engine: EscalationEngine, acted_at: datetime | None = None
) -> None:
    """Apply a receipt or an answer to its page and its escalation; raises RefusedAnswer.

    The officer answered at `acted_at`, when Kafka accepted the answer; None: now.
    """
    working_set = engine.working_set
    page_row = working_set.pages.get(answer.page_id)
    reason = refusal(answer, page_row.page if page_row else None)
    if reason is not None:
        raise RefusedAnswer(reason)
    assert page_row is not None
    effect = EFFECTS[answer.verb]
    answered = effect.page is PageTrigger.ANSWERED
    working_set.step_page(
        page_row, effect.page, occurred_at=answer.occurred_at, answered_here=answered
    )
    if effect.calls is CallEffect.NO_EFFECT:
        return
    escalation = working_set.escalations[page_row.escalation_id]
    if escalation.is_test:
        if escalation.state is EscalationState.OPEN:
            working_set.end_calls(escalation, EscalationTrigger.SETTLED, reasons.TESTED)
        return
    for row in working_set.unanswered_pages(escalation):
        if row.page.officer_id == answer.officer_id:
            working_set.step_page(row, PageTrigger.ANSWERED, occurred_at=answer.occurred_at)
    digest = working_set.digests.get(escalation.subject_id)
    if digest is not None and working_set.step_digest(digest, DigestTrigger.ANSWERED):
        digest.answer = answer
        digest.pass_on()
    if effect.calls is CallEffect.STOP:
        _promise(escalation, answer, engine, acted_at or working_set.now)
    elif effect.calls is CallEffect.HELP:
        _call_help(escalation, page_row, answer, engine)
    else:
        _decline(escalation, page_row, answer, engine)


def _promise(
    escalation: Escalation, answer: Answer, engine: EscalationEngine, acted_at: datetime
) -> None:
    """Stop calling until the promised time, once enough officers are coming.

    The same officer may name another time later.
    """
    promised = (
        escalation.state is EscalationState.ANSWERED and escalation.answered_by == answer.officer_id
    )
    if escalation.state in states.LIVE:
        escalation.note_coming(answer.officer_id, comes=True)
        if not engine.suffice(escalation, escalation.coming_officers):
            engine.working_set.mark_changed(escalation)
            return
        escalation.answered_by = answer.officer_id
        engine.working_set.end_calls(escalation, EscalationTrigger.COMING, reasons.ANSWERED)
    elif not (promised and escalation.due_at is not None):
        return
    escalation.due_at = promised_until(answer, escalation, engine.timing(escalation), acted_at)
    engine.working_set.mark_changed(escalation)


def _decline(
    escalation: Escalation, page_row: PageRow, answer: Answer, engine: EscalationEngine
) -> None:
    """Call the officer whom the answer names, or else the next post.

    An officer can decline who is called now or promised to come, and every officer without whom too
    few can come.
    """
    officer = answer.officer_id
    was_coming = officer in escalation.coming_officers
    promised = escalation.state is EscalationState.ANSWERED and (
        escalation.answered_by == officer or was_coming
    )
    escalation.note_coming(officer, comes=False)
    called = escalation.state is EscalationState.OPEN and (
        escalation.officer_id == officer or was_coming or engine.is_short(escalation)
    )
    if was_coming:
        engine.working_set.mark_changed(escalation)
    if not (promised or called):
        return
    if not escalation.continues:
        engine.working_set.end_calls(escalation, EscalationTrigger.SETTLED, reasons.PASSED_ON)
        return
    escalation.answered_by = None
    holder = _successor(escalation, page_row, answer, engine)
    if holder is None:
        engine.call_next(escalation, declined=True)
    else:
        page = page_row.page
        officer_name = engine.names.person(page.unit, page.post, officer)
        engine.call_again(escalation, holder, wording.handed_over(escalation.text, officer_name))


def _call_help(
    escalation: Escalation, page_row: PageRow, answer: Answer, engine: EscalationEngine
) -> None:
    """Call the next post as well; the officer stays on the matter and is not called again."""
    if escalation.state is EscalationState.CLOSED:
        return
    escalation.note_coming(answer.officer_id, comes=True)
    escalation.answered_by = None
    engine.working_set.mark_changed(escalation)
    if escalation.state is EscalationState.EXHAUSTED:
        return  # Everybody up to the top has been called; the matter stays on the screens.
    page = page_row.page
    officer = engine.names.person(page.unit, page.post, answer.officer_id)
    text = wording.help_needed(escalation.text, officer, answer.text)
    if not escalation.continues:
        engine.working_set.end_calls(escalation, EscalationTrigger.SETTLED, reasons.PASSED_ON)
        return
    engine.call_next(escalation, declined=True, text=text)


def _successor(
    escalation: Escalation, page_row: PageRow, answer: Answer, engine: EscalationEngine
) -> PostHolder | None:
    """Return the post holder whom a handing over names, on the way up from the start unit.

    An officer is not called more often for it than the last post of an escalation is.
    """
    if answer.hand_to is not None:
        candidates = (
            holder
            for unit in lineage(escalation.start_unit)
            for holder in engine.roster.holders(unit)
            if holder.officer_id == answer.hand_to
        )
        successor = next(candidates, None)
    elif answer.hand_to_post is not None:
        successor = engine.roster.holder(page_row.page.unit, answer.hand_to_post)
    else:
        return None
    if successor is None or successor.officer_id == answer.officer_id:
        return None
    rounds = {
        row.page.round
        for row in engine.working_set.pages_of(escalation.escalation_id)
        if row.page.officer_id == successor.officer_id
    }
    return successor if len(rounds) < engine.rule(escalation).rounds else None
