"""Models of the responses with alerts and alarms."""

from __future__ import annotations

from datetime import datetime

from services.console.features.agency_warnings.responses import WarningOrigin
from services.console.features.alerts.wording_views import WordingSource
from services.console.features.commands.responses import CommandHead, UnitName
from services.console.web.response_models import ResponseModel
from shared.contracts.alarms import AlarmTransition, Evidence, ScoreParts
from shared.contracts.alerts import AlertState, AlertTransition, DecisionVerb
from shared.contracts.fields import IncidentGrade, Level, Position, Post, ResponseLevel, Status


class NextDecision(ResponseModel):
    """The next decision on an alert, and the unit that has to take it."""

    verb: DecisionVerb
    unit: str
    unit_name: str
    signed: int
    needed: int


class AlertView(ResponseModel):
    """An alert with the decisions that the officer may take."""

    contract = "AlertEvent"

    alert_id: str
    incident_id: str
    status: Status
    version: int
    state: AlertState
    transition: AlertTransition
    event_type: str
    place: str
    place_name: str
    level: Level | None
    proposed_level: Level | None
    score: int
    distinct_sources: int
    alarms: int
    reports: int
    masked: bool
    headline: str
    approver_unit: str
    approver_name: str
    occurred_at: datetime
    sent_at: datetime
    next: NextDecision | None
    may: list[DecisionVerb]
    may_also: list[DecisionVerb]
    proposed_until: datetime | None
    expires_at: datetime | None
    incident_grade: IncidentGrade | None
    response_level: ResponseLevel | None
    flapping: bool
    merged_into: str | None
    warning: WarningOrigin | None


class AlertList(ResponseModel):
    """Alerts of the subtree of the officer."""

    alerts: list[AlertView]
    next: str | None
    total: int | None


class AlarmView(ResponseModel):
    """An alarm: the value that was measured or concluded, and the limit that it crossed."""

    contract = "AlarmEvent"

    alarm_id: str
    level: Level
    transition: AlarmTransition
    kind: str
    rule_id: str
    status: Status
    score: int
    parts: ScoreParts | None
    masked: bool
    headline: str
    sensor_id: str | None
    sensor_name: str | None
    place: str
    place_name: str
    evidence: Evidence
    retrospective: bool
    withdrawn: bool
    started_at: datetime
    occurred_at: datetime


class AlarmList(ResponseModel):
    """Alarms of the subtree of the officer; `total` counts the standing ones of the filter."""

    alarms: list[AlarmView]
    next: str | None
    total: int | None


class SignatureView(ResponseModel):
    """A signature under a level of an alert."""

    contract = "Signature"

    unit_name: str
    post: Post
    level: Level | None
    signed_at: datetime


class OwedSignatures(ResponseModel):
    """The signatures that are due after an emergency authorisation."""

    contract = "Debt"

    unit: str
    unit_name: str
    approvals: int
    by_unit: str
    by_unit_name: str
    due_at: datetime
    chased: int


class UnitAssessment(ResponseModel):
    """The assessment of an alert by one unit, on three separate scales."""

    contract = "Assessment"

    unit: str
    unit_name: str
    at: datetime
    level: Level | None
    incident_grade: IncidentGrade | None
    response_level: ResponseLevel | None


class WordPair(ResponseModel):
    """The same words in Chinese and English."""

    zh: str
    en: str


class Wording(ResponseModel):
    """The words, the area and the validity of an alert at a level.

    `digest` names the words in an approval, so that nobody signs words that were not shown.
    """

    contract = "AlertWording"

    level: Level
    headline: WordPair
    description: WordPair
    instruction: WordPair
    contact: str
    areas: list[UnitName]
    polygon: list[Position]
    valid_until: datetime | None
    digest: str


class AlertWords(ResponseModel):
    """The words to be signed with the proposal of an alert, and the words in force."""

    alert_id: str
    version: int
    masked: bool
    source: WordingSource | None
    wording: Wording | None
    issued: Wording | None


class AlertDetail(AlertView):
    """One alert with its evidence and the commands that it caused."""

    text: str
    areas: list[UnitName]
    issued_wording: Wording | None
    signatures: list[SignatureView]
    debt: OwedSignatures | None
    positions: list[UnitAssessment]
    merged_ids: list[str]
    report_ids: list[str]
    evidence: list[AlarmView]
    commands: list[CommandHead]
