"""The division of new calls: made alone, or put into the officer's digest.

A call over budget is one page on the console's list, marked with the digest's id, without any other
channel. The escalation goes on as usual: silence leads to the next post at the usual time.

Reminders and escalations about one command are one matter. Two of these for one officer go into a
digest, whatever the budget: 3,000 overdue assignments are one page with the number 3,000.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.notify.core.digests.budgets import (
    LONGEST_SHARE,
    Budget,
    Budgets,
    BudgetShare,
    share_of,
)
from services.notify.core.escalation.escalation import Escalation, Purpose
from services.notify.core.pages.page_row import PageRow
from services.notify.core.working_set import WorkingSet
from shared.contracts.fields import Level, Post, Status
from shared.contracts.pages import Channel, SubjectKind
from shared.domain.response_modes.effects import EFFECTS

DigestKey = tuple[str, Status, bool]
"""Officer, status, and True for faults of the system: drills, real calls and faults never mix."""
BudgetKey = tuple[str, Status, Level, BudgetShare]
"""Officer, status, level, and the share of the budget."""
SupervisionKey = tuple[str, Status, str, Purpose]
"""Officer, status, command and purpose of supervision."""


@dataclass(frozen=True, slots=True)
class BudgetUse:
    """The calls made alone within the windows of the budgets."""

    calls: Mapping[BudgetKey, int]
    supervision: Mapping[SupervisionKey, int]


@dataclass(frozen=True, slots=True)
class DigestedCall:
    """The console page of a digested call; the digest leaves by `due_at`."""

    page_id: str
    cause_id: str
    key: DigestKey
    unit: str
    post: Post
    due_at: datetime


_NEVER_DIGESTED = (SubjectKind.DIGEST, SubjectKind.FAULT_DIGEST, SubjectKind.CONTACT_TEST)
"""Calls always made alone, without a budget: a digest, and a test of channels."""


def candidates(working_set: WorkingSet) -> list[PageRow]:
    """Return the console pages of new calls that may be digested, the most urgent first."""
    page_rows = [
        page_row
        for page_row in working_set.new_pages.values()
        if page_row.page.channel is Channel.CONSOLE
        and page_row.page.version == 1
        and page_row.page.subject_kind not in _NEVER_DIGESTED
    ]
    return sorted(
        page_rows, key=lambda page_row: working_set.escalations[page_row.escalation_id].priority
    )


def over_budget(
    page_rows: Iterable[PageRow], working_set: WorkingSet, use: BudgetUse, budgets: Budgets
) -> list[DigestedCall]:
    """Return the calls over the officer's budget.

    `page_rows` are the candidates, the most urgent first.
    """
    page_rows = list(page_rows)
    escalations = working_set.escalations
    calls, supervision = Counter(use.calls), Counter(use.supervision)
    supervision.update(
        key
        for page_row in page_rows
        if (key := _supervision_key(page_row, escalations[page_row.escalation_id]))
    )
    results = []
    for page_row in page_rows:
        page, escalation = page_row.page, escalations[page_row.escalation_id]
        share = share_of(escalation.subject_kind, page.round, escalation.priority)
        budget_key = (page.officer_id, page.status, escalation.level, share)
        budget = budgets.of(escalation.level, share)
        supervision_key = _supervision_key(page_row, escalation)
        repeated = supervision_key is not None and supervision[supervision_key] > 1
        allowed = budget.allows(EFFECTS[escalation.mode].calls)
        if not repeated and calls[budget_key] < allowed:
            calls[budget_key] += 1
            continue
        results.append(
            DigestedCall(
                page.page_id,
                page.id,
                (page.officer_id, page.status, page.subject_kind.is_system),
                page.unit,
                page.post,
                working_set.now + _hold(budget, page.answer_by - working_set.now),
            )
        )
    return results


def _supervision_key(page_row: PageRow, escalation: Escalation) -> SupervisionKey | None:
    if escalation.subject_kind is not SubjectKind.SUPERVISION or escalation.command_id is None:
        return None
    page = page_row.page
    return page.officer_id, page.status, escalation.command_id, escalation.purpose


def _hold(budget: Budget, answer_in: timedelta) -> timedelta:
    return max(timedelta(), min(timedelta(seconds=budget.hold_s), answer_in * LONGEST_SHARE))
