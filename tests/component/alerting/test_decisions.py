"""Decisions of officers about alerts, and timers of alerts, on a real Postgres."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from shared.contracts.alarms import AlarmTransition
from shared.contracts.alerts import AlertEvent, Assessment, DecisionVerb
from shared.contracts.fields import Level, Post, ResponseLevel
from shared.contracts.topics import NOTICES
from shared.domain import alert_validity
from shared.runtime.errors import Reject
from tests.component.alerting.harness import AlertingHarness, second_process
from tests.unit.alerting.builders import CITY, DISTRICT, TOWN, a_decision, a_report, an_alarm, at

CLEARED, UPGRADED = AlarmTransition.CLEARED, AlarmTransition.UPGRADED
MERGE, UNMERGE, SPLIT = DecisionVerb.MERGE, DecisionVerb.UNMERGE, DecisionVerb.SPLIT


async def newest(alerting: AlertingHarness) -> dict[str, AlertEvent]:
    """Return the newest state of every alert."""
    alert_events: dict[str, AlertEvent] = {}
    for alert in await alerting.alert_events():
        alert_events[alert.alert_id] = alert
    return alert_events


async def two(alerting: AlertingHarness) -> tuple[str, str]:
    """Open two alerts: a gas leak with an alarm and a report, and a flood."""
    await alerting.deliver(
        an_alarm("alm-gas"), a_report(), an_alarm("alm-flood", event_type="11A01")
    )
    by_kind = {alert.event_type: alert.alert_id for alert in await alerting.alert_events()}
    return by_kind["12:gas_leak"], by_kind["11A01"]


async def issue(alerting: AlertingHarness, alert_id: str) -> AlertEvent:
    for verb in (DecisionVerb.VERIFY, DecisionVerb.ASSESS):
        alert = (await newest(alerting))[alert_id]
        await alerting.deliver(a_decision(alert_id, verb, alert.proposed_level))
    for number in range(alert.approvals_needed):
        signer = f"signer-{number}"
        await alerting.deliver(
            a_decision(
                alert_id, DecisionVerb.APPROVE, alert.proposed_level, alert.approver_unit, signer
            )
        )
    return (await newest(alerting))[alert_id]


async def test_a_merge_moves_evidence_and_an_unmerge_returns_it(
    alerting: AlertingHarness,
) -> None:
    gas, flood = await two(alerting)
    await alerting.deliver(a_decision(gas, MERGE, None, into=flood))
    result = await newest(alerting)
    assert (result[gas].state, result[gas].merged_into) == ("merged", flood)
    assert set(result[flood].alarm_ids) == {"alm-gas", "alm-flood"}
    assert (len(result[flood].report_ids), result[flood].merged_ids) == (1, (gas,))
    # A known alarm, a new one of the merged alert's kind, a report, each in a transaction of its
    # own.
    await alerting.deliver(an_alarm("alm-gas", 2, UPGRADED, Level.RED, occurred_at=at(2)))
    await alerting.deliver(an_alarm("alm-gas-2", occurred_at=at(3)))
    await alerting.deliver(a_report("worker-2", occurred_at=at(4)))
    result = await newest(alerting)
    assert result[gas].state == "merged"
    assert result[flood].proposed_level is Level.RED
    assert set(result[flood].alarm_ids) == {"alm-gas", "alm-flood", "alm-gas-2"}
    await alerting.deliver(a_decision(gas, UNMERGE, None))
    result = await newest(alerting)
    assert set(result[gas].alarm_ids) == {"alm-gas", "alm-gas-2"}
    assert (len(result[gas].report_ids), result[gas].proposed_level) == (2, Level.RED)
    assert (result[flood].alarm_ids, result[flood].proposed_level) == (("alm-flood",), Level.YELLOW)
    await alerting.deliver(an_alarm("alm-gas", 3, CLEARED, Level.RED, occurred_at=at(9)))
    assert (await newest(alerting))[flood].version == result[flood].version


async def test_a_merge_and_later_evidence_in_one_batch(alerting: AlertingHarness) -> None:
    gas, flood = await two(alerting)
    await alerting.deliver(
        a_decision(gas, MERGE, None, into=flood),
        an_alarm("alm-gas", 2, UPGRADED, Level.ORANGE, occurred_at=at(2)),
        an_alarm("alm-gas-2", occurred_at=at(3)),
    )
    homes = {
        row["alarm_id"]: (row["alert_id"], row["origin_alert_id"])
        for row in await alerting.rows(
            "SELECT alarm_id, alert_id, origin_alert_id FROM alerting.alert_alarm"
        )
    }
    assert homes == {
        "alm-gas": (flood, gas),
        "alm-gas-2": (flood, gas),
        "alm-flood": (flood, flood),
    }


async def test_a_merged_alert_ends_with_its_holder(
    alerting: AlertingHarness,
) -> None:
    gas, flood = await two(alerting)
    await alerting.deliver(a_decision(gas, MERGE, None, into=flood))
    await alerting.deliver(a_decision(flood, DecisionVerb.DISMISS, Level.YELLOW))
    result = await newest(alerting)
    assert (result[flood].state, result[gas].state) == ("dismissed", "absorbed")
    with pytest.raises(Reject, match="illegal_step"):
        await alerting.deliver(a_decision(gas, UNMERGE, None))
    await alerting.deliver(an_alarm("alm-gas-9", occurred_at=at(9)))
    assert (await alerting.alert_events())[-1].transition == "opened"


async def test_a_split_is_undone_by_a_merge(alerting: AlertingHarness) -> None:
    await alerting.deliver(an_alarm("alm-1"), an_alarm("alm-2", occurred_at=at(1)))
    [alert] = (await newest(alerting)).keys()
    await alerting.deliver(a_decision(alert, SPLIT, None, evidence_ids=("alm-2",)))
    result = await newest(alerting)
    [part] = result.keys() - {alert}
    assert (result[part].alarm_ids, result[alert].alarm_ids) == (("alm-2",), ("alm-1",))
    await alerting.deliver(an_alarm("alm-2", 2, UPGRADED, Level.RED, occurred_at=at(2)))
    await alerting.deliver(an_alarm("alm-3", occurred_at=at(3)))
    result = await newest(alerting)
    assert (result[part].proposed_level, result[part].alarm_ids) == (Level.RED, ("alm-2",))
    assert result[alert].alarm_ids == ("alm-1", "alm-3")
    await alerting.deliver(a_decision(part, MERGE, None, into=alert))
    assert set((await newest(alerting))[alert].alarm_ids) == {"alm-1", "alm-2", "alm-3"}


async def test_evidence_and_merges_at_once_lose_nothing(alerting: AlertingHarness) -> None:
    """Of two processes the first merges and unmerges, the second handles alarms."""
    gas, flood = await two(alerting)
    async with second_process(alerting) as second:

        async def people() -> None:
            for _ in range(6):
                await alerting.deliver(a_decision(gas, MERGE, None, into=flood))
                await alerting.deliver(a_decision(gas, UNMERGE, None))

        async def sensors() -> None:
            for number in range(20):
                await second.deliver(an_alarm(f"alm-n-{number}", occurred_at=at(number / 10)))

        await asyncio.gather(people(), sensors())
    result = await newest(alerting)
    assert len(set(result[gas].alarm_ids)) == 21
    assert result[flood].alarm_ids == ("alm-flood",)


async def test_a_recall_is_one_record_and_ends_the_public_notice(alerting: AlertingHarness) -> None:
    await alerting.deliver(an_alarm())
    [alert] = (await newest(alerting)).keys()
    await issue(alerting, alert)
    recall = a_decision(alert, DecisionVerb.RECALL, Level.YELLOW, reason="误报")
    await alerting.deliver(recall)
    last = (await alerting.alert_events())[-1]
    assert (last.state, last.msg_type, last.text) == ("recalled", "Cancel", "误报")
    notices: list[Any] = await alerting.published(NOTICES)
    assert [notice.level for notice in notices] == [Level.YELLOW, None]
    assert notices[-1].references == (last.id,)
    await alerting.advance_time(40 * 86_400)
    assert (await alerting.alert_events())[-1].version == last.version


async def test_an_alert_expires_once_and_active_alarms_open_another(
    alerting: AlertingHarness,
) -> None:
    await alerting.deliver(an_alarm())
    [alert] = (await newest(alerting)).keys()
    await issue(alerting, alert)
    long = alert_validity.VALID_FOR[Level.YELLOW].total_seconds()
    await alerting.advance_time(long - 60)
    assert (await newest(alerting))[alert].state == "issued"
    async with second_process(alerting) as fresh:
        await fresh.advance_time(120)
        await fresh.advance_time(120)
    *_, expired, follower = await alerting.alert_events()
    assert (expired.state, follower.transition, follower.alarm_ids) == (
        "expired",
        "opened",
        ("alm-1",),
    )
    notices: list[Any] = await alerting.published(NOTICES)
    assert [notice.level for notice in notices] == [Level.YELLOW, None]
    await alerting.deliver(an_alarm(version=2, transition=CLEARED, occurred_at=at(99)))
    assert (await newest(alerting))[follower.alert_id].state == "dismissed"


async def test_more_time_moves_the_expiry(alerting: AlertingHarness) -> None:
    await alerting.deliver(an_alarm())
    [alert] = (await newest(alerting)).keys()
    first = await issue(alerting, alert)
    assert first.expires_at is not None
    until = first.expires_at + (first.expires_at - first.sent_at)
    adjust = a_decision(alert, DecisionVerb.ADJUST, Level.YELLOW, TOWN, valid_until=until)
    await alerting.deliver(adjust)
    await alerting.deliver(a_decision(alert, DecisionVerb.APPROVE, Level.YELLOW))
    await alerting.advance_time(alert_validity.VALID_FOR[Level.YELLOW].total_seconds() + 60)
    assert (await newest(alerting))[alert].state == "issued"
    await alerting.advance_time(alert_validity.VALID_FOR[Level.YELLOW].total_seconds())
    assert (await newest(alerting))[alert].state == "expired"


async def test_a_durable_timer_reminds_the_gate_until_two_have_ratified(
    alerting: AlertingHarness,
) -> None:
    await alerting.deliver(an_alarm(level=Level.RED))
    [alert] = (await newest(alerting)).keys()
    emergency = DecisionVerb.AUTHORISE_EMERGENCY
    await alerting.deliver(
        a_decision(alert, emergency, Level.RED, TOWN, "o-town", post=Post.COMMANDER)
    )
    issued = (await alerting.alert_events())[-1]
    assert (issued.state, issued.level, [call.unit for call in issued.calls]) == (
        "issued",
        Level.RED,
        [CITY],
    )
    await alerting.advance_time(alert_validity.DUE_AFTER[Level.RED].total_seconds() - 60)
    assert (await alerting.alert_events())[-1].version == issued.version
    for number in (1, 2):
        async with second_process(alerting) as fresh:
            await fresh.advance_time(alert_validity.REMIND_EVERY.total_seconds() + 61)
        last = (await alerting.alert_events())[-1]
        assert (last.transition, [call.unit for call in last.calls]) == ("debt_due", [CITY])
        assert last.debt is not None
        assert last.debt.chased == number
    for officer in ("o-1", "o-2"):
        ratify = a_decision(alert, DecisionVerb.RATIFY, Level.RED, CITY, officer)
        await alerting.deliver(ratify)
    last = (await alerting.alert_events())[-1]
    assert (last.transition, last.debt) == ("ratified", None)
    assert [signature.officer_id for signature in last.signatures] == ["o-town", "o-1", "o-2"]
    await alerting.advance_time(3600)
    assert (await alerting.alert_events())[-1].version == last.version
    armed = "SELECT kind FROM alerting.timer WHERE state = 'armed'"
    assert [row["kind"] for row in await alerting.rows(armed)] == ["validity"]


async def test_positions_of_several_bodies_are_stored(alerting: AlertingHarness) -> None:
    await alerting.deliver(an_alarm())
    [alert] = (await newest(alerting)).keys()
    for unit, level in ((CITY + "/water", ResponseLevel.III), (DISTRICT, ResponseLevel.IV)):
        assessment = Assessment(response_level=level)
        await alerting.deliver(
            a_decision(alert, DecisionVerb.ASSESS, None, unit, assessment=assessment)
        )
    last = (await alerting.alert_events())[-1]
    assert {position.unit: position.assessment.response_level for position in last.positions} == {
        CITY + "/water": "III",
        DISTRICT: "IV",
    }
    assert last.response_level is ResponseLevel.III
