"""Contract in, lines of the feed out: what a person on watch would want to be told.

Assignments are summed per batch, command, town and state (nine thousand lines tell nobody anything);
receipts of devices, signatures of grids and notices below the four levels make no line. Nor do alarms
that only feed other rules, and what a backlog brought up: that is history, in the list of alarms.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from shared.contracts.alarms import AlarmEvent
from shared.contracts.alerts import AlertEvent
from shared.contracts.commands import AssignmentEvent, CommandEvent, SupervisionEvent
from shared.contracts.fields import Level, Tier
from shared.contracts.ids import mode_id
from shared.contracts.modes import ModeProposal, ResponseModeEvent
from shared.contracts.pages import Answer, AnswerVerb, Page
from shared.contracts.readings import SensorHealth
from shared.contracts.units import ancestor_at

Line = dict[str, Any]

_RECEIPTS = frozenset({AnswerVerb.DELIVERED, AnswerVerb.READ})


def line_of(message: object) -> Line | None:
    """The line for one message, or None when it makes none (see `assignment_lines`)."""
    match message:
        case AlarmEvent() if _is_told(message):
            return _line(
                "alarm",
                message,
                message.place,
                message.alarm_id,
                level=message.level,
                transition=message.transition,
                headline=message.headline,
                sensor_id=message.sensor_id,
            )
        case AlertEvent():
            return _line(
                "alert",
                message,
                message.place,
                message.alert_id,
                level=message.level or message.proposed_level,
                transition=message.transition,
                state=message.state,
                headline=message.headline,
                issued=message.level,
                proposed=message.proposed_level,
            )
        case CommandEvent():
            return _line(
                "command",
                message,
                message.root,
                message.command_id,
                level=message.level,
                state=message.state,
                headline=message.title,
                recipients=message.recipients,
            )
        case SupervisionEvent():
            return _line(
                "supervision",
                message,
                message.unit,
                message.subject_id,
                level=message.level,
                transition=message.kind,
                clock=message.clock,
                headline=message.title,
                rung=message.rung,
                target_unit=message.target_unit,
                target_post=message.target_post,
                late_by_s=message.late_by_s,
            )
        case Page():
            return _line(
                "page",
                message,
                message.unit,
                message.page_id,
                level=message.level,
                officer_id=message.officer_id,
                state=message.state,
                headline=message.headline,
                post=message.post,
                rung=message.rung,
                round=message.round,
                channel=message.channel,
            )
        case Answer() if message.verb not in _RECEIPTS:
            return _line(
                "answer",
                message,
                message.origin_unit,
                message.page_id,
                officer_id=message.officer_id,
                verb=message.verb,
            )
        case ModeProposal():
            return _line(
                "mode",
                message,
                message.unit,
                message.proposal_id,
                state=message.state,
                mode=message.mode,
                headline=message.title,
            )
        case ResponseModeEvent():
            return _line(
                "mode",
                message,
                message.unit,
                mode_id(message.status, message.unit),
                state="in_force",
                mode=message.mode,
                headline=message.title,
            )
        case SensorHealth():
            return _line(
                "sensor",
                message,
                message.origin_unit,
                message.sensor_id,
                state=message.state,
            )
        case _:
            return None


def _is_told(alarm: AlarmEvent) -> bool:
    return alarm.level is not Level.NOTICE and not (alarm.condition or alarm.retrospective)


def assignment_lines(events: Iterable[AssignmentEvent]) -> list[Line]:
    """One line per command, town (or the unit itself above towns), state and status, with a count."""
    lines: dict[tuple[str, ...], Line] = {}
    for event in events:
        unit = ancestor_at(event.unit, Tier.TOWN) or event.unit
        key = (event.command_id, unit, event.state, event.status)
        line = lines.get(key)
        if line is None:
            line = lines[key] = _line(
                "assignments",
                event,
                unit,
                event.command_id,
                level=event.level,
                state=event.state,
                headline=event.title,
                count=0,
            )
        line["payload"]["count"] += 1
        line["at"] = max(line["at"], event.sent_at)
    return list(lines.values())


def as_row(line: Line) -> Line:
    """The line with its payload as JSON text, ready for the database."""
    return {**line, "payload": json.dumps(line["payload"], ensure_ascii=False)}


def _line(
    kind: str,
    message: Any,
    unit: str,
    subject_id: str,
    *,
    level: str | None = None,
    officer_id: str | None = None,
    **payload: Any,
) -> Line:
    return {
        "kind": kind,
        "status": message.status,
        "unit_code": unit,
        "officer_id": officer_id,
        "level": level,
        "at": message.sent_at,
        "data_grade": message.data_grade,
        "subject_id": subject_id,
        "payload": {name: value for name, value in payload.items() if value is not None},
    }
