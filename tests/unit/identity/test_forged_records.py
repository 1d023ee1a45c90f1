"""The authority matrix without the console: records of unauthorised writers are refused.

The same table as through HTTP (tests/support/authority.py), asked of the cores that own the things;
they judge the unit and the post that stand in the record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from services.alerting.core.alerts.alert import Alert
from services.alerting.core.alerts.decisions import decide
from services.alerting.core.alerts.outcome import AlertChange
from services.alerting.core.silences import silence as silences
from services.alerting.core.silences.silence import Silence
from services.command.core.commands.authority import may_direct, refusal
from services.command.core.modes import proposal as modes
from services.command.core.modes.states import ProposalTrigger
from services.command.core.reporting.receiving import ForeignReport, received_report
from services.duty.core import changes
from services.notify.core.contact_tests.tester import ContactTester, NotAbove
from services.notify.core.working_set import WorkingSet
from shared.contracts.alerts import Assessment, DecisionVerb
from shared.contracts.assignments import Step
from shared.contracts.duty import DutyRequest
from shared.contracts.fields import IncidentGrade, Level, Post, ResponseMode
from shared.contracts.modes import ModeRequest, ModeVerb
from shared.contracts.pages import Channel
from shared.contracts.reachability import ContactTestRequest
from shared.contracts.reports import Means, Report, ReporterRole, ReportKind
from shared.contracts.silences import Matcher, SilenceKind, SilenceRequest
from shared.contracts.units import parent_of, tier_of
from shared.domain.response_modes.effective import Modes
from shared.domain.roster.post_holders import Roster
from shared.domain.selection.reach import outside
from tests.support.authority import COMMANDING, IDS, ISSUER, PLACES, POSTS, RULES, Role, may
from tests.unit.alerting.alert_history import AlertHistory, pending_history
from tests.unit.alerting.builders import a_decision, at
from tests.unit.alerting.builders import an_alarm as alarm_of
from tests.unit.command import builders as command
from tests.unit.notify.builders import a_slot

NOW = command.NOW
Owner = Callable[[Role, str], bool]
"""Whether the owner applies the record of this role about this place."""


def head(role: Role, number: str) -> dict[str, Any]:
    unit = IDS[role.unit]
    return {
        "id": f"rec-{number}",
        "occurred_at": NOW,
        "sent_at": NOW,
        "origin_unit": unit,
        "tier": tier_of(unit),
        "officer_id": role.officer_id,
        "post": Post(role.post),
    }


@cache
def an_alert(state: str) -> Alert:
    """An orange or red alert that waits for what `state` says; the city signs."""
    history = (
        AlertHistory(alarm_of(level=Level.RED)) if state == "new" else pending_history(Level.RED)
    )
    if state == "verified":
        history = AlertHistory(alarm_of(level=Level.RED)).decide(DecisionVerb.VERIFY, IDS["town"])
    return history.alert


def decided(verb: DecisionVerb, state: str, **more: Any) -> Owner:
    def owner(role: Role, place: str) -> bool:
        alert = replace(an_alert(state), place=IDS[place])
        level = more.get("level", alert.proposed_level)
        fields = {name: value for name, value in more.items() if name != "level"}
        decision = a_decision(
            alert.alert_id,
            verb,
            level,
            IDS[role.unit],
            officer=role.officer_id,
            post=Post(role.post),
            **fields,
        )
        return isinstance(decide(alert, decision, at(1)), AlertChange)

    return owner


def stepped(step: Step) -> Owner:
    def owner(role: Role, place: str) -> bool:
        unit = IDS[place]
        assignment = command.an_assignment(unit=unit, unit_tier=tier_of(unit))
        issued = command.a_command(issuer_unit=IDS[ISSUER])
        return refusal(step, IDS[role.unit], assignment, issued) is None

    return owner


def directed(role: Role, _place: str) -> bool:
    return may_direct(IDS[role.unit], command.a_command(issuer_unit=IDS[ISSUER]))


def issued(role: Role, place: str) -> bool:
    return not outside({IDS[place]}, IDS[role.unit])


def silenced(role: Role, place: str) -> bool:
    request = SilenceRequest(
        **head(role, "s"),
        silence_id="sil-1",
        verb="create",
        kind=SilenceKind.SILENCE,
        matcher=Matcher(place=IDS[place]),
        begin_at=NOW,
        end_at=NOW + timedelta(hours=1),
        reason="检修",
    )
    return isinstance(silences.create(request, NOW), Silence)


def proposed(role: Role, place: str) -> bool:
    return _mode(role, place, ModeVerb.PROPOSE) is not None


def rejected(role: Role, place: str) -> bool:
    proposal = _mode(Role("city", "A"), place, ModeVerb.PROPOSE)
    assert proposal is not None
    request = _mode_request(role, place, ModeVerb.REJECT)
    try:
        modes.stop(replace(proposal, proposed_by="o-somebody"), ProposalTrigger.REJECT, request)
    except modes.RefusedProposal:
        return False
    return True


def _mode(role: Role, place: str, verb: ModeVerb) -> modes.Proposal | None:
    try:
        return modes.propose_by_officer(_mode_request(role, place, verb), Modes(()), NOW, NOW)
    except modes.RefusedProposal:
        return None


def _mode_request(role: Role, place: str, verb: ModeVerb) -> ModeRequest:
    fields: dict[str, Any] = {"mode": ResponseMode.STANDBY, "until": NOW + timedelta(hours=5)}
    return ModeRequest(
        **head(role, "m"),
        unit=IDS[place],
        verb=verb,
        proposal_id="mod-1",
        reason="",
        **(fields if verb is ModeVerb.PROPOSE else {}),
    )


def planned(role: Role, place: str) -> bool:
    rule = {"kind": "member", "officer": {"officer_id": "o-1", "name": "李远"}}
    request = DutyRequest.model_validate_json(
        DutyRequest(**head(role, "d"), verb="cancel", entry_id="e-1", unit=IDS[place])
        .model_copy(update={"verb": "put", "rule": rule})
        .model_dump_json(warnings=False)
    )
    try:
        return changes.change({}, request, 1) is not None
    except changes.RefusedChange:
        return False


def reported(role: Role, place: str) -> bool:
    unit = IDS[place]
    fields = {name: value for name, value in head(role, "r").items() if name not in _NOT_OF_REPORTS}
    report = Report(
        **fields,
        reporter_id=role.officer_id,
        reporter_role=ReporterRole.OFFICER,
        event_type="11A01",
        place=unit,
        headline="险情",
        incident_id="inc-1",
        kind=ReportKind.INITIAL,
        number=1,
        means=Means.WRITTEN,
        from_unit=unit,
        to_unit=parent_of(unit),
    )
    try:
        received_report(report, NOW)
    except ForeignReport:
        return False
    return True


def probed(role: Role, place: str) -> bool:
    unit = IDS[place]
    roster = Roster([a_slot(unit, Post.B, "o-1")])
    tester = ContactTester(roster, Modes(()), WorkingSet(frozenset(Channel), NOW))
    try:
        tester.test_on_request(ContactTestRequest(**head(role, "t"), unit=unit))
    except NotAbove:
        return False
    return True


_NOT_OF_REPORTS = ("officer_id", "post")
_POSITION = Assessment(incident_grade=IncidentGrade.GRADE_3)

OWNERS: dict[str, Owner] = {
    "decide verify": decided(DecisionVerb.VERIFY, "new"),
    "decide dismiss": decided(DecisionVerb.DISMISS, "new"),
    "decide assess": decided(DecisionVerb.ASSESS, "verified"),
    "decide position": decided(DecisionVerb.ASSESS, "new", level=None, assessment=_POSITION),
    "decide approve": decided(DecisionVerb.APPROVE, "pending"),
    "decide reject": decided(DecisionVerb.REJECT, "pending"),
    "decide adjust": decided(DecisionVerb.ADJUST, "verified", level=Level.ORANGE),
    "decide authorise_emergency": decided(DecisionVerb.AUTHORISE_EMERGENCY, "pending"),
    **{act: stepped(Step(act.removeprefix("step "))) for act in RULES if act.startswith("step ")},
    **{act: directed for act in RULES if act.startswith("command ")},
    "silence": silenced,
    "mode propose": proposed,
    "mode reject": rejected,
    "duty put": planned,
    "duty test": probed,
    "report": reported,
}


def cells(act: str) -> Iterator[tuple[Role, str]]:
    for unit in IDS:
        for post in POSTS:
            for place in PLACES:
                yield Role(unit, post), place


@pytest.mark.parametrize("act", OWNERS)
def test_the_owner_applies_exactly_the_acts_that_the_table_allows(act: str) -> None:
    owner = OWNERS[act]
    wrong = [
        (role.unit, role.post, place)
        for role, place in cells(act)
        if owner(role, place) is not may(role, act, place)
    ]
    assert not wrong


def test_a_command_goes_to_units_below_its_issuer_only() -> None:
    """The console asks whether the unit commands at all; the owner asks which units it reaches."""
    for role, place in cells("issue"):
        if role.unit in COMMANDING and role.unit != place:  # to itself alone it reaches nobody
            assert issued(role, place) is may(role, "issue", place)
