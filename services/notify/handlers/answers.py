"""Receipts and answers 叫应 of officers."""

from __future__ import annotations

from services.notify.core.escalation.answers import AnswerRefusal, RefusedAnswer, apply_answer
from services.notify.unit_of_work import UnitOfWork
from shared.contracts.dead_letter import Reason
from shared.contracts.pages import Answer
from shared.contracts.topics import PAGE_ANSWERS
from shared.runtime.errors import Reject
from shared.runtime.handlers import Router
from shared.runtime.inbound_messages import InboundMessage

router: Router[UnitOfWork] = Router()

_REASONS: dict[AnswerRefusal, Reason] = {
    AnswerRefusal.UNKNOWN_PAGE: Reason.UNKNOWN_SUBJECT,
    AnswerRefusal.NOT_THE_OFFICER: Reason.NOT_ALLOWED,
    AnswerRefusal.OTHER_STATUS: Reason.NOT_ALLOWED,
}


def load(answer: Answer, unit: UnitOfWork) -> None:
    """An answer needs its page, with the escalation and all its pages."""
    unit.need_page(answer.page_id)


@router.subscriber(PAGE_ANSWERS, load=load)
async def handle_answer(answer: Answer, unit: UnitOfWork, record: InboundMessage) -> None:
    """Apply the answer to its page and escalation; raises Reject for an answer that is refused."""
    try:
        apply_answer(answer, unit.engine, record.acted_at(unit.working_set.now))
    except RefusedAnswer as refusal:
        detail = f"answer of {answer.officer_id} to {answer.page_id}: {refusal.reason}"
        raise Reject(_REASONS[refusal.reason], detail) from refusal
    unit.count_answer(answer)
