"""Records of the console about neither alerts nor commands: case reviews and refusals."""

from __future__ import annotations

from services.audit.unit_of_work import UnitOfWork
from shared.contracts.cases import CaseReview
from shared.contracts.refusals import Refusal
from shared.contracts.topics import CASE_REVIEWS, REFUSALS
from shared.runtime.handlers import Router
from shared.runtime.inbound_messages import InboundMessage

router: Router[UnitOfWork] = Router()


@router.subscriber(CASE_REVIEWS)
async def enter_review(review: CaseReview, unit: UnitOfWork, record: InboundMessage) -> None:
    """Count the review of a case and enter it."""
    unit.count(record)
    unit.enter(review)


@router.subscriber(REFUSALS)
async def enter_refusal(refusal: Refusal, unit: UnitOfWork, record: InboundMessage) -> None:
    """Count and enter the refusal of an action, with person, action and reason."""
    unit.count(record)
    unit.enter(refusal)
