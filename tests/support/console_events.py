"""Records of the contracts for tests of the console: real units, invented events."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.contracts.alarms import AlarmEvent, AlarmTransition, Evidence
from shared.contracts.alerts import AlertEvent, AlertState, AlertTransition, Signature
from shared.contracts.assignments import AssignmentEvent, AssignmentState
from shared.contracts.commands import CommandEvent, CommandState
from shared.contracts.fields import Level, Post, Status, Tier
from shared.contracts.ids import assignment_id, content_id, page_id, transition_id
from shared.contracts.pages import Channel, Page, PageState, SubjectKind
from shared.contracts.readings import SensorHealth, SensorState
from shared.contracts.rules import RuleDefinition, Rung, ThresholdRule
from shared.contracts.supervision import SupervisionEvent, SupervisionKind
from shared.contracts.units import parent_of, tier_of

NOW = datetime(2026, 11, 24, 2, 13, 40, tzinfo=UTC)
CITY = "500000000000"
DISTRICT = "500118000000"
ZHUTUO = "500118118000"
SONGJI = "500118107000"
VILLAGE = "500118118201"
GRID = f"{VILLAGE}/grid/001"
MICROGRID = f"{GRID}/02"
HOSTILE_TEXT = "</script><img src=x onerror=alert(1)>\u202eevil\u202c {{7*7}} ${7*7} <b>粗</b>"


def _head(event_id: str, unit: str, at: datetime, status: Status) -> dict[str, Any]:
    return {
        "id": event_id,
        "status": status,
        "occurred_at": at,
        "sent_at": at,
        "origin_unit": unit,
        "tier": tier_of(unit),
    }


def an_alert(
    name: str,
    place: str = ZHUTUO,
    *,
    version: int = 1,
    state: AlertState = AlertState.VERIFYING,
    level: Level | None = None,
    proposed: Level | None = Level.ORANGE,
    approver: str = CITY,
    status: Status = Status.ACTUAL,
    at: datetime = NOW,
    **more: Any,
) -> AlertEvent:
    """Return an alert; its id follows from `name`."""
    alert = content_id("alt", name)
    fields: dict[str, Any] = {
        "transition": AlertTransition.OPENED if version == 1 else AlertTransition.UPDATED,
        "event_type": "11A01",
        "approvals_needed": 2 if proposed is Level.RED else 1,
        "score": 61,
        "distinct_sources": 1,
        "headline": "朱沱(三) 水位 211.86 m，接近保证水位",
        **more,
    }
    return AlertEvent(
        **_head(transition_id(alert, version), place, at, status),
        alert_id=alert,
        version=version,
        state=state,
        place=place,
        level=level,
        proposed_level=proposed,
        approver_unit=approver,
        incident_id=content_id("inc", name),
        **fields,
    )


RUNGS = (
    Rung(level=Level.BLUE, raise_at=209.5, clear_at=209.2, source="汛限"),
    Rung(level=Level.ORANGE, raise_at=212.0, clear_at=211.8, source="保证水位"),
)
"""The thresholds of `a_rule`."""


def an_alarm(name: str, *, level: Level = Level.ORANGE, place: str = ZHUTUO) -> AlarmEvent:
    """Return an alarm of the gauge of Zhutuo."""
    alarm = content_id("alm", name)
    return AlarmEvent(
        **_head(transition_id(alarm, 1), place, NOW, Status.ACTUAL),
        alarm_id=alarm,
        version=1,
        transition=AlarmTransition.RAISED,
        rule_id="flood.zhutuo",
        rule_version=1,
        kind="threshold",
        sensor_id="gauge-zhutuo",
        place=place,
        event_type="11A01",
        level=level,
        score=72,
        evidence=Evidence(
            metric="water_level",
            value=212.36,
            unit="m",
            datum="吴淞",
            limit=212.0,
            event_id=content_id("rdg", name),
        ),
        headline="朱沱(三) 水位 212.36 m，超过保证水位 212.00 m",
    )


def a_rule(name: str = "flood.zhutuo", body: Any = None, **more: Any) -> RuleDefinition:
    """Return a rule for the gauge of Zhutuo: blue and orange thresholds, unless `body` is set."""
    fields: dict[str, Any] = {
        "sensor_kind": "river_gauge",
        "metric": "water_level",
        "unit": "m",
        "datum": "吴淞",
        **more,
    }
    return RuleDefinition(
        id=f"rul-{name}",
        occurred_at=NOW,
        sent_at=NOW,
        origin_unit=DISTRICT,
        tier=Tier.DISTRICT,
        rule_id=name,
        version=1,
        name_zh="朱沱水位",
        name_en="Zhutuo level",
        event_type="11A01",
        body=body or ThresholdRule(rungs=RUNGS),
        source="水情",
        **fields,
    )


def a_command(
    name: str,
    root: str = ZHUTUO,
    *,
    issuer: str = CITY,
    recipients: int = 9,
    state: CommandState = CommandState.ISSUED,
    status: Status = Status.ACTUAL,
    level: Level = Level.ORANGE,
    version: int = 1,
    at: datetime = NOW,
    alert: str | None = None,
    title: str = "沿江低洼地带人员转移",
) -> CommandEvent:
    """Return a command; its id follows from `name`."""
    command = content_id("cmd", name)
    return CommandEvent(
        **_head(transition_id(command, version), issuer, at, status),
        command_id=command,
        version=version,
        state=state,
        alert_id=alert,
        event_type="11A01",
        level=level,
        root=root,
        title=title,
        instruction="立即组织沿江低洼地带人员转移，逐户清点，完成后反馈人数。",
        recipients=recipients,
        sign_by=at + timedelta(minutes=5),
        finish_by=at + timedelta(minutes=40),
    )


def an_assignment(
    command: CommandEvent,
    unit: str,
    state: AssignmentState = AssignmentState.DELIVERED,
    *,
    version: int = 1,
    attempt: int = 1,
    reason: str = "",
) -> AssignmentEvent:
    """Return the assignment of a unit."""
    subject = assignment_id(command.command_id, unit)
    signed = state not in (AssignmentState.QUEUED, AssignmentState.DELIVERED)
    return AssignmentEvent(
        **_head(
            transition_id(subject, version),
            command.origin_unit,
            command.sent_at + timedelta(seconds=version),
            command.status,
        ),
        assignment_id=subject,
        command_id=command.command_id,
        alert_id=command.alert_id,
        version=version,
        unit=unit,
        unit_tier=tier_of(unit),
        parent_unit=parent_of(unit),
        state=state,
        level=command.level,
        event_type=command.event_type,
        title=command.title,
        instruction=command.instruction,
        issuer_unit=command.origin_unit,
        sign_by=command.sign_by,
        finish_by=command.finish_by,
        attempt=attempt,
        signed_at=command.sent_at if signed else None,
        synthetic="/grid/" in unit,
        reason=reason,
    )


def assignments(
    command: CommandEvent, units: Iterable[str], signed_share: float = 0.0, done_share: float = 0.0
) -> list[AssignmentEvent]:
    """Return assignments of many units; the first units of each tier are further on."""
    by_tier: dict[str, list[str]] = {}
    for unit in units:
        by_tier.setdefault(tier_of(unit), []).append(unit)
    results = []
    for members in by_tier.values():
        for number, unit in enumerate(members):
            share = (number + 1) / len(members)
            state = AssignmentState.DELIVERED
            if share <= done_share:
                state = AssignmentState.REPORTED
            elif share <= signed_share:
                state = AssignmentState.SIGNED
            results.append(an_assignment(command, unit, state))
    return results


def a_supervision(
    subject: AssignmentEvent,
    kind: SupervisionKind,
    *,
    rung: int = 0,
    clock: str = "sign",
    target: str | None = None,
    post: Post = Post.B,
) -> SupervisionEvent:
    """Return a firing of a timer of an assignment."""
    event_id = content_id("sup", subject.assignment_id, kind, clock, rung)
    due = subject.sign_by if clock == "sign" else subject.finish_by
    if kind is SupervisionKind.DUE_SOON:
        due -= timedelta(seconds=60)
    return SupervisionEvent(
        **_head(event_id, subject.issuer_unit, due, subject.status),
        supervision_id=event_id,
        kind=kind,
        clock="sign" if clock == "sign" else "finish",
        subject_id=subject.assignment_id,
        command_id=subject.command_id,
        unit=subject.unit,
        rung=rung,
        target_unit=target or subject.unit,
        target_post=post,
        due_at=due + timedelta(seconds=6 * rung),
        level=subject.level,
        title=subject.title,
    )


def a_page(
    officer: str,
    unit: str,
    *,
    name: str = "page",
    version: int = 1,
    state: PageState = PageState.SENT,
    level: Level = Level.ORANGE,
    status: Status = Status.ACTUAL,
    channel: Channel = Channel.CONSOLE,
    at: datetime = NOW,
    headline: str = "朱沱镇 洪水 橙色预警待核实",
    text: str = "朱沱(三) 水位 212.36 m，超过保证水位 212.00 m。请核实。",
    rung: int = 0,
    post: Post = Post.B,
    subject: SubjectKind = SubjectKind.ALERT,
) -> Page:
    """Return a page to an officer, about an alert unless `subject` says otherwise."""
    page = page_id(name, officer, channel, 1)
    alert = content_id("alt", name) if subject is SubjectKind.ALERT else None
    return Page(
        **_head(transition_id(page, version), unit, at, status),
        page_id=page,
        version=version,
        subject_kind=subject,
        subject_id=content_id("alt", name),
        alert_id=alert,
        officer_id=officer,
        unit=unit,
        post=post,
        channel=channel,
        rung=rung,
        state=state,
        level=level,
        headline=headline,
        text=text,
        answer_by=at + timedelta(minutes=5),
        to_note=subject not in (SubjectKind.ALERT, SubjectKind.ASSIGNMENT),
    )


def a_silent_sensor(
    sensor: str, place: str, *, version: int = 1, online: bool = False
) -> SensorHealth:
    """Return the health of a silent sensor."""
    return SensorHealth(
        **_head(transition_id(sensor, version), place, NOW, Status.ACTUAL),
        sensor_id=sensor,
        state=SensorState.ONLINE if online else SensorState.SILENT,
        version=version,
        last_seen_at=NOW - timedelta(minutes=30),
    )


def signed(unit: str, officer: str, level: Level) -> Signature:
    """Return a signature of a B post."""
    return Signature(officer_id=officer, unit=unit, post=Post.B, level=level, signed_at=NOW)
