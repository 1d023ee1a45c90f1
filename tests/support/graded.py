"""A graded reading and a graded report through the real cores of all services, to what follows from
them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

from deploy.example.units import all_units
from services.command.core.deadlines import TimerKind
from services.command.core.escalation import Roster, ladder
from services.command.core.modes import proposal as modes
from services.command.core.modes.records import Held, mode_event, proposal_event
from services.command.core.modes.triggers import wanted
from services.command.core.orders import order_of_alert
from services.command.core.profiles import PROFILES, ProfileName
from services.command.core.records import (
    Cause,
    assignment_event,
    assignment_template,
    command_event,
    supervision_event,
)
from services.command.core.reporting.judging import duties, hear
from services.command.core.reporting.model import Case, Clock
from services.command.core.reporting.profiles import STANDARD
from services.command.core.reporting.records import duty_event, supervision_of
from services.command.core.reporting.timers import ESCALATE, Fallen
from services.command.core.reporting.timers import fire as fire_report
from services.command.core.rollup import recount
from services.command.core.supervision import Due, fire
from shared.contracts.alarms import AlarmEvent
from shared.contracts.alerts import DecisionVerb
from shared.contracts.commands import AssignmentEvent, SupervisionEvent
from shared.contracts.envelope import Envelope
from shared.contracts.fields import DataGrade, Level, Post
from shared.contracts.modes import ModeProposal, ResponseModeEvent
from shared.contracts.reports import Report
from shared.domain.response_modes.effective import Modes
from shared.domain.selection.tree import UnitTree
from tests.component.command.harness import slot
from tests.support.scoring import Feed, a_ladder, a_reading, a_rule
from tests.unit.alerting.alert_history import AlertHistory
from tests.unit.alerting.builders import a_report
from tests.unit.command.builders import (
    CITY,
    DISTRICT,
    NOW,
    TOWN,
    VILLAGE,
    a_command,
    an_assignment,
)
from tests.unit.notify.builders import a_book, a_desk, a_slot, full_roster, name_of
from tests.unit.plans.builders import a_plan

GRADES = (DataGrade.IMPORTANT, DataGrade.CORE)
"""Of the reading and of the report."""


@cache
def _tree() -> UnitTree:
    tree = UnitTree()
    for entry in all_units():
        tree.put(entry)
    return tree


def an_alarm(words: str, grade: DataGrade = DataGrade.IMPORTANT) -> AlarmEvent:
    """Return scoring's alarm for a reading of this grade, by a rule with these words."""
    rule = a_rule(a_ladder(("orange", 205.0, 204.0)), name_zh=words)
    feed = Feed(rule)
    feed.take(a_reading(206.0, 0, data_grade=grade))
    [alarm] = feed.alarms
    return alarm


def a_graded_report(words: str, grade: DataGrade = DataGrade.CORE) -> Report:
    """The same told by a person in the town."""
    change: dict[str, Any] = {"place": TOWN, "event_type": "11A01", "data_grade": grade}
    return a_report(headline=words, text=words, **change)


def a_graded_history(words: str, grades: tuple[DataGrade, DataGrade] = GRADES) -> AlertHistory:
    """An alert of both, verified, assessed and issued."""
    history = AlertHistory(an_alarm(words, grades[0])).add_evidence(
        a_graded_report(words, grades[1])
    )
    history.decide(DecisionVerb.VERIFY, TOWN).decide(DecisionVerb.ASSESS, DISTRICT)
    return history.decide(DecisionVerb.APPROVE, CITY, reason=words)


def of_orders(history: AlertHistory) -> list[Envelope]:
    """The command that the issued alert calls for, an assignment of it and its supervision."""
    issued = history.events[-1]
    plan = a_plan(levels=["orange"])
    order = order_of_alert(_tree(), plan, issued, Level.ORANGE)
    assert order is not None
    command = a_command(
        command_id=order.command_id,
        alert_id=order.alert_id,
        level=Level.ORANGE,
        root=order.root,
        issuer_unit=order.issuer_unit,
        title=order.orders.headline.title,
        instruction=order.orders.headline.instruction,
        briefs=order.orders.briefs,
        data_grade=order.grade,
    )
    assignment = an_assignment(command_id=order.command_id, unit=VILLAGE)
    cause = Cause(issued.id, NOW, DISTRICT)
    due = Due(TimerKind.SIGN_ESCALATE, 0, assignment.sign_by)
    rungs = ((VILLAGE, Post.B), (TOWN, Post.B))
    fired = fire(
        assignment, [due], rungs, PROFILES[ProfileName.DEMO], Level.ORANGE, assignment.sign_by
    )
    return [
        command_event(command, recount([assignment]), cause, NOW),
        assignment_event(assignment_template(command, assignment, NOW), assignment, cause),
        *(supervision_event(command, assignment, call, assignment.sign_by) for call in fired.calls),
    ]


def of_reporting(history: AlertHistory) -> list[Envelope]:
    """The duties to report the alert upward, and what is said when nobody does."""
    case: Case | None = None
    for event in history.events:
        case = hear(case, event, Modes(), NOW)
    assert case is not None
    roster = Roster()
    for unit in (TOWN, DISTRICT, CITY):
        roster.put(slot(unit))
    envelopes: list[Envelope] = []
    for duty in duties(case, [], STANDARD):
        envelopes.append(duty_event(duty, case, history.events[-1].id, NOW))
        late = duty.phone_due + timedelta(minutes=1)
        rung = Fallen(f"{Clock.PHONE}{ESCALATE}", 0, duty.phone_due)
        rungs = ladder(duty.unit, roster)
        fired = fire_report(duty, [rung], rungs, PROFILES[ProfileName.STANDARD], late)
        envelopes += [supervision_of(duty, case, call, [], late) for call in fired.calls]
    return envelopes


def of_modes(history: AlertHistory) -> list[Envelope]:
    """The response mode that the alert makes the rule propose, and as it is decided."""
    want = wanted(history.events[-1])
    assert want is not None
    proposal = modes.by_rule(want, NOW)
    cause = Cause(history.events[-1].id, NOW, DISTRICT)
    state = Held(want.status, want.unit, 1, want.mode, proposal.proposal_id)
    decided = replace(proposal, version=2)
    return [
        proposal_event(proposal, "永川区", cause, NOW),
        mode_event(state, decided, "永川区", cause, NOW),
    ]


def of_pages(history: AlertHistory, messages: list[Envelope], officer: str = "") -> list[Envelope]:
    """Return notify's pages about all of it; `officer` holds the town's B post."""
    roster = full_roster()
    roster.put(a_slot(TOWN, Post.B, officer or name_of(TOWN, Post.B)))
    book = a_book(NOW)
    desk = a_desk(roster, book)
    for event in history.events:
        desk.on_alert(event)
    for message in messages:
        match message:
            case AssignmentEvent():
                desk.on_assignment(message)
            case SupervisionEvent():
                desk.on_supervision(message)
            case ModeProposal():
                desk.on_proposal(message)
            case ResponseModeEvent():
                desk.on_mode(message)
    return list(book.events)


def chain(words: str, officer: str = "") -> list[Envelope]:
    """All records that follow from a graded reading and a graded report about the town."""
    history = a_graded_history(words)
    derived = [*of_orders(history), *of_reporting(history), *of_modes(history)]
    pages = of_pages(history, derived, officer)
    return [an_alarm(words), *history.events, *history.notices, *derived, *pages]
