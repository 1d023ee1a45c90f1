"""Findings as faults of the system: the records that call the duty officers of the tier."""

from __future__ import annotations

from datetime import datetime

from services.audit.core.findings.detection import AuditFinding
from services.audit.core.findings.snapshot import FindingKind
from shared.contracts.faults import FaultState, SystemFault
from shared.contracts.ids import transition_id
from shared.contracts.units import tier_of
from shared.domain.bilingual import Bilingual

REPORTER = "audit"
_VERSIONS = {FaultState.RAISED: 1, FaultState.CLEARED: 2}
_TEXT_CHARACTERS = 8_000
HEADLINES: dict[FindingKind, Bilingual] = {
    FindingKind.TIMER_COUNT: Bilingual("时限任务缺失或重复", "Timer missing or doubled"),
    FindingKind.TIMER_OVERDUE: Bilingual("时限任务到点未执行", "Timer due and not fired"),
    FindingKind.OUTBOX_STUCK: Bilingual("待发消息积压", "Committed records do not leave"),
    FindingKind.LEASE_EXPIRED: Bilingual("推送发送超时未结束", "Delivery past its lease"),
    FindingKind.FANOUT: Bilingual("指令交办不完整", "Command did not reach all its units"),
    FindingKind.DRILL_LEAK: Bilingual("演练与实战混淆", "Drill and real records are mixed"),
    FindingKind.COUNT_DIFFERS: Bilingual("记录数与数据表不符", "Topic and table differ in number"),
    FindingKind.TRAIL_BROKEN: Bilingual("审计留痕链断裂", "Audit trail is broken"),
    FindingKind.CONSUMER_STOPPED: Bilingual("服务停止读取消息", "Service has stopped reading"),
    FindingKind.RECORD_LOST: Bilingual("消息无处理痕迹", "Record without trace"),
    FindingKind.RECORD_CORRUPT: Bilingual("消息损坏或被篡改", "Record corrupt or forged"),
    FindingKind.HOP_UNBALANCED: Bilingual("环节收发不平衡", "Hop does not balance"),
    FindingKind.ROW_DIFFERS: Bilingual("数据表与消息不符", "Row differs from its topic"),
    FindingKind.COUNTER_DIFFERS: Bilingual("计数与明细不符", "Counter differs from its rows"),
    FindingKind.STRANDED: Bilingual("告警搁置无果", "Alarm waits for nothing"),
    FindingKind.LETTERS_GROW: Bilingual("死信增多", "Dead letters grow"),
    FindingKind.READER_LATE: Bilingual("服务处理滞后", "Service is late"),
    FindingKind.CARRIER_FAILS: Bilingual("推送渠道故障", "Carrier fails"),
    FindingKind.COMPONENT_DOWN: Bilingual("组件无应答", "Component does not answer"),
    FindingKind.COMPONENT_NOT_READY: Bilingual("组件未就绪", "Component is not ready"),
    FindingKind.DISK_FULL: Bilingual("磁盘空间不足", "Disk is nearly full"),
    FindingKind.HEARTBEAT_MISSING: Bilingual("下级失联", "Tier below is silent"),
    FindingKind.CANARY_MISSING: Bilingual("链路自检未返回", "Canary does not come back"),
    FindingKind.COMPONENT_TROUBLED: Bilingual("组件带病运行", "Component works with a fault"),
    FindingKind.CLOCKS_DIFFER: Bilingual(
        "消息系统与数据库时钟不一致", "Clocks of Kafka and Postgres differ"
    ),
    FindingKind.REPORTED: Bilingual("监控告警", "Alert of the monitoring"),
}
"""What the fault is called, by kind."""


def fault_of(
    finding: AuditFinding, finding_id: str, state: FaultState, unit: str, now: datetime
) -> SystemFault:
    """Return the record of a finding that is raised or resolved, for the officers of `unit`."""
    version = _VERSIONS[state]
    headline, subject = HEADLINES[finding.kind], finding.subject_id[:200]
    named = Bilingual(f"{headline.zh}：{subject}", f"{headline.en}: {subject}")
    return SystemFault(
        id=transition_id(finding_id, version),
        occurred_at=now,
        sent_at=now,
        origin_unit=unit,
        tier=tier_of(unit),
        areas=(unit,),
        fault_id=finding_id,
        version=version,
        state=state,
        kind=finding.kind,
        subject_id=subject,
        unit=unit,
        reported_by=REPORTER,
        headline=named.joined(),
        text=Bilingual(f"详情：{finding.detail}", f"Detail: {finding.detail}").joined(
            _TEXT_CHARACTERS
        ),
    )
