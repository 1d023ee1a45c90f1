"""Requests of communication tests 通信测试."""

from __future__ import annotations

from services.notify.core.contact_tests.tester import NotAbove, UnknownOfficer
from services.notify.unit_of_work import UnitOfWork
from shared.contracts.dead_letter import Reason
from shared.contracts.reachability import ContactTestRequest
from shared.contracts.topics import CONTACT_TESTS
from shared.runtime.errors import Reject
from shared.runtime.handlers import Router

router: Router[UnitOfWork] = Router()


@router.subscriber(CONTACT_TESTS)
async def handle_request(request: ContactTestRequest, unit: UnitOfWork) -> None:
    """Test the channels of the named officers; raises Reject for a request that is refused."""
    test = f"test of {request.of or 'everybody'} at {request.unit}"
    try:
        unit.contact_tester.test_on_request(request)
    except NotAbove:
        detail = f"{test} by {request.officer_id} of {request.origin_unit}"
        raise Reject(Reason.NOT_ALLOWED, detail) from None
    except UnknownOfficer:
        raise Reject(Reason.UNKNOWN_SUBJECT, f"{test}: nobody there is on duty") from None
