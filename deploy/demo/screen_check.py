"""The screen against the log: the city officer's counts, computed here from the topics alone."""

import asyncio
from collections import Counter, defaultdict
from typing import Any

from deploy.demo import topic_reader as topic_log
from deploy.demo.console_client import ConsoleClient
from deploy.demo.figures import is_signed, latest
from deploy.demo.officers import WATCH
from deploy.demo.topic_reader import Log
from shared.contracts.alerts import AlertState
from shared.contracts.assignments import AssignmentState
from shared.contracts.fields import Level, Status, Tier
from shared.contracts.lifecycles.alert import OPEN as OPEN_ALERT
from shared.contracts.lifecycles.assignment import IN_WORK, REPORTED, UNSIGNED
from shared.contracts.lifecycles.command import OPEN as OPEN_COMMAND
from shared.contracts.lifecycles.page import WAITING
from shared.contracts.pages import AnswerVerb, Channel, Page, SubjectKind
from shared.contracts.readings import SensorState
from shared.contracts.supervision import SupervisionKind
from shared.contracts.topics import (
    ALERTS,
    ASSIGNMENTS,
    COMMANDS,
    PAGE_ANSWERS,
    PAGES,
    SENSOR_HEALTH,
    SUPERVISION,
)

Json = dict[str, Any]
_TOPICS = (ALERTS, PAGE_ANSWERS, ASSIGNMENTS, COMMANDS, SENSOR_HEALTH, PAGES, SUPERVISION)
_TRIES = 40


async def compare(bootstrap: str, client: ConsoleClient) -> tuple[Json, Json]:
    """Differences of /api/overview and of /api/supervision from the log; both empty = equal.

    Something open may move between the two looks, so it is looked again until both agree.
    """
    screen: Json = {}
    listed: Json = {}
    for _ in range(_TRIES):
        log = await topic_log.read(bootstrap, specs=_TOPICS)
        screen, listed = {}, {}
        for status in (Status.ACTUAL, Status.EXERCISE):
            answer = await client.get(WATCH, "/api/overview", status=status)
            rows = await _supervised(client, status)
            screen |= _differences(status, overview(log, status), picked(answer or {}))
            rows_seen = sorted(map(row_of, rows))
            if rows_seen != supervision(log, status):
                listed[status] = {"screen": rows_seen[:5], "log": supervision(log, status)[:5]}
        if not screen and not listed:
            break
        await asyncio.sleep(0.5)
    return screen, listed


async def _supervised(client: ConsoleClient, status: Status) -> list[Json]:
    """All that /api/supervision lists, page after page; what cannot be had now is missing."""
    jsons: list[Json] = []
    after: str | None = ""
    while after is not None:
        page = await client.get(WATCH, "/api/supervision", status=status, after=after, limit=500)
        jsons += (page or {"supervision": []})["supervision"]
        after = page["next"] if page else None
    return jsons


def overview(log: Log, status: Status) -> Json:
    """Return the overview that the console must show, in the shape of `picked`."""
    alerts = [
        event
        for event in latest(_of(log, ALERTS, status), "alert_id").values()
        if event.state in OPEN_ALERT
    ]
    issued: Counter[str] = Counter()
    proposed: Counter[str] = Counter()
    for alert in alerts:
        if alert.state is AlertState.ISSUED and alert.level is not None:
            issued[alert.level] += 1
        elif alert.proposed_level is not None:
            proposed[alert.proposed_level] += 1
    answered = {
        event.page_id
        for event in _of(log, PAGE_ANSWERS, status)
        if event.verb not in (AnswerVerb.DELIVERED, AnswerVerb.READ)
    }
    pages = latest(_of(log, PAGES, status), "page_id").values()
    health = latest(_of(log, SENSOR_HEALTH, status), "sensor_id").values()
    return {
        "issued": {level.value: issued[level] for level in Level},
        "proposed": {level.value: proposed[level] for level in Level},
        "states": dict(Counter(alert.state.value for alert in alerts)),
        "assignments": _by_tier(log, status),
        "pages_open": len(
            {
                (page.officer_id, page.subject_kind, page.to_note, _subject(page))
                for page in pages
                if page.state in WAITING
                and page.channel is Channel.CONSOLE
                and not page.subject_kind.is_system
                and page.page_id not in answered
            }
        ),
        "sensors_silent": sum(event.state is not SensorState.ONLINE for event in health),
    }


def _subject(page: Page) -> str:
    """Return what a page is about: for supervision the command that is supervised."""
    if page.subject_kind is SubjectKind.SUPERVISION and page.command_id is not None:
        return page.command_id
    return page.subject_id


def picked(screen: Json) -> Json:
    """The part of the console's answer that can be recounted."""
    if not screen:
        return {}
    return {
        "issued": screen["alerts"]["issued"],
        "proposed": screen["alerts"]["proposed"],
        "states": screen["alerts"]["states"],
        "assignments": {
            event["tier"]: {name: event[name] for name in _COUNTED}
            for event in screen["assignments"]["by_tier"]
        },
        "pages_open": screen["pages_open"],
        "sensors_silent": screen["sensors_silent"],
    }


_COUNTED = ("total", "signed", "reported", "done", "returned")


def _by_tier(log: Log, status: Status) -> Json:
    results: dict[Tier, Counter[str]] = defaultdict(Counter)
    for assignment in _open_assignments(log, status).values():
        if assignment.state in (AssignmentState.REASSIGNED, AssignmentState.RECALLED):
            continue
        counted = results[assignment.unit_tier]
        counted["total"] += 1
        counted["signed"] += is_signed(assignment)
        counted["reported"] += assignment.state in REPORTED
        counted["done"] += assignment.state is AssignmentState.DONE
        counted["returned"] += assignment.state is AssignmentState.RETURNED
    return {tier.value: {name: results[tier][name] for name in _COUNTED} for tier in results}


def supervision(log: Log, status: Status) -> list[tuple[str, ...]]:
    """Open assignments a timer has fired for and that still lack the step, as sorted rows.

    An assignment has two clocks and is one row, with its gravest firing.
    """
    assignments = _open_assignments(log, status)
    newest: dict[tuple[str, str], Any] = {}
    for event in _of(log, SUPERVISION, status):
        if event.kind is SupervisionKind.URGED:
            continue
        before = newest.get((event.subject_id, event.clock))
        if before is None or (event.due_at, _gravity(event)) > (before.due_at, _gravity(before)):
            newest[event.subject_id, event.clock] = event
    gravest: dict[str, Any] = {}
    for (subject, clock), event in sorted(newest.items()):
        assignment = assignments.get(subject)
        if assignment is None:
            continue
        missing = assignment.state in (UNSIGNED if clock == "sign" else UNSIGNED | IN_WORK)
        limit = assignment.sign_by if clock == "sign" else assignment.finish_by
        soon = event.kind is SupervisionKind.DUE_SOON
        before = gravest.get(subject)
        if (missing and (soon or event.due_at >= limit)) and (
            before is None or _gravity(event) > _gravity(before)
        ):
            gravest[subject] = event
    return sorted(
        (subject, event.clock, event.kind.value, str(event.rung))
        for subject, event in gravest.items()
    )


def _gravity(event: Any) -> tuple[int, int]:
    return list(SupervisionKind).index(event.kind), event.rung


def row_of(json: Json) -> tuple[str, ...]:
    """Return an entry of /api/supervision in the shape of a row of `supervision`."""
    return json["assignment_id"], json["clock"], json["kind"], str(json["rung"])


def _open_assignments(log: Log, status: Status) -> dict[str, Any]:
    commands = latest(_of(log, COMMANDS, status), "command_id")
    return {
        name: event
        for name, event in latest(_of(log, ASSIGNMENTS, status), "assignment_id").items()
        if event.command_id in commands and commands[event.command_id].state in OPEN_COMMAND
    }


def _differences(status: Status, expected: Json, screen: Json) -> Json:
    return {
        f"{status}.{name}": {"screen": screen.get(name), "log": value}
        for name, value in expected.items()
        if screen.get(name) != value
    }


def _of(log: Log, spec: Any, status: Status) -> list[Any]:
    return [message for message in log.messages(spec) if message.status is status]
