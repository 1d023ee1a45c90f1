"""Pages to officers and their answers."""

from __future__ import annotations

from services.audit.unit_of_work import UnitOfWork
from shared.contracts.pages import Answer, Page
from shared.contracts.topics import PAGE_ANSWERS, PAGES
from shared.runtime.handlers import Router
from shared.runtime.inbound_messages import InboundMessage

router: Router[UnitOfWork] = Router()


def load(page: Page, unit: UnitOfWork) -> None:
    """A page needs the status of its alert and its command."""
    unit.need_statuses(page)


@router.subscriber(PAGES, load=load)
async def check_page(page: Page, unit: UnitOfWork, record: InboundMessage) -> None:
    """Count the page and remember its version."""
    unit.count(record)
    unit.save_version(page)


@router.subscriber(PAGE_ANSWERS)
async def enter_answer(answer: Answer, unit: UnitOfWork, record: InboundMessage) -> None:
    """Count the answer, and enter all answers except the receipts of devices."""
    unit.count(record)
    unit.enter(answer)
