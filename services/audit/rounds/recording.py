"""Findings that are raised and resolved: their rows, entries of the trail, and faults on Kafka."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from services.audit.core.findings.detection import AuditFinding
from services.audit.core.findings.faults import fault_of
from services.audit.core.findings.snapshot import FindingKind
from services.audit.core.responsible_unit import ResponsibleUnit
from services.audit.core.trail.chain import EntryDraft
from services.audit.metrics import AuditMetrics
from services.audit.store import findings, trail
from shared.contracts.audit import AuditOutcome
from shared.contracts.faults import FaultState
from shared.contracts.fields import Status
from shared.contracts.topics import FAULTS
from shared.runtime.database import Transaction

log = structlog.get_logger("fenghuo.audit")

ACTOR = "audit"


class FindingRecorder:
    """Writes changes of findings; officers of the responsible unit are called about each."""

    def __init__(self, responsible: ResponsibleUnit, metrics: AuditMetrics) -> None:
        self._responsible = responsible
        self._metrics = metrics

    async def record(
        self,
        transaction: Transaction,
        raised: Sequence[AuditFinding],
        resolved_ids: Sequence[str],
    ) -> None:
        """Raise findings that are not open already, and resolve the open ones of these ids."""
        drafts: list[EntryDraft] = []
        new_ids = await findings.add(transaction, raised)
        for finding in raised:
            if finding.key not in new_ids:
                continue
            finding_id = new_ids[finding.key]
            log.critical(
                "finding",
                kind=finding.kind,
                subject=finding.subject_id,
                detail=finding.detail,
                id=finding_id,
            )
            self._metrics.raised.labels(finding.kind).inc()
            drafts.append(self._change(transaction, finding_id, finding, FaultState.RAISED))
        for row in await findings.resolve(transaction, resolved_ids):
            finding = AuditFinding(
                FindingKind(row["kind"]), row["subject_id"], Status(row["status"]), row["detail"]
            )
            log.warning("finding_resolved", kind=finding.kind, subject=finding.subject_id)
            drafts.append(self._change(transaction, row["finding_id"], finding, FaultState.CLEARED))
        self._metrics.entries.inc(await trail.append(transaction, drafts))

    def _change(
        self, transaction: Transaction, finding_id: str, finding: AuditFinding, state: FaultState
    ) -> EntryDraft:
        """Publish the fault; return the entry of the trail."""
        unit = self._responsible.unit
        fault = fault_of(finding, finding_id, state, unit, transaction.now)
        transaction.publish(FAULTS, fault.fault_id, fault, fault.id)
        raised = state is FaultState.RAISED
        return EntryDraft(
            cause_id=f"{finding_id}.{'raised' if raised else 'resolved'}",
            actor=ACTOR,
            action=f"finding.{finding.kind}",
            subject_id=finding.subject_id[:200],
            outcome=AuditOutcome.FINDING if raised else AuditOutcome.RESOLVED,
            status=finding.status,
            occurred_at=transaction.now,
            origin_unit=unit,
            reason=finding.detail[:4000],
        )
