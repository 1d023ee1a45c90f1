"""Records for every act of the API: an object, and an officer with the right to act."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from services.console.accounts import Account
from shared.contracts.alerts import AlertState, AlertTransition, Debt
from shared.contracts.assignments import Ask, AssignmentState, Step
from shared.contracts.commands import CommandState
from shared.contracts.fields import Level, Post, ResponseMode
from shared.contracts.ids import content_id, transition_id
from shared.contracts.modes import ModeProposal, ModeSignature, ProposalState
from shared.contracts.supervision import SupervisionKind
from shared.contracts.units import tier_of
from tests.support.console_events import (
    CITY,
    HOSTILE_TEXT,
    VILLAGE,
    ZHUTUO,
    a_command,
    a_page,
    a_supervision,
    an_alarm,
    an_alert,
    an_assignment,
)

TOWN_A = Account(officer_id="o-town-a", name="郑明", unit=ZHUTUO, post=Post.A)
"""The officer who may authorise in an emergency."""
VILLAGES = [f"5001181182{n:02d}" for n in range(2, 8)]


def action_records(at: datetime) -> list[Any]:
    """Return alerts, commands and assignments in each state, a mode, a page and a closed case."""
    return [*_alerts(at), *_recipients(at), *_issuers(at), *_modes(at), *_closed(at)]


def _alerts(at: datetime) -> list[Any]:
    def item(name: str, state: AlertState, version: int, **more: Any) -> Any:
        more.setdefault("headline", f"样例 {name}")
        return an_alert(f"act-{name}", state=state, version=version, at=at, **more)

    debt = Debt(
        unit=CITY,
        approvals=1,
        by_officer="o-town-a",
        by_unit=ZHUTUO,
        due_at=at + timedelta(hours=1),
        next_at=at + timedelta(hours=1),
    )
    issued: dict[str, Any] = {"level": Level.ORANGE, "transition": AlertTransition.ISSUED}
    into = content_id("alt", "act-verifying")
    merged = item("merged", AlertState.MERGED, 3, merged_into=into)
    alarms = [an_alarm("act-1"), an_alarm("act-2")]
    return [
        *alarms,
        item(
            "verifying",
            AlertState.VERIFYING,
            2,
            alarm_ids=tuple(alarm.alarm_id for alarm in alarms),
            merged_ids=(merged.alert_id,),
        ),
        item("verified", AlertState.VERIFIED, 2),
        item("pending", AlertState.PENDING_APPROVAL, 3),
        item("issued", AlertState.ISSUED, 4, authority_unit=CITY, **issued),
        item("debt", AlertState.ISSUED, 4, debt=debt, authority_unit=CITY, **issued),
        merged,
    ]


def _recipients(at: datetime) -> list[Any]:
    """Return the assignments of the village: unsigned, signed, accepted and suspended."""
    results: list[Any] = []
    for name, state in (
        ("delivered", AssignmentState.DELIVERED),
        ("signed", AssignmentState.SIGNED),
        ("suspended", AssignmentState.SUSPENDED),
    ):
        order = a_command(f"act-{name}", ZHUTUO, at=at, title=f"样例 {name}")
        results += [order, an_assignment(order, VILLAGE, state, version=2)]
    return results


def _issuers(at: datetime) -> list[Any]:
    """Return an open command of the city with units in several states, and a closed command."""
    order = a_command("act-issuer", ZHUTUO, at=at, recipients=4, title="样例 issuer")
    reported, checked, signed, asking = VILLAGES[:4]
    question = Ask(
        step=Step.ASK_EXTEND,
        until=at + timedelta(hours=3),
        officer_id="o-village",
        text=HOSTILE_TEXT[:200],
    )
    late = an_assignment(order, signed, AssignmentState.SIGNED, version=2)
    requested = an_assignment(order, asking, AssignmentState.SIGNED, version=3)
    over = a_command("act-closed", ZHUTUO, at=at, state=CommandState.CLOSED, title="样例 closed")
    return [
        order,
        an_assignment(order, reported, AssignmentState.REPORTED, version=3),
        an_assignment(order, checked, AssignmentState.CHECKED, version=4),
        late,
        a_supervision(late, SupervisionKind.OVERDUE, clock="finish"),
        requested.model_copy(update={"asked": question}),
        over,
        a_page("o-town-b", ZHUTUO, name="act", at=at, headline="样例 page"),
    ]


def _modes(at: datetime) -> list[Any]:
    """Return a standby mode of the city, and a proposal of the town for its A post."""

    def proposal(name: str, unit: str, state: ProposalState, **more: Any) -> ModeProposal:
        return ModeProposal(
            id=transition_id(f"mod-{name}", 1),
            occurred_at=at,
            sent_at=at,
            origin_unit=unit,
            tier=tier_of(unit),
            proposal_id=f"mod-{name}",
            version=1,
            state=state,
            unit=unit,
            title="样例",
            until=at + timedelta(hours=24),
            decide_by=at + timedelta(hours=2),
            proposed_by="o-town-b",
            **more,
        )

    signed = ModeSignature(officer_id="o-town-b", unit=ZHUTUO, post=Post.B, signed_at=at)
    return [
        proposal(
            "act-open",
            ZHUTUO,
            ProposalState.HALF_APPROVED,
            mode=ResponseMode.RECOVERY,
            signatures=(signed,),
            next_posts=(Post.A, Post.COMMANDER),
        ),
        proposal(
            "act-decided",
            ZHUTUO,
            ProposalState.DECIDED,
            mode=ResponseMode.STANDBY,
            signatures=(signed, signed.model_copy(update={"officer_id": "o-town-a"})),
            decided_version=1,
        ),
    ]


def _closed(at: datetime) -> list[Any]:
    return [
        an_alert("act-over", state=AlertState.LIFTED, version=4, at=at, headline="样例 over"),
    ]
