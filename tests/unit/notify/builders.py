"""Records and rosters for the tests of notify."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count

from shared.contracts.alerts import AlertEvent, AlertState, AlertTransition
from shared.contracts.assignments import AssignmentEvent, AssignmentState
from shared.contracts.calls import CallPlan
from shared.contracts.fields import Level, Post, ResponseMode, Status
from shared.contracts.ids import assignment_id, content_id, mode_id, transition_id
from shared.contracts.modes import ModeProposal, ModeSignature, ProposalState, ResponseModeEvent
from shared.contracts.pages import Answer, AnswerVerb, Channel, Officer, Page, RosterSlot
from shared.contracts.supervision import SupervisionEvent, SupervisionKind
from shared.contracts.units import parent_of, tier_of
from shared.domain.roster.post_holders import Roster

CITY, DISTRICT, TOWN, VILLAGE = "500000000000", "500118000000", "500118118000", "500118118201"
GRID = f"{VILLAGE}/grid/001"
UNITS = (VILLAGE, TOWN, DISTRICT, CITY)
T0 = datetime(2020, 8, 19, 6, 0, tzinfo=UTC)
CONSOLE_AND_WEBHOOK = (Channel.CONSOLE, Channel.WEBHOOK)
_numbers = count(1)


def name_of(unit: str, post: Post) -> str:
    """The officer who holds a post in the tests' roster."""
    return f"o-{unit}-{post}"


def a_slot(
    unit: str,
    post: Post,
    officer: str | None = None,
    channels: tuple[Channel, ...] = (Channel.CONSOLE,),
) -> RosterSlot:
    return RosterSlot(
        id=f"slot-{next(_numbers)}",
        occurred_at=T0,
        sent_at=T0,
        origin_unit=unit,
        tier=tier_of(unit),
        unit=unit,
        post=post,
        officer=Officer(officer_id=officer, name="某某") if officer else None,
        channels=channels,
    )


def full_roster(
    units: Iterable[str] = UNITS, channels: tuple[Channel, ...] = (Channel.CONSOLE,)
) -> Roster:
    return Roster(
        a_slot(unit, post, name_of(unit, post), channels) for unit in units for post in Post
    )


def an_alert(
    version: int = 1,
    transition: AlertTransition = AlertTransition.OPENED,
    state: AlertState = AlertState.VERIFYING,
    *,
    alert: str = "alt-1",
    place: str = VILLAGE,
    level: Level | None = None,
    proposed: Level | None = Level.YELLOW,
    approver: str = DISTRICT,
    status: Status = Status.ACTUAL,
    actor: str | None = None,
    at: datetime = T0,
) -> AlertEvent:
    return AlertEvent(
        id=transition_id(alert, version),
        status=status,
        occurred_at=at,
        sent_at=at,
        origin_unit=DISTRICT,
        tier=tier_of(DISTRICT),
        alert_id=alert,
        version=version,
        transition=transition,
        state=state,
        event_type="11A01",
        place=place,
        level=level,
        proposed_level=proposed,
        approver_unit=approver,
        incident_id="inc-1",
        headline="朱沱水位超警戒",
        text="现场水位 209.5 m。",
        actor=actor,
    )


def an_assignment(
    unit: str = VILLAGE,
    state: AssignmentState = AssignmentState.DELIVERED,
    version: int = 1,
    *,
    command: str = "cmd-1",
    attempt: int = 1,
    status: Status = Status.ACTUAL,
    level: Level = Level.ORANGE,
) -> AssignmentEvent:
    number = assignment_id(command, unit)
    return AssignmentEvent(
        id=transition_id(number, version),
        status=status,
        occurred_at=T0,
        sent_at=T0,
        origin_unit=DISTRICT,
        tier=tier_of(DISTRICT),
        assignment_id=number,
        command_id=command,
        alert_id="alt-1",
        version=version,
        unit=unit,
        unit_tier=tier_of(unit),
        parent_unit=parent_of(unit),
        state=state,
        level=level,
        event_type="11A01",
        title="立即巡查堤防",
        instruction="沿江巡查，每小时报告。",
        issuer_unit=DISTRICT,
        sign_by=T0 + timedelta(seconds=12),
        finish_by=T0 + timedelta(seconds=60),
        attempt=attempt,
    )


def a_supervision(
    unit: str = VILLAGE,
    target: str = VILLAGE,
    post: Post = Post.B,
    kind: SupervisionKind = SupervisionKind.REMINDED,
    rung: int = 0,
    *,
    command: str = "cmd-1",
    clock: str = "sign",
) -> SupervisionEvent:
    subject = assignment_id(command, unit)
    number = content_id("esc", subject, clock, rung, kind)
    return SupervisionEvent.model_validate(
        {
            "id": number,
            "occurred_at": T0,
            "sent_at": T0,
            "origin_unit": DISTRICT,
            "tier": tier_of(DISTRICT),
            "supervision_id": number,
            "kind": kind,
            "clock": clock,
            "subject_id": subject,
            "command_id": command,
            "unit": unit,
            "rung": rung,
            "target_unit": target,
            "target_post": post,
            "due_at": T0,
            "level": Level.ORANGE,
            "title": "立即巡查堤防",
        }
    )


def an_answer(page: Page, verb: AnswerVerb = AnswerVerb.COMING, **change: object) -> Answer:
    fields: dict[str, object] = {
        "id": content_id("ans", page.page_id, verb),
        "status": page.status,
        "occurred_at": T0,
        "sent_at": T0,
        "origin_unit": page.unit,
        "tier": tier_of(page.unit),
        "page_id": page.page_id,
        "officer_id": page.officer_id,
        "verb": verb,
    }
    return Answer.model_validate({**fields, **change})


def a_mode(
    unit: str = DISTRICT,
    mode: ResponseMode = ResponseMode.EMERGENCY,
    version: int = 1,
    status: Status = Status.ACTUAL,
) -> ResponseModeEvent:
    return ResponseModeEvent(
        id=transition_id(mode_id(status, unit), version),
        status=status,
        occurred_at=T0,
        sent_at=T0,
        origin_unit=unit,
        tier=tier_of(unit),
        unit=unit,
        version=version,
        mode=mode,
        title="永川区 转入急时状态",
        decided_by=("b", "a"),
        until=T0 + timedelta(hours=1),
    )


def a_proposal(
    state: ProposalState = ProposalState.PROPOSED,
    version: int = 1,
    signers: tuple[str, ...] = (),
    posts: tuple[Post, ...] = tuple(Post),
    status: Status = Status.ACTUAL,
) -> ModeProposal:
    return ModeProposal(
        id=transition_id("mod-1", version),
        status=status,
        occurred_at=T0,
        sent_at=T0,
        origin_unit=DISTRICT,
        tier=tier_of(DISTRICT),
        proposal_id="mod-1",
        version=version,
        state=state,
        unit=DISTRICT,
        mode=ResponseMode.EMERGENCY,
        title="永川区 转入急时状态",
        until=T0 + timedelta(hours=1),
        decide_by=T0 + timedelta(hours=1),
        proposed_by=signers[0] if signers else None,
        signatures=tuple(
            ModeSignature(officer_id=signer, unit=DISTRICT, post=Post.B, signed_at=T0)
            for signer in signers
        ),
        next_posts=posts,
    )


def a_call_plan(name: str = "orange", **change: object) -> CallPlan:
    fields: dict[str, object] = {
        "id": f"cpl-{name}",
        "occurred_at": T0,
        "sent_at": T0,
        "origin_unit": CITY,
        "tier": tier_of(CITY),
        "call_id": name,
        "version": 1,
        "levels": [] if change.get("system") else [Level.ORANGE],
        "first_s": 60,
        "post_s": 60,
        "tier_s": 60,
        "promise_s": 600,
        "source": "test",
    }
    return CallPlan.model_validate({**fields, **change}, strict=False)
