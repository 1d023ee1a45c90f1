"""The canary's chain by tables, and the acts of the robot officer against alerting's own rules."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from services.audit.core.canary import acts
from services.audit.core.canary.chain import (
    MOST_MISSED,
    PATIENCE_S,
    STAGE_WORDS,
    CanaryChain,
    CanaryRecord,
    CanaryStage,
    RobotAct,
)
from services.audit.core.findings.snapshot import FindingKind
from services.audit.watch.canary import Canary
from shared.contracts.alarms import AlarmEvent, AlarmTransition, Evidence
from shared.contracts.alerts import AlertEvent, AlertState, AlertTransition, DecisionVerb
from shared.contracts.assignments import AssignmentEvent, AssignmentState, Step
from shared.contracts.fields import Level, Status, Tier
from tests.unit.audit.builders import DISTRICT, T0, TOWN, an_alarm, an_alert, an_assignment

INTERVAL_S = 15.0
LONGEST_S = MOST_MISSED * INTERVAL_S + PATIENCE_S
DECIDE, SIGN, RECALL, FALL = RobotAct


def raised(reading: str = "r-1", alarm: str = "alm-1") -> AlarmEvent:
    evidence = Evidence(metric="canary", value=1, unit="1", limit=1, event_id=f"canary:{reading}")
    change = {"sensor_id": f"canary-{TOWN}", "evidence": evidence, "status": Status.SYSTEM}
    return an_alarm(alarm).model_copy(update=change)


def opened(alert: str = "alt-1", alarm: str = "alm-1") -> AlertEvent:
    change = {"alarm_ids": (alarm,), "status": Status.SYSTEM}
    return an_alert(alert).model_copy(update=change)


def in_force(alert: str = "alt-1", alarm: str = "alm-1") -> AlertEvent:
    return opened(alert, alarm).model_copy(
        update={
            "version": 4,
            "state": AlertState.ISSUED,
            "transition": AlertTransition.ISSUED,
            "level": Level.BLUE,
        }
    )


def ended(alert: str = "alt-1") -> AlertEvent:
    change = {"version": 5, "state": AlertState.RECALLED, "transition": AlertTransition.RECALLED}
    return in_force(alert).model_copy(update=change)


def assigned(version: int, state: AssignmentState) -> AssignmentEvent:
    return an_assignment(TOWN, version=version, state=state, status=Status.SYSTEM)


DELIVERED = assigned(1, AssignmentState.DELIVERED)
SIGNED = assigned(2, AssignmentState.SIGNED)
ROUND_TRIP: tuple[tuple[CanaryRecord, CanaryStage, list[RobotAct]], ...] = (
    (raised(), CanaryStage.SCORED, []),
    (opened(), CanaryStage.PROPOSED, [DECIDE]),
    (in_force(), CanaryStage.ISSUED, []),
    (DELIVERED, CanaryStage.COMMANDED, [SIGN]),
    (SIGNED, CanaryStage.RECEIVED, [RECALL]),
    (ended(), CanaryStage.RECEIVED, [FALL]),
)


def a_chain(now_s: float = 100.0) -> CanaryChain:
    chain = CanaryChain(TOWN, INTERVAL_S)
    chain.watch(now_s)
    assert chain.begin("r-1", now_s) == []
    chain.accept()
    return chain


def acts_of(chain: CanaryChain, record: CanaryRecord, now_s: float = 101.0) -> list[RobotAct]:
    return [act for act, _ in chain.observe(record, now_s)]


def test_a_whole_round_trip_calls_for_each_act_once() -> None:
    chain = a_chain()
    for record, _, expected in ROUND_TRIP:
        assert acts_of(chain, record, 103.0) == expected
    assert (chain.received_s, chain.duration_s) == (103.0, 3.0)
    assert chain.begin("r-2", 115.0) == []
    assert chain.missed is None
    repeated = [record for record, _, _ in ROUND_TRIP for _ in range(2)]
    second = a_chain()
    assert [act for record in repeated for act in acts_of(second, record)] == [
        *(DECIDE, SIGN, SIGN, RECALL),
        *(FALL, FALL),
    ], "a repeated act has the same id"


@pytest.mark.parametrize("steps", range(len(ROUND_TRIP) - 1))
def test_a_missed_round_trip_names_the_last_stage(steps: int) -> None:
    chain = a_chain()
    for record, _, _ in ROUND_TRIP[:steps]:
        chain.observe(record, 101.0)
    stage = ROUND_TRIP[steps - 1][1] if steps else CanaryStage.ACCEPTED
    left_open = [RECALL] if stage >= CanaryStage.ISSUED else []
    assert [act for act, _ in chain.begin("r-2", 115.0)] == left_open
    assert chain.missed is stage
    assert chain.problem(100.0 + LONGEST_S) is None
    reason = chain.problem(100.1 + LONGEST_S)
    assert reason is not None
    assert STAGE_WORDS[stage].en in reason
    assert STAGE_WORDS[stage].zh in reason


def test_ingest_that_accepts_nothing_is_the_first_stage() -> None:
    chain = CanaryChain(TOWN, INTERVAL_S)
    chain.watch(0.0)
    chain.begin("r-1", 1.0)
    chain.begin("r-2", 16.0)
    assert chain.missed is CanaryStage.SENT


def test_a_chain_is_found_broken_within_a_minute_and_whole_again_at_once() -> None:
    chain = a_chain()
    for record, _, _ in ROUND_TRIP:
        chain.observe(record, 101.0)
    assert LONGEST_S + 3 * 2 < 60
    assert chain.decided(101.0)
    for number in range(2, 6):
        chain.begin(f"r-{number}", 85.0 + 15 * number)
    assert chain.problem(101.5 + LONGEST_S) is not None
    chain.observe(raised("r-5", "alm-5"), 161.0)
    chain.observe(opened("alt-5", "alm-5"), 161.0)
    signed = SIGNED.model_copy(update={"alert_id": "alt-5"})
    chain.observe(signed, 162.0)
    assert chain.problem(162.0) is None


def test_an_alert_that_is_read_before_its_alarm_waits_for_it() -> None:
    chain = a_chain()
    assert acts_of(chain, opened()) == []
    assert acts_of(chain, raised()) == [DECIDE]


@pytest.mark.parametrize(
    "record",
    [
        raised("r-0"),
        raised().model_copy(update={"sensor_id": "canary-500118000000"}),
        raised().model_copy(update={"transition": AlarmTransition.CLEARED}),
        opened("alt-other", "alm-other").model_copy(update={"place": DISTRICT}),
        DELIVERED,
        SIGNED,
    ],
)
def test_records_of_others_and_of_older_round_trips_move_nothing(record: CanaryRecord) -> None:
    chain = a_chain()
    assert acts_of(chain, record) == []
    chain.begin("r-2", 115.0)
    assert chain.missed is CanaryStage.ACCEPTED


def test_what_an_older_process_has_left_in_force_is_recalled_once() -> None:
    chain = a_chain()
    older = in_force("alt-left", "alm-left").model_copy(
        update={"version": 6, "transition": AlertTransition.UPDATED}
    )
    assert acts_of(chain, older) == [RECALL]
    assert acts_of(chain, older) == []
    joined = older.model_copy(update={"alarm_ids": ("alm-left", "alm-1")})
    chain.observe(raised(), 101.0)
    assert acts_of(chain, joined) == []
    chain.begin("r-2", 115.0)
    assert acts_of(chain, joined) == [RECALL], "until the recall has come through"


@pytest.mark.parametrize(
    ("state", "verbs"),
    [
        (AlertState.VERIFYING, ["verify", "assess", "approve"]),
        (AlertState.VERIFIED, ["assess", "approve"]),
        (AlertState.PENDING_APPROVAL, ["approve"]),
        (AlertState.ISSUED, []),
    ],
)
def test_the_robot_issues_from_every_state(state: AlertState, verbs: list[str]) -> None:
    alert = opened().model_copy(update={"state": state})
    decided = acts.decisions(alert, T0)
    assert [decision.verb for decision in decided] == verbs
    for decision in decided:
        assert (decision.status, decision.officer_id) == (Status.SYSTEM, acts.ROBOT)
        assert (decision.origin_unit, decision.level) == (alert.approver_unit, Level.BLUE)


def test_the_robots_recall_and_signature() -> None:
    recall = acts.recall(in_force(), T0)
    assert (recall.verb, recall.level, bool(recall.reason)) == (
        DecisionVerb.RECALL,
        Level.BLUE,
        True,
    )
    later = acts.recall(in_force(), T0 + timedelta(seconds=9))
    assert later.model_copy(update={"sent_at": recall.sent_at}) == recall, "a repeat is dropped"
    signature = acts.signature(DELIVERED, T0)
    assert (signature.step, signature.unit, signature.officer_unit) == (Step.SIGN, TOWN, TOWN)
    assert signature.status is Status.SYSTEM


async def test_only_the_process_that_makes_the_round_trips_tells_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    canary = Canary([TOWN], INTERVAL_S)
    (probe,) = canary.probes()
    assert probe.component == f"canary {Tier.TOWN} {TOWN}"
    assert await probe.check() is None
    assert not canary.decided(), "another process may know of a fault"
    canary.lead()
    assert await probe.check() is None
    assert not canary.decided()
    now_s = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now_s + LONGEST_S + 1)
    problem = await probe.check()
    assert problem is not None
    assert problem.kind is FindingKind.CANARY_MISSING
    assert canary.decided()
    canary.follow()
    assert await probe.check() is None
