"""The edge to Kafka: a batch of events becomes a few bulk statements and the lines people are told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from services.console.core import lines, reachability, rows
from services.console.core.cases import review
from services.console.core.cases.facts import fact_of
from services.console.store import feed, projections
from services.console.store.projections import Projection
from shared.contracts.alarms import AlarmEvent
from shared.contracts.alerts import AlertEvent
from shared.contracts.cases import CaseReview
from shared.contracts.commands import (
    Acknowledgement,
    AssignmentEvent,
    CommandEvent,
    SupervisionEvent,
)
from shared.contracts.duty import DutyCoverage, DutyEntry
from shared.contracts.modes import ModeProposal, ResponseModeEvent
from shared.contracts.pages import Answer, AnswerVerb, Page
from shared.contracts.reachability import Reachability
from shared.contracts.readings import SensorHealth
from shared.contracts.reports import Report, ReportDuty
from shared.contracts.silences import SilenceEvent
from shared.contracts.topics import (
    ACKNOWLEDGEMENTS,
    ALARMS,
    ALERTS,
    ANSWERS,
    ASSIGNMENTS,
    CASE_REVIEWS,
    COMMANDS,
    DUTY_COVERAGE,
    DUTY_ENTRIES,
    HEALTH,
    MODE_PROPOSALS,
    MODES,
    PAGES,
    REACHABILITY,
    REPORT_DUTIES,
    REPORTS,
    SILENCE_STATES,
    SUPERVISION,
)
from shared.runtime.database import Transaction
from shared.runtime.inbound_messages import InboundMessage

CONSUMES = (
    ALARMS,
    HEALTH,
    ALERTS,
    SILENCE_STATES,
    COMMANDS,
    ASSIGNMENTS,
    SUPERVISION,
    PAGES,
    ANSWERS,
    ACKNOWLEDGEMENTS,
    MODE_PROPOSALS,
    MODES,
    DUTY_ENTRIES,
    DUTY_COVERAGE,
    REACHABILITY,
    REPORTS,
    REPORT_DUTIES,
    CASE_REVIEWS,
)
BATCH = 1_000

_HUMAN_ANSWERS = frozenset({AnswerVerb.COMING, AnswerVerb.CANNOT, AnswerVerb.HAND_OVER})


@dataclass(frozen=True)
class _Target:
    """Where messages of one type go; of one key only the gravest by `rank` is written."""

    projection: Projection
    shape: Callable[[Any], rows.Row]
    rank: Callable[[rows.Row], Any] = lambda row: row["version"]
    wanted: Callable[[Any], bool] = lambda _message: True


_TARGETS: dict[type, _Target] = {
    AlarmEvent: _Target(
        projections.ALARM, rows.alarm, wanted=lambda message: not message.condition
    ),
    AlertEvent: _Target(projections.ALERT, rows.alert),
    SilenceEvent: _Target(projections.SILENCE, rows.silence),
    CommandEvent: _Target(projections.COMMAND, rows.command),
    AssignmentEvent: _Target(projections.ASSIGNMENT, rows.assignment),
    SupervisionEvent: _Target(
        projections.SUPERVISION, rows.supervision, lambda row: (row["due_at"], row["gravity"])
    ),
    Page: _Target(projections.PAGE, rows.page),
    Answer: _Target(
        projections.ANSWER,
        rows.answer,
        lambda row: row["sent_at"],
        lambda message: message.verb in _HUMAN_ANSWERS,
    ),
    Acknowledgement: _Target(
        projections.ACKNOWLEDGEMENT, rows.acknowledgement, lambda row: row["sent_at"]
    ),
    DutyEntry: _Target(projections.DUTY_ENTRY, rows.duty_entry),
    DutyCoverage: _Target(
        projections.DUTY_COVERAGE, rows.duty_coverage, lambda row: row["sent_at"]
    ),
    Reachability: _Target(projections.REACHABILITY, reachability.row_of),
    CaseReview: _Target(
        projections.CASE_REVIEW, review.row_of, lambda row: -row["sent_at"].timestamp()
    ),
    ModeProposal: _Target(projections.MODE_PROPOSAL, rows.mode_proposal),
    ResponseModeEvent: _Target(projections.MODE, rows.mode),
    SensorHealth: _Target(projections.SENSOR, rows.sensor),
    Report: _Target(projections.REPORT, rows.report, lambda row: row["sent_at"]),
    ReportDuty: _Target(projections.REPORT_DUTY, rows.report_duty),
}


async def project(work: Transaction, batch: Sequence[InboundMessage]) -> None:
    """Apply a batch to the read models and append to the feed."""
    messages = [incoming.message for incoming in batch]
    fired = {message.subject_id for message in messages if isinstance(message, SupervisionEvent)}
    if fired:
        changed = {
            message.assignment_id for message in messages if isinstance(message, AssignmentEvent)
        }
        await projections.hold_assignments(work, fired | changed)
    for kind, target in _TARGETS.items():
        await projections.upsert(work, target.projection, _newest(kind, target, messages))
    await projections.upsert(work, projections.CASE_EVENT, _facts(messages))
    told = [line for message in messages if (line := lines.line_of(message)) is not None]
    told += lines.assignment_lines(
        message for message in messages if isinstance(message, AssignmentEvent)
    )
    told.sort(key=lambda line: line["at"])
    await feed.append(work, [lines.as_row(line) for line in told])


def _newest(kind: type, target: _Target, messages: Sequence[Any]) -> list[rows.Row]:
    key = target.projection.key
    newest: dict[tuple[Any, ...], rows.Row] = {}
    for message in messages:
        if not isinstance(message, kind) or not target.wanted(message):
            continue
        row = target.shape(message)
        identity = tuple(row[name] for name in key)
        known = newest.get(identity)
        if known is None or target.rank(row) > target.rank(known):
            newest[identity] = row
    # One order of keys in every transaction: two of them cannot deadlock.
    return [newest[identity] for identity in sorted(newest)]


def _facts(messages: Sequence[Any]) -> list[rows.Row]:
    facts = (fact for message in messages if (fact := fact_of(message)) is not None)
    by_key = {(fact["thread"], fact["at"], fact["event_id"]): fact for fact in facts}
    return [by_key[key] for key in sorted(by_key)]
