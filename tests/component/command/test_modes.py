"""Response modes on a real Postgres: decided by two, ending once and never early, apart by subtree."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from shared.contracts.alerts import AlertEvent, AlertState, AlertTransition
from shared.contracts.commands import Step
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import Level, Post, ResponseLevel, ResponseMode, Status
from shared.contracts.modes import ModeVerb, ProposalState
from shared.contracts.topics import ASSIGNMENTS, COMMANDS, MODE_PROPOSALS, MODES
from shared.runtime.errors import Reject
from shared.runtime.timers import Timer, TimerSweeper
from tests.component.command.harness import (
    CITY,
    DISTRICT,
    TOWN,
    VILLAGE,
    Office,
    a_step,
    an_alert,
    an_office,
    profile,
)
from tests.component.command.mode_acts import EMERGENCY, NORMAL, STANDBY, an_act, decide, later
from tests.component.command.test_timers import go_back, sweep_for


async def modes(office: Office) -> list[tuple[str, ResponseMode, int, tuple[str, ...]]]:
    return [
        (one.unit, one.mode, one.version, one.decided_by)
        for one in await office.published(MODES.name)
    ]


async def states(office: Office) -> list[ProposalState]:
    return [one.state for one in await office.published(MODE_PROPOSALS.name)]


async def armed(office: Office) -> list[tuple[str, str]]:
    rows = await office.rows(
        "SELECT subject_id, kind FROM command.timer WHERE state = 'armed' AND kind LIKE 'mode%' "
        "ORDER BY subject_id"
    )
    return [(row["subject_id"], row["kind"]) for row in rows]


async def test_two_people_decide_and_a_third_ends(dsn: str) -> None:
    async with an_office(dsn) as office:
        name = await decide(office)
        assert await states(office) == [ProposalState.HALF_APPROVED, ProposalState.DECIDED]
        assert await modes(office) == [(TOWN, EMERGENCY, 1, ("b", "a"))]
        assert await armed(office) == [(name, "mode_end")]
        await office.apply(an_act(ModeVerb.END, name, "boss", post=Post.COMMANDER))
        assert await modes(office) == [
            (TOWN, EMERGENCY, 1, ("b", "a")),
            (TOWN, NORMAL, 2, ("boss",)),
        ]
        assert (await states(office))[-1] is ProposalState.ENDED
        assert await armed(office) == []


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
    async with an_office(dsn) as office:
        until = await later(office, 60)
        await office.apply(an_act(ModeVerb.PROPOSE, "mod-1", "b", mode=EMERGENCY, until=until))
        before = await office.rows("SELECT * FROM command.mode_proposal")
        with pytest.raises(Reject) as refused:
            await office.apply(an_act(verb, "mod-1", officer, **{"until": until, **change}))
        assert refused.value.reason is reason
        assert await office.rows("SELECT * FROM command.mode_proposal") == before
        assert await modes(office) == []


async def test_a_mode_ends_by_itself_once_and_never_early(dsn: str) -> None:
    async with an_office(dsn) as office:
        one = await decide(office, lasts_s=2.0)
        await sweep_for(office, 0.3)
        assert len(await modes(office)) == 1
        await sweep_for(office, 2.2, sweepers=3)
        told = await office.published(MODES.name)
        assert [(each.mode, each.version) for each in told] == [(EMERGENCY, 1), (NORMAL, 2)]
        assert told[1].decided_by == ()
        assert told[1].sent_at >= told[0].until
        assert (told[1].sent_at - told[0].until).total_seconds() < 1
        assert Counter(await states(office))[ProposalState.ENDED] == 1
        assert await armed(office) == []
        with pytest.raises(Reject):
            await office.apply(an_act(ModeVerb.END, one, "boss", post=Post.COMMANDER))


async def test_an_end_that_is_cut_off_half_way_comes_from_the_next_sweep(dsn: str) -> None:
    class Killed(BaseException):
        pass

    async with an_office(dsn) as office:
        await decide(office, lasts_s=1.5)

        async def die_after(work: Any, timers: Sequence[Timer]) -> None:
            await office.timers.fire(work, timers)
            await work.flush()
            raise Killed

        dying = TimerSweeper(office.database, office.timers.lock, die_after, office.runtime)
        await asyncio.sleep(1.6)
        for _ in range(2):
            with pytest.raises(Killed):
                await dying.sweep()
        assert len(await modes(office)) == 1
        await sweep_for(office, 0.2)
        assert [mode for _, mode, _, _ in await modes(office)] == [EMERGENCY, NORMAL]


async def test_an_undecided_proposal_expires_and_takes_no_signature_any_more(dsn: str) -> None:
    async with an_office(dsn) as office:
        until = await later(office, 2.0)
        await office.apply(an_act(ModeVerb.PROPOSE, "mod-1", "b", mode=STANDBY, until=until))
        assert await armed(office) == [("mod-1", "mode_expire")]
        await sweep_for(office, 0.2)
        assert await states(office) == [ProposalState.HALF_APPROVED]
        await sweep_for(office, 2.2)
        assert await states(office) == [ProposalState.HALF_APPROVED, ProposalState.EXPIRED]
        with pytest.raises(Reject, match="expired"):
            await office.apply(an_act(ModeVerb.APPROVE, "mod-1", "a", post=Post.A))
        assert await modes(office) == []


async def test_a_decision_takes_the_place_of_the_former_and_of_whatever_lies_open(
    dsn: str,
) -> None:
    async with an_office(dsn) as office:
        first = await decide(office, STANDBY)
        until = await later(office, 60)
        await office.apply(an_act(ModeVerb.PROPOSE, "mod-open", "b", mode=STANDBY, until=until))
        second = await decide(office, EMERGENCY)
        last = {one.proposal_id: one for one in await office.published(MODE_PROPOSALS.name)}
        assert last[first].state is ProposalState.ENDED
        assert last["mod-open"].state is ProposalState.EXPIRED
        assert last[second].state is ProposalState.DECIDED
        assert last[second].decided_version == 2
        assert await armed(office) == [(second, "mode_end")]
        assert [(mode, n) for _, mode, n, _ in await modes(office)] == [
            (STANDBY, 1),
            (EMERGENCY, 2),
        ]


async def test_of_two_approvals_at_once_one_decides(dsn: str) -> None:
    async with an_office(dsn) as office:
        until = await later(office, 60)
        await office.apply(an_act(ModeVerb.PROPOSE, "mod-1", "b", mode=STANDBY, until=until))
        tried = await asyncio.gather(
            *(
                office.apply(an_act(ModeVerb.APPROVE, "mod-1", f"a{n}", post=Post.A))
                for n in range(4)
            ),
            return_exceptions=True,
        )
        assert [type(base_exception) for base_exception in tried if base_exception is not None] == [
            Reject
        ] * 3
        assert len(await modes(office)) == 1


@pytest.mark.parametrize("status", [Status.ACTUAL, Status.EXERCISE])
async def test_the_rule_proposes_for_the_district_and_two_people_of_it_decide(
    dsn: str, status: Status
) -> None:
    async with an_office(dsn) as office:
        await office.apply(an_alert(Level.YELLOW, version=4, status=status))
        assert await office.published(MODE_PROPOSALS.name) == []
        adjusted = an_alert(Level.RED, version=5, status=status)
        await office.apply(adjusted)
        await office.apply(an_alert(Level.RED, key="again", status=status))
        (proposed,) = await office.published(MODE_PROPOSALS.name)
        assert (proposed.state, proposed.unit, proposed.mode, proposed.status) == (
            ProposalState.PROPOSED,
            DISTRICT,
            EMERGENCY,
            status,
        )
        assert (proposed.proposed_by, proposed.alert_id) == (None, adjusted.alert_id)
        assert await modes(office) == []
        common = {"unit": DISTRICT, "origin_unit": DISTRICT, "status": status}
        one = proposed.proposal_id
        await office.apply(an_act(ModeVerb.APPROVE, one, "b", **common))
        assert await modes(office) == []
        await office.apply(an_act(ModeVerb.APPROVE, one, "boss", post=Post.COMMANDER, **common))
        assert await modes(office) == [(DISTRICT, EMERGENCY, 1, ("b", "boss"))]


async def test_a_response_level_that_is_declared_after_the_issue_makes_the_rule_propose(
    dsn: str,
) -> None:
    """A body says what it holds of an alert that stands: the level of warning need not move for that."""

    def positioned(version: int, held: ResponseLevel, **change: Any) -> AlertEvent:
        more = {"response_level": held, **change}
        alert = an_alert(Level.YELLOW, version=version, transition=AlertTransition.POSITIONED)
        return alert.model_copy(update=more)

    async with an_office(dsn) as office:
        await office.apply(an_alert(Level.YELLOW, version=4))
        await office.apply(positioned(5, ResponseLevel.IV))
        assert await office.published(MODE_PROPOSALS.name) == []
        await office.apply(positioned(6, ResponseLevel.III))
        await office.apply(positioned(7, ResponseLevel.III))
        await office.apply(positioned(8, ResponseLevel.II))
        result = await office.published(MODE_PROPOSALS.name)
        assert [(one.unit, one.mode, one.proposed_by) for one in result] == [
            (DISTRICT, STANDBY, None),
            (DISTRICT, EMERGENCY, None),
        ]
        assert await office.value("SELECT count(*) FROM command.command") == 1


async def test_what_a_body_holds_of_an_alert_that_is_not_issued_proposes_nothing(dsn: str) -> None:
    async with an_office(dsn) as office:
        alert = an_alert(Level.YELLOW, transition=AlertTransition.POSITIONED)
        held = {"response_level": ResponseLevel.I, "state": AlertState.VERIFIED, "level": None}
        await office.apply(alert.model_copy(update=held))
        assert await office.published(MODE_PROPOSALS.name) == []


async def test_each_recipient_has_the_clocks_of_its_own_mode_and_the_record_says_which(
    dsn: str,
) -> None:
    async with an_office(dsn, profile(600, 1200)) as office:
        await decide(office, STANDBY, unit=TOWN)
        await decide(office, EMERGENCY, unit=VILLAGE)
        await office.apply(an_alert(Level.YELLOW))
        (command,) = await office.published(COMMANDS.name)
        assert (command.mode, command.mode_version, command.mode_unit) == (STANDBY, 1, TOWN)
        for one in await office.published(ASSIGNMENTS.name):
            strict = one.unit == VILLAGE
            expected = (EMERGENCY, 1, VILLAGE) if strict else (STANDBY, 1, TOWN)
            assert (one.mode, one.mode_version, one.mode_unit) == expected
            seconds = (one.sign_by - one.sent_at).total_seconds()
            assert seconds == (300 if strict else 450)
            assert (one.finish_by - one.sent_at).total_seconds() == 2 * seconds


async def test_a_flip_moves_no_given_deadline_and_a_new_attempt_takes_the_new_mode(
    dsn: str,
) -> None:
    async with an_office(dsn, profile(600, 1200, 60)) as office:
        await office.apply(an_alert(Level.YELLOW))
        command = await office.the_command()
        await office.apply(a_step(command, VILLAGE), a_step(command, VILLAGE, Step.REPORT))
        before = await office.rows("SELECT * FROM command.assignment ORDER BY assignment_id")
        timers = "SELECT * FROM command.timer WHERE kind NOT LIKE 'mode%' ORDER BY subject_id, kind"
        running = await office.rows(timers)
        await decide(office, EMERGENCY)
        assert before == await office.rows(
            "SELECT * FROM command.assignment ORDER BY assignment_id"
        )
        assert running == await office.rows(timers)
        await office.apply(a_step(command, VILLAGE, Step.SEND_BACK, officer_unit=CITY))
        again = (await office.published(ASSIGNMENTS.name))[-1]
        assert (again.attempt, again.mode, again.mode_version) == (2, EMERGENCY, 1)
        assert (again.sign_by - again.sent_at).total_seconds() == 300
        await go_back(office, 301)
        await sweep_for(office, 0.2)
        (call,) = [
            one
            for one in await office.supervision()
            if one.unit == VILLAGE and one.clock == "sign" and one.kind == "reminded"
        ]
        assert (call.mode, call.mode_version, call.mode_unit) == (EMERGENCY, 1, TOWN)
        pause = await office.value(
            "SELECT due_at FROM command.timer WHERE kind = 'sign_escalate' AND rung = 1 "
            "AND subject_id = $1",
            again.assignment_id,
        )
        assert (pause - call.sent_at).total_seconds() == 30


async def test_a_drill_never_changes_the_real_mode_nor_the_real_one_a_drill(dsn: str) -> None:
    async with an_office(dsn, profile(600, 1200)) as office:
        await decide(office, EMERGENCY, status=Status.EXERCISE)
        await decide(office, STANDBY)
        await office.apply(an_alert(Level.YELLOW, key="real"))
        await office.apply(an_alert(Level.YELLOW, key="drill", status=Status.EXERCISE))
        for one in await office.published(ASSIGNMENTS.name):
            drill = one.status is Status.EXERCISE
            assert one.mode is (EMERGENCY if drill else STANDBY)
            assert (one.sign_by - one.sent_at).total_seconds() == (300 if drill else 450)
        held = await office.rows("SELECT status, unit, mode, version FROM command.mode ORDER BY 1")
        assert [tuple(row) for row in held] == [
            ("Actual", TOWN, "standby", 1),
            ("Exercise", TOWN, "emergency", 1),
        ]
