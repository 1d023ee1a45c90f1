"""Complete alarms, reports and decisions; a test names only the fields that matter."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from services.alerting.core.alarms.snapshot import snapshot_of
from services.alerting.core.alerts.alert import AlarmEvidence
from services.alerting.core.alerts.grouping import evidence_of_alarm
from shared.contracts.alarms import AlarmEvent, AlarmTransition, Evidence
from shared.contracts.alerts import AlertDecision, DecisionVerb
from shared.contracts.conditions import (
    AllOf,
    CompositeRule,
    CorroborationRule,
    RuleHolds,
    SourceClass,
)
from shared.contracts.fields import Level, Post, Status, Tier
from shared.contracts.ids import transition_id
from shared.contracts.reports import ExternalWarning, Report, ReporterRole, ReportKind
from shared.contracts.rules import RuleDefinition

CITY = "500000000000"
DISTRICT = "500118000000"
TOWN = "500118118000"
VILLAGE = "500118118201"
GRID = "500118118201/grid/001"
OTHER_TOWN = "500118117000"
T0 = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)

_numbers = itertools.count(1)


def at(minutes: float) -> datetime:
    """Return event time, in minutes after T0."""
    return T0 + timedelta(minutes=minutes)


def an_alarm(
    alarm_id: str = "alm-1",
    version: int = 1,
    transition: AlarmTransition = AlarmTransition.RAISED,
    level: Level = Level.YELLOW,
    **changes: Any,
) -> AlarmEvent:
    """Return an alarm event; its sensor is named after the alarm."""
    values: dict[str, Any] = {
        "id": transition_id(alarm_id, version),
        "occurred_at": T0,
        "sent_at": T0,
        "origin_unit": VILLAGE,
        "tier": Tier.VILLAGE,
        "alarm_id": alarm_id,
        "version": version,
        "transition": transition,
        "rule_id": "gas.leak",
        "rule_version": 1,
        "kind": "threshold",
        "sensor_id": f"sensor-{alarm_id}",
        "place": VILLAGE,
        "event_type": "12:gas_leak",
        "level": level,
        "score": 50,
        "evidence": Evidence(metric="gas", value=30.0, unit="%LEL", limit=25.0, event_id="r-1"),
        "headline": f"燃气浓度超限 {level}",
    }
    return AlarmEvent(**(values | changes))


def a_report(reporter: str = "worker-1", **changes: Any) -> Report:
    """Return a grid worker's report with an id of its own."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "id": f"rep-{number}",
        "occurred_at": T0,
        "sent_at": T0,
        "origin_unit": VILLAGE,
        "tier": Tier.VILLAGE,
        "incident_id": f"inc-{number}",
        "kind": ReportKind.INITIAL,
        "event_type": "12:gas_leak",
        "place": VILLAGE,
        "reporter_id": reporter,
        "reporter_role": ReporterRole.GRID_WORKER,
        "headline": "闻到燃气味",
    }
    return Report(**(values | changes))


def a_decision(
    alert_id: str,
    verb: DecisionVerb,
    level: Level | None,
    unit: str = DISTRICT,
    officer: str = "officer-1",
    status: Status = Status.ACTUAL,
    **changes: Any,
) -> AlertDecision:
    """Return a decision with an id of its own."""
    values: dict[str, Any] = {
        "id": f"dec-{next(_numbers)}",
        "status": status,
        "occurred_at": T0,
        "sent_at": T0,
        "origin_unit": unit,
        "tier": Tier.DISTRICT,
        "alert_id": alert_id,
        "verb": verb,
        "level": level,
        "officer_id": officer,
        "post": Post.B,
        "reason": "现场核实",
    }
    return AlertDecision(**(values | changes))


def evidence_after(event: AlarmEvent, previous: AlarmEvidence | None) -> AlarmEvidence:
    """Return the evidence of an alarm after an event."""
    return evidence_of_alarm(event, snapshot_of(event, None), previous)


def a_rule(rule_id: str, body: Any, version: int = 1, **changes: Any) -> RuleDefinition:
    """Return a rule over several sources about gas."""
    values: dict[str, Any] = {
        "id": f"rul-{rule_id}-{version}-{next(_numbers)}",
        "occurred_at": T0,
        "sent_at": T0,
        "origin_unit": CITY,
        "tier": Tier.CITY,
        "rule_id": rule_id,
        "version": version,
        "name_zh": "多源规则",
        "name_en": "rule over several sources",
        "event_type": "12:gas_leak",
        "body": body,
        "source": "test",
    }
    return RuleDefinition(**(values | changes))


def all_of(*rules: str, **changes: Any) -> CompositeRule:
    """Return a composite over the alarms of all these rules, in one village."""
    when = (
        AllOf(of=tuple(RuleHolds(rule=rule_id) for rule_id in rules))
        if len(rules) > 1
        else RuleHolds(rule=rules[0])
    )
    values: dict[str, Any] = {"scope": "village", "when": when, "level": Level.ORANGE}
    return CompositeRule(**(values | changes))


def sources_of(**changes: Any) -> CorroborationRule:
    """Sensors count fully, grid workers 0.6, telephones 0.4; 1 is enough, within half an hour."""
    values: dict[str, Any] = {
        "sources": (
            SourceClass(source="sensor", trust=0.8),
            SourceClass(source="grid_worker", trust=0.6),
            SourceClass(source="hotline", trust=0.4),
            SourceClass(source="agency", trust=0.7),
        ),
        "need": 1.0,
        "window_s": 1800,
        "within": Tier.TOWN,
        "level": Level.ORANGE,
    }
    return CorroborationRule(**(values | changes))


def a_warning(source: str = "cma", msg_type: str = "Alert", **changes: Any) -> ExternalWarning:
    """Return the warning of an agency for the town, with an id of its own."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "id": f"wrn-{number}",
        "occurred_at": T0,
        "sent_at": T0,
        "origin_unit": DISTRICT,
        "tier": Tier.DISTRICT,
        "areas": (TOWN,),
        "source_id": source,
        "cap_identifier": f"cap-{number}",
        "msg_type": msg_type,
        "event_type": "12:gas_leak",
        "headline": "燃气预警",
    }
    return ExternalWarning(**(values | changes))
