"""Records about neither alerts nor commands: case reviews, refusals, acts on dead letters and on
drafts of limits, changes of the ledger, versions of rules and plans.
"""

from __future__ import annotations

from services.audit.unit_of_work import UnitOfWork
from shared.contracts.cases import CaseReview
from shared.contracts.catalog_requests import CatalogRequest
from shared.contracts.letter_acts import LetterAct
from shared.contracts.limits_acts import LimitsAct
from shared.contracts.plans import PlanDefinition
from shared.contracts.refusals import Refusal, SourceRefusal
from shared.contracts.rules import RuleDefinition
from shared.contracts.topics import (
    CASE_REVIEWS,
    CATALOG_REQUESTS,
    LETTER_ACTS,
    LIMITS_ACTS,
    PLANS,
    REFUSALS,
    RULES,
    SOURCE_REFUSALS,
)
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


@router.subscriber(SOURCE_REFUSALS)
async def enter_source_refusal(
    refusal: SourceRefusal, unit: UnitOfWork, record: InboundMessage
) -> None:
    """Count and enter the refusal of a source's record."""
    unit.count(record)
    unit.enter(refusal)


@router.subscriber(LETTER_ACTS)
async def enter_letter_act(act: LetterAct, unit: UnitOfWork, record: InboundMessage) -> None:
    """Count and enter an act on dead letters, with person, records and reason."""
    unit.count(record)
    unit.enter(act)


@router.subscriber(LIMITS_ACTS)
async def enter_limits_act(act: LimitsAct, unit: UnitOfWork, record: InboundMessage) -> None:
    """Count and enter an act on a draft of limits, with person, version and reason."""
    unit.count(record)
    unit.enter(act)


@router.subscriber(CATALOG_REQUESTS)
async def enter_catalog_request(
    request: CatalogRequest, unit: UnitOfWork, record: InboundMessage
) -> None:
    """Count and enter a change of the ledger, with person, first entry, number and reason."""
    unit.count(record)
    unit.enter(request)


@router.subscriber(RULES)
async def enter_rule(rule: RuleDefinition, unit: UnitOfWork, record: InboundMessage) -> None:
    """Count a version of a rule, and enter the act of its officer."""
    unit.count(record)
    unit.enter(rule)


@router.subscriber(PLANS)
async def enter_plan(plan: PlanDefinition, unit: UnitOfWork, record: InboundMessage) -> None:
    """Count a version of a plan, and enter the act of its officer."""
    unit.count(record)
    unit.enter(plan)
