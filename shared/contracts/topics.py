"""ONE table of topics: name, key, partitions, clean-up, retention, model, owner.

A topic name is written nowhere else. Only the owner and the `writers` beside it write a topic (its
dead letters are written by whoever refuses a record of it). Changing `partitions` of a topic with
state is a migration to a v2 pair, never an alteration: offsets belong to a partition.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from pydantic import TypeAdapter

from shared.contracts.alarms import AlarmEvent
from shared.contracts.alerts import AlertDecision, AlertEvent, PublicNotice
from shared.contracts.assignments import Acknowledgement, AssignmentEvent
from shared.contracts.audit import AuditEntry
from shared.contracts.cases import CaseReview
from shared.contracts.catalog import CatalogEntry
from shared.contracts.catalog_requests import CatalogRequest
from shared.contracts.commands import CommandEvent, CommandRequest
from shared.contracts.dead_letter import DeadLetter
from shared.contracts.duty import DutyCoverage, DutyEntry, DutyRequest
from shared.contracts.faults import SystemFault
from shared.contracts.gaps import GapAcceptance
from shared.contracts.letter_acts import LetterAct
from shared.contracts.limits import LimitsDocument
from shared.contracts.limits_acts import LimitsAct
from shared.contracts.modes import ModeProposal, ModeRequest, ResponseModeEvent
from shared.contracts.pages import Answer, Page, RosterSlot
from shared.contracts.plans import PlanDefinition
from shared.contracts.push_devices import PushDevice
from shared.contracts.reachability import ContactTestRequest, Reachability
from shared.contracts.readings import ReadingRecord, SensorHealth
from shared.contracts.refusals import Refusal, SourceRefusal
from shared.contracts.reports import ExternalWarning, Report, ReportDuty
from shared.contracts.rules import RuleDefinition
from shared.contracts.silences import SilenceEvent, SilenceRequest
from shared.contracts.supervision import SupervisionEvent

_DAY = 86_400_000
_YEAR = 366 * _DAY
_TABLE_HISTORY = _DAY // 4
"""What a table's record overwrites stays so long: scoring judges again after a crash as it had
before.
"""


@dataclass(frozen=True)
class TopicSpec:
    """One topic. `retention_ms` None = kept for ever (compacted topics keep the newest per key).

    `contract` is the type of a value; None marks a topic that only its owner reads (a changelog).
    `writers` are services that write it beside the owner. `share`: thousandths of the volume for
    the topic (deploy/local/topic_bytes.py).
    """

    name: str
    key: str
    partitions: int
    cleanup: Literal["delete", "compact"]
    retention_ms: int | None
    contract: Any
    owner: str
    purpose: str
    dead_letters: bool = True
    compaction_lag_ms: int = 0
    max_bytes: int = 1_048_576
    writers: tuple[str, ...] = ()
    share: int = 3

    @property
    def dlq(self) -> str:
        """The name of the dead-letter topic: a record and its letter have the same partition."""
        return f"{self.name}.dlq"

    @property
    def dlq_max_bytes(self) -> int:
        """Its dead-letter topic is wider: a letter wraps the record in text."""
        return 2 * self.max_bytes

    @cached_property
    def model(self) -> TypeAdapter[Any]:
        """Decodes and validates a value."""
        assert self.contract is not None, f"{self.name} has no public contract"
        return TypeAdapter(self.contract)


READINGS = TopicSpec(
    "sensing.readings.v1",
    "sensor_id",
    8,
    "delete",
    7 * _DAY,
    ReadingRecord,
    "ingest",
    "感知数据",
    writers=("scoring", "console"),  # ticks, where no ingest writes any; test alarms of drills
    share=366,
)
SENSOR_HEALTH = TopicSpec(
    "sensing.health.v1", "status:sensor_id", 4, "compact", None, SensorHealth, "scoring", "设备状态"
)
REPORTS = TopicSpec(
    "incident.reports.v1",
    "incident_id",
    4,
    "delete",
    _YEAR,
    Report,
    "ingest",
    "事件报告",
    writers=("console",),  # officers report upward there: their door, as ingest is that of apps
)
REPORT_DUTIES = TopicSpec(
    "incident.duties.v1", "incident_id", 4, "delete", _YEAR, ReportDuty, "command", "上报时限"
)
WARNINGS = TopicSpec(
    "external.warnings.v1", "source_id", 1, "delete", 90 * _DAY, ExternalWarning, "ingest",
    "外部预警接入",
)  # fmt: skip
RULES = TopicSpec(
    "rule.definitions.v1",
    "rule_id",
    1,
    "compact",
    None,
    RuleDefinition,
    "deploy",
    "预警规则",
    compaction_lag_ms=_TABLE_HISTORY,
    writers=("console",),  # officers who administer; set-up and operators as deploy
)
PLANS = TopicSpec(
    "plan.definitions.v1", "plan_id", 1, "compact", None, PlanDefinition, "deploy", "预案",
    writers=("console",),  # as above
)  # fmt: skip
LIMITS = TopicSpec(
    "governance.limits.v1", "limits_id:version", 1, "compact", None, LimitsDocument, "deploy",
    "时限与权限", share=2,
    writers=("console",),  # two officers have signed there what `fenghuo` publishes of a file
)  # fmt: skip
LIMITS_ACTS = TopicSpec(
    "governance.limits_acts.v1", "draft_id", 1, "delete", 3 * _YEAR, LimitsAct, "console",
    "时限修改留痕", share=1,
)  # fmt: skip
ALARMS = TopicSpec(
    "alarm.events.v1",
    "alarm_id",
    4,
    "delete",
    90 * _DAY,
    AlarmEvent,
    "scoring",
    "告警",
    writers=("alerting",),  # what rules over several sources find (docs/adr/0007)
    share=40,
)
SCORING_STATE = TopicSpec(
    "scoring.state.v1",
    "sensor_id",
    READINGS.partitions,
    "compact",
    None,
    None,
    "scoring",
    "评分状态",
    dead_letters=False,
    compaction_lag_ms=600_000,
    share=40,
)
ALERTS = TopicSpec(
    "alert.lifecycle.v1",
    "alert_id",
    4,
    "delete",
    _YEAR,
    AlertEvent,
    "alerting",
    "预警生命周期",
    share=28,
)
ALERT_DECISIONS = TopicSpec(
    "alert.decisions.v1", "alert_id", 4, "delete", _YEAR, AlertDecision, "console", "核实签发意见",
    share=10, writers=("audit",),  # the canary's robot officer: records of status System
)  # fmt: skip
SILENCES = TopicSpec(
    "alert.silences.v1",
    "silence_id",
    1,
    "delete",
    _YEAR,
    SilenceRequest,
    "console",
    "静默与检修申请",
)
SILENCE_STATES = TopicSpec(
    "alert.silence_states.v1", "silence_id", 1, "delete", _YEAR, SilenceEvent, "alerting",
    "静默与检修",
)  # fmt: skip
COMMANDS = TopicSpec(
    "command.lifecycle.v1",
    "command_id",
    4,
    "delete",
    _YEAR,
    CommandEvent,
    "command",
    "指令生命周期",
    share=10,
)
COMMAND_REQUESTS = TopicSpec(
    "command.requests.v1", "command_id", 4, "delete", _YEAR, CommandRequest, "console", "指令拟稿"
)
ASSIGNMENTS = TopicSpec(
    "command.assignments.v1",
    "unit",
    8,
    "delete",
    90 * _DAY,
    AssignmentEvent,
    "command",
    "指令交办",
    share=60,
)
ACKNOWLEDGEMENTS = TopicSpec(
    "command.acknowledgements.v1",
    "command_id",
    8,
    "delete",
    _YEAR,
    Acknowledgement,
    "console",
    "签收与反馈",
    writers=("audit",),  # as above
    share=40,
)
CASE_REVIEWS = TopicSpec(
    "case.reviews.v1", "case_id", 1, "delete", 3 * _YEAR, CaseReview, "console", "复盘"
)
SUPERVISION = TopicSpec(
    "supervision.events.v1",
    "command_id or incident_id",
    4,
    "delete",
    _YEAR,
    SupervisionEvent,
    "command",
    "督办",
    share=10,
)
ROSTER = TopicSpec(
    "duty.roster.v1",
    "unit:post",
    4,
    "compact",
    None,
    RosterSlot,
    "duty",
    "值班表",
    writers=("deploy",),  # who holds a post that has no duty plan: set-up says it once
)
DUTY_REQUESTS = TopicSpec(
    "duty.requests.v1", "unit", 4, "delete", _YEAR, DutyRequest, "console", "排班意见"
)
DUTY_ENTRIES = TopicSpec(
    "duty.entries.v1", "unit:entry_id", 4, "compact", None, DutyEntry, "duty", "排班"
)
DUTY_COVERAGE = TopicSpec(
    "duty.coverage.v1", "unit:post", 4, "compact", None, DutyCoverage, "duty", "空班"
)
PAGES = TopicSpec(
    "duty.pages.v1", "officer_id", 4, "delete", 30 * _DAY, Page, "notify", "推送", share=17
)
PAGE_ANSWERS = TopicSpec(
    "duty.answers.v1", "officer_id", 4, "delete", 90 * _DAY, Answer, "console", "叫应"
)
CONTACT_TESTS = TopicSpec(
    "duty.contact_tests.v1", "unit", 1, "delete", _YEAR, ContactTestRequest, "console",
    "通信测试申请",
)  # fmt: skip
REACHABILITY = TopicSpec(
    "duty.reachability.v1", "officer_id", 4, "compact", None, Reachability, "notify", "可达性"
)
PUSH_DEVICES = TopicSpec(
    "duty.push_devices.v1", "device_id", 1, "compact", None, PushDevice, "console", "推送设备",
    writers=("notify",),  # a push service says there that a device has ended
)  # fmt: skip
RESPONSE_MODES = TopicSpec(
    "response.mode.v1",
    "status:unit",
    1,
    "compact",
    None,
    ResponseModeEvent,
    "command",
    "平急状态",
    compaction_lag_ms=_TABLE_HISTORY,
)
MODE_REQUESTS = TopicSpec(
    "response.requests.v1", "unit", 1, "delete", _YEAR, ModeRequest, "console", "平急转换意见"
)
MODE_PROPOSALS = TopicSpec(
    "response.proposals.v1", "unit", 1, "delete", _YEAR, ModeProposal, "command", "平急转换提议"
)
NOTICES = TopicSpec(
    "public.notices.v1", "notice_id", 1, "delete", _YEAR, PublicNotice, "alerting", "公众信息发布"
)
CATALOG = TopicSpec(
    "catalog.resources.v1",
    "kind:id",
    4,
    "compact",
    None,
    CatalogEntry,
    "catalog",
    "资源编目",
    compaction_lag_ms=_TABLE_HISTORY,
    writers=("deploy",),  # set-up's entries, which the ledger adopts
)
CATALOG_REQUESTS = TopicSpec(
    "catalog.requests.v1", "officer_id", 1, "delete", _YEAR, CatalogRequest, "operator",
    "编目变更申请", share=2, writers=("console",),
)  # fmt: skip
REFUSALS = TopicSpec(
    "identity.refusals.v1", "actor", 1, "delete", _YEAR, Refusal, "console", "拒绝留痕"
)
SOURCE_REFUSALS = TopicSpec(
    "source.refusals.v1", "source", 1, "delete", _YEAR, SourceRefusal, "ingest", "来源拒绝留痕"
)
LETTER_ACTS = TopicSpec(
    "letter.acts.v1", "topic", 1, "delete", 90 * _DAY, LetterAct, "operator", "死信处置",
    writers=("console",),  # an officer asks there for what an operator does
)  # fmt: skip
GAP_ACCEPTANCES = TopicSpec(
    "operations.gap_acceptances.v1", "service", 1, "delete", _YEAR, GapAcceptance, "operator",
    "缺口接受",
)  # fmt: skip
AUDIT_TRAIL = TopicSpec(
    "audit.trail.v1", "actor", 1, "delete", 3 * _YEAR, AuditEntry, "audit", "审计留痕", share=20
)
FAULTS = TopicSpec(
    "system.faults.v1", "fault_id", 1, "delete", 90 * _DAY, SystemFault, "audit", "系统故障",
    writers=("alerting",),  # places whose sensors are silent
)  # fmt: skip

TOPICS: dict[str, TopicSpec] = {
    spec.name: spec
    for spec in (
        READINGS,
        SENSOR_HEALTH,
        REPORTS,
        REPORT_DUTIES,
        WARNINGS,
        RULES,
        PLANS,
        LIMITS,
        LIMITS_ACTS,
        ALARMS,
        SCORING_STATE,
        ALERTS,
        ALERT_DECISIONS,
        SILENCES,
        SILENCE_STATES,
        COMMANDS,
        COMMAND_REQUESTS,
        ASSIGNMENTS,
        ACKNOWLEDGEMENTS,
        CASE_REVIEWS,
        SUPERVISION,
        ROSTER,
        DUTY_REQUESTS,
        DUTY_ENTRIES,
        DUTY_COVERAGE,
        PAGES,
        PAGE_ANSWERS,
        CONTACT_TESTS,
        REACHABILITY,
        PUSH_DEVICES,
        RESPONSE_MODES,
        MODE_REQUESTS,
        MODE_PROPOSALS,
        NOTICES,
        CATALOG,
        CATALOG_REQUESTS,
        REFUSALS,
        SOURCE_REFUSALS,
        LETTER_ACTS,
        GAP_ACCEPTANCES,
        AUDIT_TRAIL,
        FAULTS,
    )
}
"""Every topic by name; dead-letter topics follow from `TopicSpec.dlq`."""

DEAD_LETTER: TypeAdapter[DeadLetter] = TypeAdapter(DeadLetter)
"""Decodes a value of any dead-letter topic."""
