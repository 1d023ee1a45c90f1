"""Response modes on a real Postgres: decided by two officers, ended once, apart by subtree."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest

from shared.contracts.alerts import AlertEvent, AlertState, AlertTransition
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import Level, Post, ResponseLevel, ResponseMode, Status
from shared.contracts.modes import ModeVerb, ProposalState
from shared.contracts.topics import ASSIGNMENTS, COMMANDS, MODE_PROPOSALS, RESPONSE_MODES
from shared.runtime.errors import Reject
from shared.runtime.timers import Timer
from tests.component.command.harness import (
    DISTRICT,
    TOWN,
    VILLAGE,
    CommandHarness,
    a_harness,
    an_alert,
    some_times,
)
from tests.component.command.mode_acts import EMERGENCY, NORMAL, STANDBY, an_act, decide, later
from tests.component.command.second_attempt import reminder_of, second_attempt
from tests.component.command.test_timers import sweep_for


async def modes(harness: CommandHarness) -> list[tuple[str, ResponseMode, int, tuple[str, ...]]]:
    return [
        (event.unit, event.mode, event.version, event.decided_by)
        for event in await harness.published(RESPONSE_MODES.name)
    ]


async def states(harness: CommandHarness) -> list[ProposalState]:
    return [event.state for event in await harness.published(MODE_PROPOSALS.name)]


async def armed(harness: CommandHarness) -> list[tuple[str, str]]:
    rows = await harness.rows(
        "SELECT subject_id, kind FROM command.timer WHERE state = 'armed' AND kind LIKE 'mode%' "
        "ORDER BY subject_id"
    )
    return [(row["subject_id"], row["kind"]) for row in rows]


async def test_two_people_decide_and_a_third_ends(dsn: str) -> None:
    async with a_harness(dsn) as harness:
        name = await decide(harness)
        assert await states(harness) == [ProposalState.HALF_APPROVED, ProposalState.DECIDED]
        assert await modes(harness) == [(TOWN, EMERGENCY, 1, ("b", "a"))]
        assert await armed(harness) == [(name, "mode_end")]
        await harness.apply(an_act(ModeVerb.END, name, "boss", post=Post.COMMANDER))
        assert await modes(harness) == [
            (TOWN, EMERGENCY, 1, ("b", "a")),
            (TOWN, NORMAL, 2, ("boss",)),
        ]
        assert (await states(harness))[-1] is ProposalState.ENDED
        assert await armed(harness) == []


@pytest.mark.parametrize(
    ("verb", "officer", "change", "reason"),
    [
        (ModeVerb.APPROVE, "b", {"post": Post.A}, Reason.NOT_ALLOWED),
        (ModeVerb.APPROVE, "x", {}, Reason.NOT_ALLOWED),
        (
            ModeVerb.APPROVE,
            "x",
            {"post": Post.A, "origin_unit": VILLAGE},
            Reason.NOT_ALLOWED,
        ),
        (
            ModeVerb.APPROVE,
            "x",
            {"post": Post.A, "status": Status.EXERCISE},
            Reason.NOT_ALLOWED,
        ),
        (ModeVerb.END, "x", {"post": Post.A}, Reason.NOT_ALLOWED),
        (ModeVerb.APPROVE, "x", {"proposal_id": "mod-none"}, Reason.UNKNOWN_SUBJECT),
        (
            ModeVerb.APPROVE,
            "x",
            {"unit": "500118117000", "origin_unit": "500118117000"},
            Reason.UNKNOWN_SUBJECT,
        ),
        (ModeVerb.APPROVE, "x", {"unit": "500118999000"}, Reason.UNKNOWN_SUBJECT),
        (ModeVerb.PROPOSE, "x", {"mode": STANDBY}, Reason.ID_CONFLICT),
    ],
)
async def test_what_may_not_be_is_refused_and_changes_nothing(
    dsn: str, verb: ModeVerb, officer: str, change: dict[str, Any], reason: Reason
) -> None:
    async with a_harness(dsn) as harness:
        until = await later(harness, 60)
        await harness.apply(an_act(ModeVerb.PROPOSE, "mod-1", "b", mode=EMERGENCY, until=until))
        before = await harness.rows("SELECT * FROM command.mode_proposal")
        with pytest.raises(Reject) as refused:
            await harness.apply(an_act(verb, "mod-1", officer, **{"until": until, **change}))
        assert refused.value.reason is reason
        assert await harness.rows("SELECT * FROM command.mode_proposal") == before
        assert await modes(harness) == []


async def test_a_mode_ends_by_itself_once_and_never_early(dsn: str) -> None:
    async with a_harness(dsn) as harness:
        proposal_id = await decide(harness, lasts_s=2.0)
        await sweep_for(harness, 0.3)
        assert len(await modes(harness)) == 1
        await sweep_for(harness, 2.2, sweepers=3)
        events = await harness.published(RESPONSE_MODES.name)
        assert [(event.mode, event.version) for event in events] == [(EMERGENCY, 1), (NORMAL, 2)]
        assert events[1].decided_by == ()
        assert events[1].sent_at >= events[0].until
        assert (events[1].sent_at - events[0].until).total_seconds() < 1
        assert Counter(await states(harness))[ProposalState.ENDED] == 1
        assert await armed(harness) == []
        with pytest.raises(Reject):
            await harness.apply(an_act(ModeVerb.END, proposal_id, "boss", post=Post.COMMANDER))


async def test_an_end_that_is_cut_off_half_way_comes_from_the_next_sweep(dsn: str) -> None:
    class Killed(BaseException):
        pass

    async with a_harness(dsn) as harness:
        await decide(harness, lasts_s=1.5)

        async def die_after(work: Any, timers: Sequence[Timer]) -> None:
            await harness.fire(work, timers)
            await work.flush()
            raise Killed

        dying = harness.sweeper(die_after)
        await asyncio.sleep(1.6)
        for _ in range(2):
            with pytest.raises(Killed):
                await dying.sweep()
        assert len(await modes(harness)) == 1
        await sweep_for(harness, 0.2)
        assert [mode for _, mode, _, _ in await modes(harness)] == [EMERGENCY, NORMAL]


async def test_an_undecided_proposal_expires_and_takes_no_signature_any_more(dsn: str) -> None:
    async with a_harness(dsn) as harness:
        until = await later(harness, 2.0)
        await harness.apply(an_act(ModeVerb.PROPOSE, "mod-1", "b", mode=STANDBY, until=until))
        assert await armed(harness) == [("mod-1", "mode_expire")]
        await sweep_for(harness, 0.2)
        assert await states(harness) == [ProposalState.HALF_APPROVED]
        await sweep_for(harness, 2.2)
        assert await states(harness) == [ProposalState.HALF_APPROVED, ProposalState.EXPIRED]
        with pytest.raises(Reject, match="expired"):
            await harness.apply(an_act(ModeVerb.APPROVE, "mod-1", "a", post=Post.A))
        assert await modes(harness) == []


async def test_a_decision_takes_the_place_of_the_former_and_of_whatever_lies_open(
    dsn: str,
) -> None:
    async with a_harness(dsn) as harness:
        first = await decide(harness, STANDBY)
        until = await later(harness, 60)
        await harness.apply(an_act(ModeVerb.PROPOSE, "mod-open", "b", mode=STANDBY, until=until))
        second = await decide(harness, EMERGENCY)
        last = {event.proposal_id: event for event in await harness.published(MODE_PROPOSALS.name)}
        assert last[first].state is ProposalState.ENDED
        assert last["mod-open"].state is ProposalState.EXPIRED
        assert last[second].state is ProposalState.DECIDED
        assert last[second].decided_version == 2
        assert await armed(harness) == [(second, "mode_end")]
        assert [(mode, n) for _, mode, n, _ in await modes(harness)] == [
            (STANDBY, 1),
            (EMERGENCY, 2),
        ]


async def test_of_two_approvals_at_once_one_decides(dsn: str) -> None:
    async with a_harness(dsn) as harness:
        until = await later(harness, 60)
        await harness.apply(an_act(ModeVerb.PROPOSE, "mod-1", "b", mode=STANDBY, until=until))
        tried = await asyncio.gather(
            *(
                harness.apply(an_act(ModeVerb.APPROVE, "mod-1", f"a{n}", post=Post.A))
                for n in range(4)
            ),
            return_exceptions=True,
        )
        assert [type(base_exception) for base_exception in tried if base_exception is not None] == [
            Reject
        ] * 3
        assert len(await modes(harness)) == 1


@pytest.mark.parametrize("status", [Status.ACTUAL, Status.EXERCISE])
async def test_the_rule_proposes_for_the_district_and_two_people_of_it_decide(
    dsn: str, status: Status
) -> None:
    async with a_harness(dsn) as harness:
        await harness.apply(an_alert(Level.YELLOW, version=4, status=status))
        assert await harness.published(MODE_PROPOSALS.name) == []
        adjusted = an_alert(Level.RED, version=5, status=status)
        await harness.apply(adjusted)
        await harness.apply(an_alert(Level.RED, key="again", status=status))
        (proposed,) = await harness.published(MODE_PROPOSALS.name)
        assert (proposed.state, proposed.unit, proposed.mode, proposed.status) == (
            ProposalState.PROPOSED,
            DISTRICT,
            EMERGENCY,
            status,
        )
        assert (proposed.proposed_by, proposed.alert_id) == (None, adjusted.alert_id)
        assert await modes(harness) == []
        common = {"unit": DISTRICT, "origin_unit": DISTRICT, "status": status}
        proposal_id = proposed.proposal_id
        await harness.apply(an_act(ModeVerb.APPROVE, proposal_id, "b", **common))
        assert await modes(harness) == []
        await harness.apply(
            an_act(ModeVerb.APPROVE, proposal_id, "boss", post=Post.COMMANDER, **common)
        )
        assert await modes(harness) == [(DISTRICT, EMERGENCY, 1, ("b", "boss"))]


async def test_a_response_level_that_is_declared_after_the_issue_makes_the_rule_propose(
    dsn: str,
) -> None:
    """A position of a body on an issued alert proposes a mode, without a new warning level."""

    def positioned(version: int, response_level: ResponseLevel, **change: Any) -> AlertEvent:
        more = {"response_level": response_level, **change}
        alert = an_alert(Level.YELLOW, version=version, transition=AlertTransition.POSITIONED)
        return alert.model_copy(update=more)

    async with a_harness(dsn) as harness:
        await harness.apply(an_alert(Level.YELLOW, version=4))
        await harness.apply(positioned(5, ResponseLevel.IV))
        assert await harness.published(MODE_PROPOSALS.name) == []
        await harness.apply(positioned(6, ResponseLevel.III))
        await harness.apply(positioned(7, ResponseLevel.III))
        await harness.apply(positioned(8, ResponseLevel.II))
        result = await harness.published(MODE_PROPOSALS.name)
        assert [(event.unit, event.mode, event.proposed_by) for event in result] == [
            (DISTRICT, STANDBY, None),
            (DISTRICT, EMERGENCY, None),
        ]
        assert await harness.value("SELECT count(*) FROM command.command") == 1


async def test_what_a_body_holds_of_an_alert_that_is_not_issued_proposes_nothing(dsn: str) -> None:
    async with a_harness(dsn) as harness:
        alert = an_alert(Level.YELLOW, transition=AlertTransition.POSITIONED)
        change = {"response_level": ResponseLevel.I, "state": AlertState.VERIFIED, "level": None}
        await harness.apply(alert.model_copy(update=change))
        assert await harness.published(MODE_PROPOSALS.name) == []


async def test_each_recipient_has_the_clocks_of_its_own_mode_and_the_record_says_which(
    dsn: str,
) -> None:
    async with a_harness(dsn, some_times(600, 1200)) as harness:
        await decide(harness, STANDBY, unit=TOWN)
        await decide(harness, EMERGENCY, unit=VILLAGE)
        await harness.apply(an_alert(Level.YELLOW))
        (command,) = await harness.published(COMMANDS.name)
        assert (command.mode, command.mode_version, command.mode_unit) == (STANDBY, 1, TOWN)
        for event in await harness.published(ASSIGNMENTS.name):
            strict = event.unit == VILLAGE
            expected = (EMERGENCY, 1, VILLAGE) if strict else (STANDBY, 1, TOWN)
            assert (event.mode, event.mode_version, event.mode_unit) == expected
            seconds = (event.sign_by - event.sent_at).total_seconds()
            assert seconds == (300 if strict else 450)
            assert (event.finish_by - event.sent_at).total_seconds() == 2 * seconds


async def test_a_flip_moves_no_given_deadline_and_a_new_attempt_takes_the_new_mode(
    dsn: str,
) -> None:
    async with a_harness(dsn, some_times(600, 1200, 60)) as harness:
        attempt = await second_attempt(harness, partial(decide, harness, EMERGENCY))
        assert (attempt.mode, attempt.mode_version) == (EMERGENCY, 1)
        assert (attempt.sign_by - attempt.sent_at).total_seconds() == 300
        call, pause = await reminder_of(harness, attempt)
        assert (call.mode, call.mode_version, call.mode_unit) == (EMERGENCY, 1, TOWN)
        assert pause == 30


async def test_a_drill_never_changes_the_real_mode_nor_the_real_one_a_drill(dsn: str) -> None:
    async with a_harness(dsn, some_times(600, 1200)) as harness:
        await decide(harness, EMERGENCY, status=Status.EXERCISE)
        await decide(harness, STANDBY)
        await harness.apply(an_alert(Level.YELLOW, key="real"))
        await harness.apply(an_alert(Level.YELLOW, key="drill", status=Status.EXERCISE))
        for event in await harness.published(ASSIGNMENTS.name):
            drill = event.status is Status.EXERCISE
            assert event.mode is (EMERGENCY if drill else STANDBY)
            assert (event.sign_by - event.sent_at).total_seconds() == (300 if drill else 450)
        change = await harness.rows(
            "SELECT status, unit, mode, version FROM command.mode ORDER BY 1"
        )
        assert [tuple(row) for row in change] == [
            ("Actual", TOWN, "standby", 1),
            ("Exercise", TOWN, "emergency", 1),
        ]
