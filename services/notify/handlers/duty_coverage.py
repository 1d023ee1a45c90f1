"""Coverage of the duty plans: the commander is informed of posts that will be empty."""

from __future__ import annotations

from services.notify.core.subjects.roster_gaps import call_about_coverage, gaps_id
from services.notify.unit_of_work import UnitOfWork
from shared.contracts.duty import DutyCoverage
from shared.contracts.topics import DUTY_COVERAGE
from shared.runtime.handlers import Router

router: Router[UnitOfWork] = Router()


def load(coverage: DutyCoverage, unit: UnitOfWork) -> None:
    """Coverage needs the known gaps of its post and the escalations about them."""
    subject_id = gaps_id(coverage)
    unit.need_gaps(subject_id)
    unit.need_subject(subject_id)


@router.subscriber(DUTY_COVERAGE, load=load)
async def handle_coverage(coverage: DutyCoverage, unit: UnitOfWork) -> None:
    """Inform the responsible officer of gaps, or end the calls when the post is filled."""
    call_about_coverage(coverage, unit.engine)
