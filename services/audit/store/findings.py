"""Findings: raised once while open, resolved when gone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.audit.core.liveness import Finding, Key
from services.audit.core.snapshot import FindingKind
from shared.contracts.ids import content_id
from shared.runtime.database import Transaction


async def take_turn(work: Transaction) -> bool:
    """Whether this process is the one that judges now; held until the transaction ends."""
    mine: bool = await work.connection.fetchval(
        "SELECT pg_try_advisory_xact_lock(hashtext('fenghuo.audit.check'))"
    )
    return mine


async def open_findings(work: Transaction) -> dict[Key, str]:
    """Ids of the findings that are not resolved."""
    rows = await work.connection.fetch(
        "SELECT kind, subject_id, finding_id FROM audit.finding WHERE resolved_at IS NULL"
    )
    return {(FindingKind(row["kind"]), row["subject_id"]): row["finding_id"] for row in rows}


async def raise_(work: Transaction, findings: Sequence[Finding]) -> dict[Key, str]:
    """Store new findings; the ids of those that were not open already."""
    if not findings:
        return {}
    rows = await work.connection.fetch(
        "INSERT INTO audit.finding (finding_id, kind, subject_id, status, detail, raised_at) "
        "SELECT *, $6::timestamptz FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], "
        "$5::text[]) ON CONFLICT (kind, subject_id) WHERE resolved_at IS NULL DO NOTHING "
        "RETURNING kind, subject_id, finding_id",
        [finding_id(finding, work.now) for finding in findings],
        [finding.kind for finding in findings],
        [finding.subject_id for finding in findings],
        [finding.status for finding in findings],
        [finding.detail for finding in findings],
        work.now,
    )
    return {(FindingKind(row["kind"]), row["subject_id"]): row["finding_id"] for row in rows}


async def resolve(work: Transaction, finding_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Mark findings as resolved; those that were open, with kind, subject, status and detail."""
    if not finding_ids:
        return []
    rows = await work.connection.fetch(
        "UPDATE audit.finding SET resolved_at = $2 "
        "WHERE finding_id = ANY($1::text[]) AND resolved_at IS NULL "
        "RETURNING finding_id, kind, subject_id, status, detail, raised_at",
        list(finding_ids),
        work.now,
    )
    return [dict(row) for row in rows]


async def recent(work: Transaction, limit: int) -> list[dict[str, Any]]:
    """Open findings first, then the resolved ones, each newest first."""
    rows = await work.connection.fetch(
        "SELECT finding_id, kind, subject_id, status, detail, raised_at, resolved_at "
        "FROM audit.finding ORDER BY resolved_at IS NOT NULL, raised_at DESC, finding_id LIMIT $1",
        limit,
    )
    return [dict(row) for row in rows]


async def counts_of_open(work: Transaction) -> dict[FindingKind, int]:
    """Open findings by kind."""
    rows = await work.connection.fetch(
        "SELECT kind, count(*) AS n FROM audit.finding WHERE resolved_at IS NULL GROUP BY kind"
    )
    return {FindingKind(row["kind"]): row["n"] for row in rows}


def finding_id(finding: Finding, raised_at: datetime) -> str:
    """The same subject may go wrong again later: that is another finding."""
    return content_id("fnd", finding.kind, finding.subject_id, raised_at.isoformat())
