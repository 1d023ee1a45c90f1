"""Records for the further screens: duty, modes, silences; hostile texts in every free field."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from shared.contracts.duty import DutyCoverage, DutyEntry, DutyRule, Gap, Leave, Member, Rotation
from shared.contracts.fields import Post, ResponseMode
from shared.contracts.ids import content_id, transition_id
from shared.contracts.modes import ModeProposal, ModeSignature, ProposalState
from shared.contracts.pages import Officer
from shared.contracts.silences import Matcher, SilenceEvent, SilenceKind
from shared.contracts.units import tier_of
from tests.support.console_events import CITY, HOSTILE_TEXT, SONGJI, ZHUTUO

HOUR = timedelta(hours=1)


def screen_records(at: datetime) -> list[Any]:
    """Return a plan with a gap, a proposal for the city, and a silence; all around `at`."""
    turns = Rotation(
        post=Post.B,
        members=("li", "ma"),
        starts=(at - 24 * HOUR).date(),
        handover=time(8, 0),
        turn_hours=12,
    )
    away = Leave(
        officer_id="li", begin=at + 30 * HOUR, end=at + 60 * HOUR, reason=HOSTILE_TEXT[:200]
    )
    return [
        _entry("m-li", _member("li", "李远"), 1, at),
        _entry("m-ma", _member("ma", "<b>马</b>"), 2, at),
        _entry("turns", turns, 3, at),
        _entry("away", away, 4, at),
        _coverage(SONGJI, at),
        _proposal(at),
        _silence(at),
    ]


def _head(identifier: str, unit: str, at: datetime) -> dict[str, Any]:
    return {
        "id": identifier,
        "occurred_at": at,
        "sent_at": at,
        "origin_unit": unit,
        "tier": tier_of(unit),
    }


def _entry(name: str, rule: DutyRule, place: int, at: datetime) -> DutyEntry:
    return DutyEntry(
        **_head(transition_id(f"{ZHUTUO}:{name}", 1), ZHUTUO, at),
        entry_id=name,
        version=1,
        place=place,
        unit=ZHUTUO,
        rule=rule,
        actor="o-town-b",
    )


def _member(officer: str, name: str) -> Member:
    return Member(officer=Officer(officer_id=officer, name=name, phone="13800000001"))


def _coverage(unit: str, at: datetime) -> DutyCoverage:
    return DutyCoverage(
        **_head(content_id("cov", unit), unit, at),
        unit=unit,
        post=Post.A,
        begin=at,
        end=at + 720 * HOUR,
        gaps=(Gap(begin=at + 5 * HOUR, end=at + 9 * HOUR),),
        headline="松溉镇 A岗 空岗",
    )


def _proposal(at: datetime) -> ModeProposal:
    return ModeProposal(
        **_head(transition_id("mod-flood", 1), ZHUTUO, at),
        proposal_id="mod-flood",
        version=1,
        state=ProposalState.HALF_APPROVED,
        unit=ZHUTUO,
        mode=ResponseMode.EMERGENCY,
        title="朱沱镇 转入急时状态",
        until=at + 24 * HOUR,
        decide_by=at + 2 * HOUR,
        proposed_by="o-town-b",
        reason=HOSTILE_TEXT[:200],
        signatures=(ModeSignature(officer_id="o-town-b", unit=ZHUTUO, post=Post.B, signed_at=at),),
        next_posts=(Post.A, Post.COMMANDER),
    )


def _silence(at: datetime) -> SilenceEvent:
    return SilenceEvent(
        **_head(transition_id("sil-works", 1), CITY, at),
        silence_id="sil-works",
        version=1,
        kind=SilenceKind.MAINTENANCE,
        matcher=Matcher(place=ZHUTUO, sensor_id="gauge-zhutuo"),
        unit=CITY,
        owner="o-city-b",
        post=Post.B,
        reason=HOSTILE_TEXT[:200],
        begin_at=at - HOUR,
        end_at=at + 3 * HOUR,
    )
