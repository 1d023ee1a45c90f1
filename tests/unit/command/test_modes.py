"""Proposals of a response mode: who may sign, what the rule proposes, what an act makes of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.command.core.cause import Cause
from services.command.core.modes.events import mode_event
from services.command.core.modes.proposal import (
    DECIDE_WITHIN,
    Proposal,
    RefusedProposal,
    lapse,
    propose_by_officer,
    propose_by_rule,
    sign,
    stop,
)
from services.command.core.modes.states import IllegalStep, ProposalTrigger, State
from services.command.core.modes.triggers import is_stricter, trigger_of
from services.command.core.modes.unit_mode import UnitMode
from services.command.core.supervision.profiles import SlaProfile
from shared.contracts.alerts import AlertEvent, AlertState, AlertTransition
from shared.contracts.fields import Level, Post, ResponseLevel, ResponseMode, Status, Tier
from shared.contracts.modes import ModeRequest, ModeVerb
from shared.contracts.units import tier_of
from shared.domain.response_modes import authority
from shared.domain.response_modes.authority import ModeActRefusal
from shared.domain.response_modes.effective import Effective, Modes
from tests.support.profiles import DEMO, STANDARD
from tests.unit.command.builders import CITY, DISTRICT, NOW, TOWN, VILLAGE, after

EMERGENCY, STANDBY, RECOVERY, NORMAL = (
    ResponseMode.EMERGENCY,
    ResponseMode.STANDBY,
    ResponseMode.RECOVERY,
    ResponseMode.NORMAL,
)


def a_request(
    verb: ModeVerb, officer: str, unit: str = TOWN, post: Post = Post.B, **change: Any
) -> ModeRequest:
    """An act about TOWN's mode by an officer of `unit`."""
    return ModeRequest(
        **{
            "id": f"mrq-{verb}-{officer}",
            "occurred_at": NOW,
            "sent_at": NOW,
            "origin_unit": unit,
            "tier": tier_of(unit),
            "unit": TOWN,
            "verb": verb,
            "proposal_id": "mod-1",
            "officer_id": officer,
            "post": post,
            **change,
        }
    )


def an_alert(place: str = TOWN, **change: Any) -> AlertEvent:
    """An issued alert."""
    return AlertEvent(
        **{
            "id": "evt-1",
            "occurred_at": NOW,
            "sent_at": NOW,
            "origin_unit": place,
            "tier": tier_of(place),
            "alert_id": "alt-1",
            "version": 3,
            "transition": AlertTransition.ISSUED,
            "state": AlertState.ISSUED,
            "event_type": "11A01",
            "place": place,
            "level": Level.RED,
            "approver_unit": CITY,
            "incident_id": "inc-1",
            "headline": "朱沱水位",
            **change,
        }
    )


def a_proposal(officer: str = "b", until: Any = None, **change: Any) -> Proposal:
    """A person's proposal of emergency at TOWN until tomorrow."""
    request = a_request(
        ModeVerb.PROPOSE, officer, mode=EMERGENCY, until=until or after(86_400), **change
    )
    return propose_by_officer(request, Modes(), NOW, NOW)


def approve(proposal: Proposal, officer: str, **change: Any) -> Proposal:
    return sign(proposal, a_request(ModeVerb.APPROVE, officer, **change), NOW)


def test_a_proposal_is_signed_by_its_proposer_and_decided_by_another_person() -> None:
    proposed = a_proposal()
    assert (proposed.state, proposed.version, proposed.signatories) == (
        State.HALF_APPROVED,
        1,
        ("b",),
    )
    decided = approve(proposed, "a", post=Post.A)
    assert (decided.state, decided.version, decided.signatories) == (State.DECIDED, 2, ("b", "a"))
    assert [signature.post for signature in decided.signatures] == [Post.B, Post.A]


def test_the_rules_proposal_needs_two_people() -> None:
    want = trigger_of(an_alert())
    assert want is not None
    proposed = propose_by_rule(want, NOW)
    assert (proposed.state, proposed.proposed_by, proposed.signatories) == (
        State.PROPOSED,
        None,
        (),
    )
    in_district = {"unit": DISTRICT, "post": Post.COMMANDER}
    half = approve(proposed, "boss", **in_district)
    assert half.state is State.HALF_APPROVED
    with pytest.raises(RefusedProposal, match="another person"):
        approve(half, "boss", **in_district)
    assert approve(half, "other", unit=CITY, post=Post.A).state is State.DECIDED


@pytest.mark.parametrize(
    ("officer", "unit", "post", "why"),
    [
        ("b", TOWN, Post.A, ModeActRefusal.SIGNED_ALREADY),
        ("x", VILLAGE, Post.COMMANDER, ModeActRefusal.NOT_DECIDER),
        ("x", "500118117000", Post.COMMANDER, ModeActRefusal.NOT_DECIDER),
        ("x", f"{DISTRICT}/water", Post.COMMANDER, ModeActRefusal.NOT_DECIDER),
        ("x", TOWN, Post.B, ModeActRefusal.WRONG_POST),
        ("x", CITY, Post.B, ModeActRefusal.WRONG_POST),
        ("x", TOWN, Post.A, None),
        ("x", TOWN, Post.COMMANDER, None),
        ("x", DISTRICT, Post.A, None),
    ],
)
def test_who_gives_the_second_signature(
    officer: str, unit: str, post: Post, why: ModeActRefusal | None
) -> None:
    assert authority.refusal_to_sign(TOWN, officer, unit, post, ("b",)) is why


def test_as_many_people_sign_as_the_table_has_places_and_never_fewer_than_two() -> None:
    assert len(authority.SIGNATURES) == 2
    assert authority.next_posts(2) == frozenset()
    assert Post.B not in authority.SIGNATURES[-1]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"mode": None}, "needs mode"),
        ({"until": None}, "needs mode"),
        ({"mode": NORMAL}, "end the mode in force"),
        ({"until": NOW}, "lies ahead"),
        ({"until": after(31 * 86_400)}, "at most 30 days"),
        ({"origin_unit": VILLAGE}, "or above"),
    ],
)
def test_a_proposal_that_cannot_be_is_refused(change: dict[str, Any], why: str) -> None:
    fields = {"mode": EMERGENCY, "until": after(60), **change}
    with pytest.raises(RefusedProposal, match=why):
        propose_by_officer(a_request(ModeVerb.PROPOSE, "b", **fields), Modes(), NOW, NOW)


def test_what_would_be_looser_than_the_inherited_is_refused() -> None:
    modes = Modes([(Status.ACTUAL, Effective(STANDBY, 4, DISTRICT))])
    looser = a_request(ModeVerb.PROPOSE, "b", mode=RECOVERY, until=after(60))
    with pytest.raises(RefusedProposal, match=f"standby, which {DISTRICT}"):
        propose_by_officer(looser, modes, NOW, NOW)
    for mode in (STANDBY, EMERGENCY):
        proposal_request = looser.model_copy(update={"mode": mode})
        assert propose_by_officer(proposal_request, modes, NOW, NOW).mode is mode
    drill = looser.model_copy(update={"status": Status.EXERCISE})
    assert propose_by_officer(drill, modes, NOW, NOW).status is Status.EXERCISE


def test_it_expires_when_the_time_to_decide_is_over_even_before_its_timer_says_so() -> None:
    proposed = a_proposal()
    assert proposed.decide_by == NOW + DECIDE_WITHIN
    assert a_proposal(until=after(60)).decide_by == after(60)
    late = a_request(ModeVerb.APPROVE, "a", post=Post.A)
    with pytest.raises(RefusedProposal, match="over"):
        sign(proposed, late, proposed.decide_by)
    in_time = proposed.decide_by - timedelta(microseconds=1)
    assert sign(proposed, late, in_time).state is State.DECIDED


def test_rejecting_and_ending_take_one_a_post_or_commander() -> None:
    proposed = a_proposal()
    boss = a_request(ModeVerb.REJECT, "boss", post=Post.COMMANDER, reason="水退了")
    rejected = stop(proposed, ProposalTrigger.REJECT, boss)
    assert (rejected.state, rejected.reason) == (State.REJECTED, "水退了")
    withdrawn = stop(proposed, ProposalTrigger.REJECT, a_request(ModeVerb.REJECT, "b"))
    assert withdrawn.state is State.REJECTED
    with pytest.raises(RefusedProposal, match="takes an A post"):
        stop(proposed, ProposalTrigger.REJECT, a_request(ModeVerb.REJECT, "c"))
    decided = approve(proposed, "a", post=Post.A)
    with pytest.raises(RefusedProposal, match="takes an A post"):
        stop(decided, ProposalTrigger.END, a_request(ModeVerb.END, "b"))
    assert stop(decided, ProposalTrigger.END, boss).state is State.ENDED
    with pytest.raises(IllegalStep):
        stop(decided, ProposalTrigger.REJECT, boss)
    with pytest.raises(IllegalStep):
        lapse(decided, ProposalTrigger.EXPIRE)


def test_the_record_of_a_mode_names_who_decided_it_until_when_and_who_ended_it() -> None:
    decided = approve(a_proposal(), "a", post=Post.A)
    cause = Cause("mrq-1", NOW, TOWN, "a")
    unit_mode = UnitMode(Status.ACTUAL, TOWN, 1, decided.mode, decided.proposal_id)
    response_mode = mode_event(unit_mode, decided, "朱沱镇", cause, NOW)
    assert (response_mode.mode, response_mode.version, response_mode.proposal_id) == (
        decided.mode,
        1,
        "mod-1",
    )
    assert (response_mode.decided_by, response_mode.until) == (decided.signatories, decided.until)
    assert len(set(response_mode.decided_by)) == 2
    over = replace(unit_mode, version=2, mode=NORMAL, proposal_id=None)
    boss = a_request(ModeVerb.END, "boss", post=Post.COMMANDER)
    for ended, by in (
        (stop(decided, ProposalTrigger.END, boss), ("boss",)),
        (lapse(decided, ProposalTrigger.END), ()),  # by itself: nobody did it
    ):
        response_mode = mode_event(over, ended, "朱沱镇", cause, NOW)
        assert (response_mode.mode, response_mode.version, response_mode.proposal_id) == (
            NORMAL,
            2,
            None,
        )
        assert (response_mode.decided_by, response_mode.until) == (by, None)


@pytest.mark.parametrize(
    ("level", "response", "mode"),
    [
        (Level.RED, None, EMERGENCY),
        (Level.ORANGE, None, STANDBY),
        (Level.YELLOW, None, None),
        (Level.BLUE, ResponseLevel.IV, None),
        (Level.YELLOW, ResponseLevel.III, STANDBY),
        (Level.ORANGE, ResponseLevel.I, EMERGENCY),
        (Level.RED, ResponseLevel.III, EMERGENCY),
    ],
)
def test_what_the_rule_proposes(
    level: Level, response: ResponseLevel | None, mode: ResponseMode | None
) -> None:
    want = trigger_of(an_alert(VILLAGE, level=level, response_level=response))
    assert (want and want.mode) == mode
    if want is not None:
        assert want.unit == DISTRICT


def test_the_rule_is_silent_about_what_is_in_force_or_proposed_as_strictly() -> None:
    want = trigger_of(an_alert(level=Level.ORANGE))
    assert want is not None
    none = Modes()
    assert is_stricter(want, none, [])
    assert is_stricter(want, none, [RECOVERY])
    assert not is_stricter(want, none, [STANDBY])
    assert not is_stricter(want, none, [EMERGENCY])
    city = Modes([(Status.ACTUAL, Effective(STANDBY, 1, CITY))])
    assert not is_stricter(want, city, [])
    drill = Modes([(Status.EXERCISE, Effective(EMERGENCY, 1, CITY))])
    assert is_stricter(want, drill, [])


@pytest.mark.parametrize("profile", [DEMO, STANDARD])
def test_clocks_shorten_with_the_mode_and_normal_is_the_profile_itself(
    profile: SlaProfile,
) -> None:
    normal, standby, emergency = (profile.in_mode(mode) for mode in (NORMAL, STANDBY, EMERGENCY))
    assert normal == profile
    for level in Level:
        assert emergency.step_s[level] < standby.step_s[level] < normal.step_s[level]
        for tier in Tier:
            for table in ("sign_s", "finish_s"):
                times = [
                    getattr(profile, table)[level][tier] for profile in (emergency, standby, normal)
                ]
                assert times == sorted(set(times))
