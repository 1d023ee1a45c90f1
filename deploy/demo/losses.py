"""Checks for lost records, for duplicates, and for effects of a drill on the real world."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from deploy.demo.accepted_log import Accepted
from deploy.demo.expected_alarms import Key, Transition
from deploy.demo.figures import history
from deploy.demo.stored_state import Books
from deploy.demo.topic_reader import Log
from deploy.demo.webhook import Received
from shared.contracts.alarms import AlarmEvent, AlarmTransition
from shared.contracts.alerts import AlertEvent, AlertTransition
from shared.contracts.fields import LEVEL_ORDER, Status
from shared.contracts.pages import Page
from shared.contracts.topics import (
    ACKNOWLEDGEMENTS,
    ALARMS,
    ALERT_DECISIONS,
    ALERTS,
    ASSIGNMENTS,
    COMMAND_REQUESTS,
    COMMANDS,
    NOTICES,
    PAGE_ANSWERS,
    PAGES,
    REPORTS,
    SENSOR_HEALTH,
    SUPERVISION,
    TOPICS,
)

_EXAMPLES = 5
_ACTS = (ALERT_DECISIONS, COMMAND_REQUESTS, ACKNOWLEDGEMENTS, PAGE_ANSWERS)
_FEED = {"alert": ALERTS, "command": COMMANDS, "supervision": SUPERVISION, "page": PAGES}
"""Feed lines that stand for exactly one event each."""


@dataclass
class Findings:
    """Findings by kind: the number counts, a few examples are listed."""

    kinds: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, examples: Iterable[str]) -> None:
        """Note findings of a kind; an empty kind is listed as checked."""
        items = sorted(examples)
        self.kinds[kind] = len(items)
        if items:
            self.examples[kind] = items[:_EXAMPLES]

    @property
    def total(self) -> int:
        """Return the number of findings."""
        return sum(self.kinds.values())


def lost(
    log: Log, books: Books, accepted: Accepted, expected: dict[Key, list[Transition]]
) -> Findings:
    """Return accepted or due records that are absent."""
    findings = Findings()
    findings.add("readings", accepted.readings - log.readings.keys())
    findings.add("reports", accepted.reports - {message.id for message in log.messages(REPORTS)})
    on_topic = {message.id for spec in _ACTS for message in log.messages(spec)}
    findings.add("acts", {str(act["id"]) for act in accepted.acts} - on_topic)
    transitions = _transitions(log)
    findings.add("alarm_changes", _missing(expected, transitions))
    raised = {a.alarm_id for a in log.messages(ALARMS) if a.transition is AlarmTransition.RAISED}
    findings.add("alarms_without_disposition", raised - {row["alarm_id"] for row in books.alarms})
    findings.add("alerts_without_command", _uncommanded(log))
    findings.add("recipients_without_assignment", _unassigned(log))
    findings.add(
        "ladders_without_page", (r["escalation_id"] for r in books.ladders if not r["pages"])
    )
    paged = {message.page_id for message in log.messages(PAGES)}
    findings.add("pages_not_on_topic", {row["page_id"] for row in books.pages} - paged)
    stored = {row["assignment_id"] for row in books.assignments}
    published = {message.assignment_id for message in log.messages(ASSIGNMENTS)}
    findings.add("assignments_not_on_topic", stored - published)
    findings.add(
        "outbox_rows", (f"{service}: {n}" for service, n in books.waiting.items() for _ in range(n))
    )
    return findings


def called_twice(pages: Iterable[Page]) -> list[str]:
    """Return officers with two pages for one call, one entry for each such call.

    Only the first version of a page names the cause of the call first: a later version names the
    previous version, and so does a digest whose first content was this page.
    """
    calls: dict[tuple[Any, ...], set[str]] = defaultdict(set)
    for page in pages:
        if page.version == 1:
            cause = page.references[:1] or (page.subject_id,)
            calls[cause, page.officer_id, page.channel, page.rung, page.round].add(page.page_id)
    return [str(officer) for (_, officer, *_), ids in calls.items() if len(ids) > 1]


def duplicates(
    log: Log, books: Books, received: Received, expected: dict[Key, list[Transition]]
) -> Findings:
    """Return the duplicates that a person could have seen."""
    findings = Findings()
    findings.add("webhook_repeats_without_mark", received.repeats())
    findings.add("pages_for_one_call", called_twice(log.messages(PAGES)))
    units: dict[tuple[str, str], set[str]] = defaultdict(set)
    for message in log.messages(ASSIGNMENTS):
        units[message.command_id, message.unit].add(message.assignment_id)
    findings.add(
        "assignments_of_one_unit", (f"{c} {u}" for (c, u), ids in units.items() if len(ids) > 1)
    )
    findings.add("feed_lines", _feed_lines(log, books))
    findings.add("alarm_changes", _missing(_transitions(log), expected))
    versions: Counter[tuple[str, int]] = Counter(
        (message.alert_id, message.version) for message in log.messages(ALERTS)
    )
    findings.add("alert_versions", (f"{a} v{v}" for (a, v), n in versions.items() if n > 1))
    return findings


def drill_leaks(log: Log, received: Received) -> Findings:
    """Return records that refer to a record of another status, and real notices about a drill."""
    findings = Findings()
    status = _statuses(log)
    crossed: list[str] = []
    for name in TOPICS:
        for entry in log.entries.get(name, ()):
            message = entry.message
            crossed += [
                f"{name} {message.id} ({message.status}) -> {reference}"
                for reference in _references(message)
                if status.get(reference, message.status) != message.status
            ]
    findings.add("references", crossed)
    notices = [message for message in log.messages(NOTICES) if message.status is not Status.ACTUAL]
    findings.add("public_notices", (notice.id for notice in notices))
    findings.add(
        "sensor_health",
        (o.id for o in log.messages(SENSOR_HEALTH) if o.status is not Status.ACTUAL),
    )
    findings.add("pages_without_mark", received.unmarked_exercise)
    return findings


def _transitions(log: Log) -> dict[Key, list[Transition]]:
    results: dict[Key, list[Transition]] = defaultdict(list)
    alarms: list[AlarmEvent] = sorted(
        log.messages(ALARMS), key=lambda message: (message.occurred_at, message.version)
    )
    for alarm in alarms:
        if alarm.sensor_id is None:
            continue  # over several sources: alerting's, and not foretold here
        key = (alarm.rule_id, alarm.sensor_id, alarm.status)
        level = alarm.level
        if alarm.transition is AlarmTransition.CLEARED and alarm.previous_level is not None:
            level = alarm.previous_level
        results[key].append(
            Transition(alarm.rule_id, alarm.sensor_id, alarm.status, alarm.transition, level)
        )
    return results


def _missing(
    expected: dict[Key, list[Transition]], present: dict[Key, list[Transition]]
) -> Iterator[str]:
    """Yield the steps of `expected` that `present` does not have, in order, per key."""
    for key, steps in expected.items():
        transitions = iter(present.get(key, []))
        for step in steps:
            if not any(transition == step for transition in transitions):
                yield f"{'/'.join(key)}: {step.kind} {step.level}"
                transitions = iter(())


def _uncommanded(log: Log) -> Iterator[str]:
    """Yield issues and upward adjustments without a command."""
    commands = Counter(
        message.alert_id
        for message in log.messages(COMMANDS)
        if message.version == 1 and message.alert_id
    )
    for alert_id, events in history(log.messages(ALERTS), "alert_id").items():
        due, level = 0, None
        for event in events:
            due += _calls_for_command(event, level)
            level = event.level
        for _ in range(due - commands[alert_id]):
            yield f"{alert_id}: {due} called for, {commands[alert_id]} there"


def _calls_for_command(event: AlertEvent, before: Any) -> bool:
    if event.transition is AlertTransition.ISSUED:
        return True
    if event.transition is not AlertTransition.ADJUSTED or event.level is None or before is None:
        return False
    return LEVEL_ORDER[event.level] > LEVEL_ORDER[before]


def _unassigned(log: Log) -> Iterator[str]:
    """Yield one line per resolved recipient without an assignment record."""
    units: dict[str, set[str]] = defaultdict(set)
    for message in log.messages(ASSIGNMENTS):
        units[message.command_id].add(message.unit)
    for command in log.messages(COMMANDS):
        if command.version == 1:
            present = len(units[command.command_id])
            for _ in range(command.recipients - present):
                yield f"{command.command_id}: {present} of {command.recipients}"


def _feed_lines(log: Log, books: Books) -> Iterator[str]:
    lines = Counter(row["kind"] for row in books.feed)
    for kind, spec in _FEED.items():
        published = len(log.messages(spec))
        for _ in range(lines[kind] - published):
            yield f"{kind}: {lines[kind]} lines, {published} events"


_AGGREGATES = ("alarm_id", "alert_id", "command_id", "assignment_id", "page_id", "notice_id")


def _statuses(log: Log) -> dict[str, Status]:
    """Return the status of every event and aggregate by id."""
    statuses: dict[str, Status] = {name: Status(h.status) for name, (h, _) in log.readings.items()}
    for entries in log.entries.values():
        for entry in entries:
            status = getattr(entry.message, "status", None)
            if status is None:
                continue
            statuses.setdefault(entry.message.id, status)
            for name in _AGGREGATES:
                value = getattr(entry.message, name, None)
                if value is not None:
                    statuses.setdefault(value, status)
    return statuses


def _references(message: Any) -> Iterator[str]:
    """Yield every id in a record."""
    yield from getattr(message, "references", ())
    yield from getattr(message, "alarm_ids", ())
    yield from getattr(message, "report_ids", ())
    for name in (*_AGGREGATES, "subject_id", "incident_id", "trace_id"):
        value = getattr(message, name, None)
        if value is not None:
            yield value
    if isinstance(message, AlarmEvent):
        yield message.evidence.event_id
