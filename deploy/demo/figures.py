"""Counts from the topics alone: the figures of summary.json, for real things and for the drill."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from deploy.demo.topic_reader import Log
from shared.contracts.alarms import AlarmTransition
from shared.contracts.alerts import AlertEvent, AlertState, AlertTransition
from shared.contracts.assignments import AssignmentEvent, AssignmentState
from shared.contracts.commands import CommandEvent
from shared.contracts.fields import LEVEL_ORDER, Level, Status, Tier
from shared.contracts.lifecycles.assignment import UNSIGNED
from shared.contracts.pages import Page
from shared.contracts.supervision import SupervisionKind
from shared.contracts.topics import (
    ACKNOWLEDGEMENTS,
    ALARMS,
    ALERTS,
    ASSIGNMENTS,
    COMMANDS,
    PAGE_ANSWERS,
    PAGES,
    REPORTS,
    SUPERVISION,
)

Json = dict[str, Any]
OFF_THE_WAY = (
    AssignmentState.RETURNED,
    AssignmentState.SUSPENDED,
    AssignmentState.WAIVED,
    AssignmentState.REASSIGNED,
    AssignmentState.RECALLED,
)
"""States that do not tell by themselves whether the unit had signed."""


def counts(log: Log, status: Status) -> Json:
    """All figures of one status."""
    alarms = _of(log.messages(ALARMS), status)
    alerts = latest(_of(log.messages(ALERTS), status), "alert_id")
    supervision = _of(log.messages(SUPERVISION), status)
    pages = latest(_of(log.messages(PAGES), status), "page_id")
    return {
        "readings": sum(1 for head, _ in log.readings.values() if head.status == status),
        "reports": len(_of(log.messages(REPORTS), status)),
        "alarms": _by((alarm.transition for alarm in alarms), AlarmTransition),
        "alerts": {
            "by_level": _by(_highest(log, status).values(), reversed(Level)),
            "by_state": _by((alert.state for alert in alerts.values()), AlertState),
        },
        "commands": len({event.command_id for event in _of(log.messages(COMMANDS), status)}),
        "assignments": assignments(log, status),
        "acknowledgements": len(_of(log.messages(ACKNOWLEDGEMENTS), status)),
        "pages": len(pages),
        "answers": len(_of(log.messages(PAGE_ANSWERS), status)),
        "escalations": _by_rung(
            event.rung for event in supervision if event.kind is SupervisionKind.ESCALATED
        ),
        "page_rungs": _by_rung(page.rung for page in pages.values()),
        "supervision": _by((event.kind for event in supervision), SupervisionKind),
    }


def assignments(log: Log, status: Status) -> dict[str, Json]:
    """Per tier: how many units got an assignment, have signed it, are done with it."""
    jsons: dict[str, Json] = {
        tier.value: {"total": 0, "signed": 0, "done": 0} for tier in Tier if tier is not Tier.CITY
    }
    for event in latest(_of(log.messages(ASSIGNMENTS), status), "assignment_id").values():
        tier = jsons.setdefault(event.unit_tier, {"total": 0, "signed": 0, "done": 0})
        tier["total"] += 1
        tier["signed"] += is_signed(event)
        tier["done"] += event.state is AssignmentState.DONE
    return jsons


def is_signed(assignment_event: AssignmentEvent) -> bool:
    """Return whether the unit has signed this attempt."""
    if assignment_event.state in OFF_THE_WAY:
        return assignment_event.signed_at is not None
    return assignment_event.state not in UNSIGNED


def latest(messages: Iterable[Any], key: str) -> dict[str, Any]:
    """The newest version of every aggregate."""
    results: dict[str, Any] = {}
    for message in messages:
        name = getattr(message, key)
        if name not in results or results[name].version < message.version:
            results[name] = message
    return results


def history(messages: Iterable[Any], key: str) -> dict[str, list[Any]]:
    """All versions of every aggregate, in order."""
    results: dict[str, list[Any]] = defaultdict(list)
    for message in messages:
        results[getattr(message, key)].append(message)
    for versions in results.values():
        versions.sort(key=lambda event: event.version)
    return results


def latencies(log: Log) -> Json:
    """Milliseconds between Kafka's record times: p50, p99 and how many were measured."""
    accepted = {name: ms for name, (_, ms) in log.readings.items()}
    to_alarm = [
        entry.ms - accepted[entry.message.evidence.event_id]
        for entry in log.of(ALARMS)
        if entry.message.kind != "absence" and entry.message.evidence.event_id in accepted
    ]
    opened = {
        entry.message.alarm_id: entry.ms
        for entry in log.of(ALARMS)
        if entry.message.transition is AlarmTransition.RAISED
    }
    return {
        "reading_to_alarm": _percentiles(to_alarm),
        "alarm_to_page": _percentiles(_alarm_to_page(log, opened)),
        "command_to_last_delivered": _percentiles(_fan_outs(log)),
    }


def _alarm_to_page(log: Log, opened: dict[str, int]) -> list[int]:
    first_page: dict[str, int] = {}
    for entry in log.of(PAGES):
        page: Page = entry.message
        if page.alert_id is not None and page.assignment_id is None:
            first_page[page.alert_id] = min(entry.ms, first_page.get(page.alert_id, entry.ms))
    results = []
    for event in log.messages(ALERTS):
        if isinstance(event, AlertEvent) and event.version == 1 and event.alarm_ids:
            began, reached = opened.get(event.alarm_ids[0]), first_page.get(event.alert_id)
            if began is not None and reached is not None:
                results.append(reached - began)
    return results


def _fan_outs(log: Log) -> list[int]:
    issued: dict[str, int] = {}
    last: dict[str, int] = {}
    for entry in log.of(COMMANDS):
        command: CommandEvent = entry.message
        if command.version == 1:
            issued[command.command_id] = entry.ms
    for entry in log.of(ASSIGNMENTS):
        assignment_event: AssignmentEvent = entry.message
        if assignment_event.version == 1:
            last[assignment_event.command_id] = max(
                entry.ms, last.get(assignment_event.command_id, 0)
            )
    return [max(0, last[name] - began) for name, began in issued.items() if name in last]


def _percentiles(values: list[int]) -> Json:
    ordered = sorted(values)
    if not ordered:
        return {"p50": None, "p99": None, "n": 0}
    pick = [ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.99)]
    return {"p50": pick[0], "p99": pick[1], "n": len(ordered)}


def _highest(log: Log, status: Status) -> dict[str, Level]:
    """The highest level each alert was ever issued at."""
    levels: dict[str, Level] = {}
    for event in _of(log.messages(ALERTS), status):
        if event.transition in (AlertTransition.ISSUED, AlertTransition.ADJUSTED):
            before = levels.get(event.alert_id, Level.NOTICE)
            levels[event.alert_id] = max(before, event.level, key=LEVEL_ORDER.__getitem__)
    return levels


def _of(messages: Iterable[Any], status: Status) -> list[Any]:
    return [message for message in messages if message.status is status]


def _by(values: Iterable[Any], kinds: Iterable[Any]) -> dict[str, int]:
    counted = Counter(str(value) for value in values)
    return {str(kind): counted[str(kind)] for kind in kinds}


def _by_rung(rungs: Iterable[int]) -> dict[str, int]:
    return {str(rung): count for rung, count in sorted(Counter(rungs).items())}
