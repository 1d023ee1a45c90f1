"""A graded reading and a graded report through the real cores of all services, to what follows from
them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

from deploy.example.units import all_units
from services.command.core.assignments.events import assignment_event, assignment_template
from services.command.core.cause import Cause
from services.command.core.commands.events import command_event
from services.command.core.commands.orders import order_of_alert
from services.command.core.commands.rollup import recount
from services.command.core.modes import proposal as modes
from services.command.core.modes.events import mode_event, proposal_event
from services.command.core.modes.triggers import trigger_of
from services.command.core.modes.unit_mode import UnitMode
from services.command.core.reporting.events import obligation_event, obligation_supervision_event
from services.command.core.reporting.model import AlertReporting, ReportClock
from services.command.core.reporting.obligations import obligations_of, observe_alert
from services.command.core.reporting.timers import ESCALATE
from services.command.core.reporting.timers import fire_obligation as fire_report
from services.command.core.supervision.deadlines import TimerKind
from services.command.core.supervision.events import supervision_event
from services.command.core.supervision.firing import DueTimer, fire_assignment
from shared.contracts.alarms import AlarmEvent
from shared.contracts.alerts import DecisionVerb
from shared.contracts.assignments import AssignmentEvent
from shared.contracts.envelope import Envelope
from shared.contracts.fields import DataGrade, Level, Post
from shared.contracts.modes import ModeProposal, ResponseModeEvent
from shared.contracts.reports import Report
from shared.contracts.supervision import SupervisionEvent
from shared.domain.response_modes.effective import Modes
from shared.domain.roster.escalation_chain import FilledPosts, escalation_chain
from shared.domain.selection.tree import UnitTree
from tests.component.command.harness import slot
from tests.support.profiles import DEMO, REPORTS
from tests.support.profiles import STANDARD as PACE
from tests.support.scoring import Feed, a_reading, a_rule, a_threshold_rule
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
from tests.unit.notify.builders import a_slot, full_roster, name_of
from tests.unit.notify.core_harness import a_core, a_working_set
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
    rule = a_rule(a_threshold_rule(("orange", 205.0, 204.0)), name_zh=words)
    feed = Feed(rule)
    feed.apply(a_reading(206.0, 0, data_grade=grade))
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
    due = DueTimer(TimerKind.SIGN_ESCALATE, 0, assignment.sign_by)
    rungs = ((VILLAGE, Post.B), (TOWN, Post.B))
    fired = fire_assignment(assignment, [due], rungs, DEMO, Level.ORANGE, assignment.sign_by)
    return [
        command_event(command, recount([assignment]), cause, NOW),
        assignment_event(assignment_template(command, assignment, NOW), assignment, cause),
        *(supervision_event(command, assignment, call, assignment.sign_by) for call in fired.calls),
    ]


def of_reporting(history: AlertHistory) -> list[Envelope]:
    """The obligations to report the alert upward, and the calls when nobody reports."""
    case: AlertReporting | None = None
    for event in history.events:
        case = observe_alert(case, event, Modes(), REPORTS, NOW)
    assert case is not None
    roster = FilledPosts()
    for unit in (TOWN, DISTRICT, CITY):
        roster.update(slot(unit))
    envelopes: list[Envelope] = []
    for duty in obligations_of(case, []):
        envelopes.append(obligation_event(duty, case, history.events[-1].id, NOW))
        late = duty.phone_due + timedelta(minutes=1)
        rung = DueTimer(f"{ReportClock.PHONE}{ESCALATE}", 0, duty.phone_due)
        rungs = escalation_chain(duty.unit, roster)
        fired = fire_report(duty, [rung], rungs, PACE, late)
        envelopes += [
            obligation_supervision_event(duty, case, call, [], late) for call in fired.calls
        ]
    return envelopes


def of_modes(history: AlertHistory) -> list[Envelope]:
    """The response mode that the alert makes the rule propose, and as it is decided."""
    want = trigger_of(history.events[-1])
    assert want is not None
    proposal = modes.propose_by_rule(want, NOW)
    cause = Cause(history.events[-1].id, NOW, DISTRICT)
    state = UnitMode(want.status, want.unit, 1, want.mode, proposal.proposal_id)
    decided = replace(proposal, version=2)
    return [
        proposal_event(proposal, "永川区", cause, NOW),
        mode_event(state, decided, "永川区", cause, NOW),
    ]


def of_pages(history: AlertHistory, messages: list[Envelope], officer: str = "") -> list[Envelope]:
    """Return notify's pages about all of it; `officer` holds the town's B post."""
    roster = full_roster()
    roster.add(a_slot(TOWN, Post.B, officer or name_of(TOWN, Post.B)))
    working_set = a_working_set(NOW)
    core = a_core(roster, working_set)
    for event in history.events:
        core.on_alert(event)
    for message in messages:
        match message:
            case AssignmentEvent():
                core.on_assignment(message)
            case SupervisionEvent():
                core.on_supervision(message)
            case ModeProposal():
                core.on_proposal(message)
            case ResponseModeEvent():
                core.on_mode(message)
    return list(working_set.events)


def chain(words: str, officer: str = "") -> list[Envelope]:
    """All records that follow from a graded reading and a graded report about the town."""
    history = a_graded_history(words)
    derived = [*of_orders(history), *of_reporting(history), *of_modes(history)]
    pages = of_pages(history, derived, officer)
    return [an_alarm(words), *history.events, *history.notices, *derived, *pages]
