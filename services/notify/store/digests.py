"""Digests: the use of budgets, the digests that collect calls, their contents and outcomes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from services.notify.core.digests.budgets import Budgets, share_of
from services.notify.core.digests.digest import Digest, DigestContent
from services.notify.core.digests.digesting import (
    BudgetKey,
    BudgetUse,
    DigestedCall,
    DigestKey,
    SupervisionKey,
)
from services.notify.core.digests.states import DigestState
from services.notify.core.escalation.escalation import Purpose
from services.notify.core.working_set import WorkingSet
from shared.contracts.fields import DataGrade, Level, Post, Status, highest_grade
from shared.contracts.ids import content_id
from shared.contracts.lifecycles.page import WAITING
from shared.contracts.pages import Answer, PageState, SubjectKind
from shared.runtime.database import Transaction
from shared.runtime.outbound_records import encode
from shared.runtime.sql import names
from shared.runtime.timers import arm, disarm

DIGEST_DUE = "digest"
DIGEST_OUTCOME = "tell"
TIMER_KINDS = (DIGEST_DUE, DIGEST_OUTCOME)
"""The kinds of a digest's timers; their subject is the digest."""

OUTCOME_PAGES = 500
"""The most pages to get the outcome of a digest in one transaction."""
_UNANSWERED = names(WAITING)
_OPEN_TO_ANSWER = names(WAITING - {PageState.QUEUED} | {PageState.NO_ANSWER})
_COLUMNS = (
    "digest_id, cause_id, officer_id, status, system, unit, post, state, answer, passed_on, passing"
)


async def budget_use(
    transaction: Transaction, officers: Collection[str], budgets: Budgets
) -> BudgetUse:
    """Return the calls of these officers made alone within the windows of the budgets."""
    rows = await transaction.connection.fetch(
        "SELECT p.officer_id, p.status, p.level, p.round, e.subject_kind, e.priority, "
        "e.command_id, e.purpose, extract(epoch FROM now() - p.created_at)::float8 AS age_s "
        "FROM notify.page AS p JOIN notify.escalation AS e USING (escalation_id) "
        "WHERE p.officer_id = ANY($1::text[]) AND p.created_at > now() - $2::interval "
        "AND p.channel = 'console' AND p.digest_id IS NULL "
        "AND e.subject_kind NOT IN ('digest', 'fault_digest', 'contact_test')",
        list(officers),
        timedelta(seconds=budgets.longest_window_s),
    )
    calls: Counter[BudgetKey] = Counter()
    supervision: Counter[SupervisionKey] = Counter()
    for row in rows:
        kind, level = SubjectKind(row["subject_kind"]), Level(row["level"])
        share = share_of(kind, row["round"], row["priority"])
        if row["age_s"] >= budgets.of(level, share).window_s:
            continue
        officer, status = row["officer_id"], Status(row["status"])
        calls[officer, status, level, share] += 1
        if kind is SubjectKind.SUPERVISION and row["command_id"] is not None:
            supervision[officer, status, row["command_id"], Purpose(row["purpose"])] += 1
    return BudgetUse(calls, supervision)


async def collect(transaction: Transaction, calls: Sequence[DigestedCall]) -> dict[DigestKey, str]:
    """Return the collecting digest of each officer: the present one, or a new one.

    A digest leaves at the earliest due time of the calls. The row stays locked and cannot be sent
    meanwhile.
    """
    earliest: dict[DigestKey, DigestedCall] = {}
    for call in sorted(calls, key=lambda call: call.due_at):
        earliest.setdefault(call.key, call)
    ordered = sorted(earliest.items())
    rows = await transaction.connection.fetch(
        "INSERT INTO notify.digest "  # noqa: S608
        "(digest_id, cause_id, officer_id, status, system, unit, post, due_at, state) "
        f"SELECT *, '{DigestState.GATHERING}' FROM unnest($1::text[], $2::text[], $3::text[], "
        "$4::text[], $5::boolean[], $6::text[], $7::text[], $8::timestamptz[]) "
        f"ON CONFLICT (officer_id, status, system) WHERE state = '{DigestState.GATHERING}' "
        "DO UPDATE SET due_at = least(digest.due_at, EXCLUDED.due_at) "
        "RETURNING digest_id, officer_id, status, system, due_at",
        [content_id("dig", call.page_id) for _, call in ordered],
        [call.cause_id for _, call in ordered],
        [officer for (officer, _, _), _ in ordered],
        [status for (_, status, _), _ in ordered],
        [system for (_, _, system), _ in ordered],
        [call.unit for _, call in ordered],
        [call.post for _, call in ordered],
        [call.due_at for _, call in ordered],
    )
    await arm(
        transaction, [(row["digest_id"], DIGEST_DUE, 0, row["due_at"]) for row in rows], rearm=True
    )
    return {
        (row["officer_id"], Status(row["status"]), row["system"]): row["digest_id"] for row in rows
    }


async def lock(transaction: Transaction, digest_ids: Collection[str]) -> None:
    """Lock digests, after the escalations, in the order of officers."""
    await transaction.connection.execute(
        "SELECT FROM notify.digest WHERE digest_id = ANY($1::text[]) "
        "ORDER BY officer_id, status, system FOR UPDATE",
        list(digest_ids),
    )


@dataclass(frozen=True, slots=True)
class OutcomePage:
    """A page that still needs the outcome of the digest."""

    digest_id: str
    page_id: str
    escalation_id: str


async def outcome_pages(transaction: Transaction, digest_ids: Collection[str]) -> list[OutcomePage]:
    """Return the next pages that need the outcome of these digests, in order."""
    if not digest_ids:
        return []
    rows = await transaction.connection.fetch(
        "SELECT d.digest_id, n.page_id, n.escalation_id FROM notify.digest AS d "  # noqa: S608
        "CROSS JOIN LATERAL (SELECT p.page_id, p.escalation_id FROM notify.page AS p "
        "WHERE p.digest_id = d.digest_id "
        f"AND p.page_id > d.passed_on AND p.state IN {_OPEN_TO_ANSWER} "
        "ORDER BY p.page_id LIMIT $2) AS n "
        "WHERE d.digest_id = ANY($1::text[]) AND d.passing ORDER BY d.digest_id, n.page_id",
        list(digest_ids),
        OUTCOME_PAGES,
    )
    return [OutcomePage(row["digest_id"], row["page_id"], row["escalation_id"]) for row in rows]


async def load(
    transaction: Transaction, digest_ids: Collection[str], working_set: WorkingSet
) -> None:
    """Add digests, with the number of their unanswered pages, to the working set."""
    unloaded = [digest_id for digest_id in digest_ids if digest_id not in working_set.digests]
    if not unloaded:
        return
    rows = await transaction.connection.fetch(
        f"SELECT {_COLUMNS}, (SELECT count(*) FROM notify.page AS p "  # noqa: S608
        f"WHERE p.digest_id = d.digest_id AND p.state IN {_UNANSWERED}) AS unanswered "
        "FROM notify.digest AS d WHERE digest_id = ANY($1::text[])",
        unloaded,
    )
    for row in rows:
        working_set.digests[row["digest_id"]] = _digest(row)


def _digest(row: Any) -> Digest:
    return Digest(
        row["digest_id"],
        row["cause_id"],
        row["officer_id"],
        Status(row["status"]),
        row["system"],
        row["unit"],
        Post(row["post"]),
        DigestState(row["state"]),
        Answer.from_wire(row["answer"]) if row["answer"] is not None else None,
        row["passing"],
        row["passed_on"],
        row["unanswered"],
    )


async def contents(transaction: Transaction, digest_id: str) -> list[DigestContent]:
    """Return the unanswered calls of a digest, grouped by headline."""
    rows = await transaction.connection.fetch(
        "SELECT e.level, e.priority, e.headline, count(*) AS n, "  # noqa: S608
        "array_agg(DISTINCT e.data_grade ORDER BY e.data_grade) AS grades FROM notify.page AS p "
        "JOIN notify.escalation AS e USING (escalation_id) "
        f"WHERE p.digest_id = $1 AND p.state IN {_UNANSWERED} "
        "GROUP BY e.level, e.priority, e.headline ORDER BY e.priority, e.level, e.headline",
        digest_id,
    )
    return [
        DigestContent(
            Level(row["level"]),
            row["priority"],
            row["headline"],
            row["n"],
            highest_grade(*map(DataGrade, row["grades"])),
        )
        for row in rows
    ]


async def save(transaction: Transaction, working_set: WorkingSet) -> None:
    """Write changed digests; the outcome timer is due while pages need the outcome."""
    changed = sorted(
        working_set.changed_digests.values(),
        key=lambda digest: (digest.officer_id, digest.status, digest.system, digest.digest_id),
    )
    if not changed:
        return
    await transaction.connection.executemany(
        "UPDATE notify.digest SET state = $2, answer = $3, passed_on = $4, passing = $5 "
        "WHERE digest_id = $1",
        [
            (
                digest.digest_id,
                digest.state,
                encode(digest.answer).decode() if digest.answer is not None else None,
                digest.passed_on,
                digest.passing,
            )
            for digest in changed
        ],
    )
    await disarm(transaction, [digest.digest_id for digest in changed], TIMER_KINDS)
    await arm(
        transaction,
        [
            (digest.digest_id, DIGEST_OUTCOME, 0, working_set.now)
            for digest in changed
            if digest.passing
        ],
        rearm=True,
    )
