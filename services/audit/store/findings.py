"""The table of findings: a subject has at most one open finding of a kind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.audit.core.findings.detection import AuditFinding, FindingKey
from services.audit.core.findings.snapshot import FindingKind
from shared.contracts.ids import content_id
from shared.runtime.database import Transaction


async def try_lock(transaction: Transaction) -> bool:
    """Return True if this process may write findings now; the lock ends with the transaction."""
    locked: bool = await transaction.connection.fetchval(
        "SELECT pg_try_advisory_xact_lock(hashtext('fenghuo.audit.check'))"
    )
    return locked


async def load_open(transaction: Transaction) -> dict[FindingKey, str]:
    """Return the ids of the findings that are not resolved, by kind and subject."""
    rows = await transaction.connection.fetch(
        "SELECT kind, subject_id, finding_id FROM audit.finding WHERE resolved_at IS NULL"
    )
    return {(FindingKind(row["kind"]), row["subject_id"]): row["finding_id"] for row in rows}


async def add(transaction: Transaction, findings: Sequence[AuditFinding]) -> dict[FindingKey, str]:
    """Store findings; return the ids of those that were not open already."""
    if not findings:
        return {}
    rows = await transaction.connection.fetch(
        "INSERT INTO audit.finding (finding_id, kind, subject_id, status, detail, raised_at) "
        "SELECT *, $6::timestamptz FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], "
        "$5::text[]) ON CONFLICT (kind, subject_id) WHERE resolved_at IS NULL DO NOTHING "
        "RETURNING kind, subject_id, finding_id",
        [finding_id(finding, transaction.now) for finding in findings],
        [finding.kind for finding in findings],
        [finding.subject_id for finding in findings],
        [finding.status for finding in findings],
        [finding.detail for finding in findings],
        transaction.now,
    )
    return {(FindingKind(row["kind"]), row["subject_id"]): row["finding_id"] for row in rows}


async def resolve(transaction: Transaction, finding_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Mark findings as resolved; return the rows of those that were open."""
    if not finding_ids:
        return []
    rows = await transaction.connection.fetch(
        "UPDATE audit.finding SET resolved_at = $2 "
        "WHERE finding_id = ANY($1::text[]) AND resolved_at IS NULL "
        "RETURNING finding_id, kind, subject_id, status, detail, raised_at",
        list(finding_ids),
        transaction.now,
    )
    return [dict(row) for row in rows]


async def load_recent(transaction: Transaction, limit: int) -> list[dict[str, Any]]:
    """Return at most `limit` findings: open before resolved, in each part the newest first."""
    rows = await transaction.connection.fetch(
        "SELECT finding_id, kind, subject_id, status, detail, raised_at, resolved_at "
        "FROM audit.finding ORDER BY resolved_at IS NOT NULL, raised_at DESC, finding_id LIMIT $1",
        limit,
    )
    return [dict(row) for row in rows]


async def count_open(transaction: Transaction) -> dict[FindingKind, int]:
    """Return the number of open findings by kind."""
    rows = await transaction.connection.fetch(
        "SELECT kind, count(*) AS n FROM audit.finding WHERE resolved_at IS NULL GROUP BY kind"
    )
    return {FindingKind(row["kind"]): row["n"] for row in rows}


def finding_id(finding: AuditFinding, raised_at: datetime) -> str:
    """Return the id of a finding; the same fault at a later time is a new finding."""
    return content_id("fnd", finding.kind, finding.subject_id, raised_at.isoformat())
