"""What people decide about whole alerts, and what time does to them, on a real Postgres."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from services.alerting.core import debt, validity
from shared.contracts.alarms import AlarmTransition
from shared.contracts.alerts import AlertEvent, Assessment, DecisionVerb
from shared.contracts.fields import Level, Post, ResponseLevel
from shared.contracts.topics import NOTICES
from shared.runtime.errors import Reject
from tests.component.alerting.harness import Station, another
from tests.unit.alerting.builders import CITY, DISTRICT, TOWN, a_decision, a_report, an_alarm, at

CLEARED, UPGRADED = AlarmTransition.CLEARED, AlarmTransition.UPGRADED
MERGE, UNMERGE, SPLIT = DecisionVerb.MERGE, DecisionVerb.UNMERGE, DecisionVerb.SPLIT


async def newest(station: Station) -> dict[str, AlertEvent]:
    """The newest state of every alert."""
    alert_events: dict[str, AlertEvent] = {}
    for alert in await station.alerts():
        alert_events[alert.alert_id] = alert
    return alert_events


async def two(station: Station) -> tuple[str, str]:
    """Two open alerts: a gas leak with an alarm and a report, a flood."""
    await station.takes(an_alarm("alm-gas"), a_report(), an_alarm("alm-flood", event_type="11A01"))
    by_kind = {alert.event_type: alert.alert_id for alert in await station.alerts()}
    return by_kind["12:gas_leak"], by_kind["11A01"]


async def issue(station: Station, alert_id: str) -> AlertEvent:
    for verb in (DecisionVerb.VERIFY, DecisionVerb.ASSESS):
        alert = (await newest(station))[alert_id]
        await station.takes(a_decision(alert_id, verb, alert.proposed_level))
    for number in range(alert.approvals_needed):
        signer = f"signer-{number}"
        await station.takes(
            a_decision(
                alert_id, DecisionVerb.APPROVE, alert.proposed_level, alert.approver_unit, signer
            )
        )
    return (await newest(station))[alert_id]


async def test_after_a_merge_everything_follows_and_undoing_it_gives_it_back(
    station: Station,
) -> None:
    gas, flood = await two(station)
    await station.takes(a_decision(gas, MERGE, None, into=flood))
    result = await newest(station)
    assert (result[gas].state, result[gas].merged_into) == ("merged", flood)
    assert set(result[flood].alarm_ids) == {"alm-gas", "alm-flood"}
    assert (len(result[flood].report_ids), result[flood].merged_ids) == (1, (gas,))
    # A known alarm, a new one of the merged alert's kind, a report, each in a transaction of its own.
    await station.takes(an_alarm("alm-gas", 2, UPGRADED, Level.RED, occurred_at=at(2)))
    await station.takes(an_alarm("alm-gas-2", occurred_at=at(3)))
    await station.takes(a_report("worker-2", occurred_at=at(4)))
    result = await newest(station)
    assert result[gas].state == "merged"
    assert result[flood].proposed_level is Level.RED
    assert set(result[flood].alarm_ids) == {"alm-gas", "alm-flood", "alm-gas-2"}
    await station.takes(a_decision(gas, UNMERGE, None))
    result = await newest(station)
    assert set(result[gas].alarm_ids) == {"alm-gas", "alm-gas-2"}
    assert (len(result[gas].report_ids), result[gas].proposed_level) == (2, Level.RED)
    assert (result[flood].alarm_ids, result[flood].proposed_level) == (("alm-flood",), Level.YELLOW)
    await station.takes(an_alarm("alm-gas", 3, CLEARED, Level.RED, occurred_at=at(9)))
    assert (await newest(station))[flood].version == result[flood].version


async def test_merge_and_what_follows_in_one_batch(station: Station) -> None:
    gas, flood = await two(station)
    await station.takes(
        a_decision(gas, MERGE, None, into=flood),
        an_alarm("alm-gas", 2, UPGRADED, Level.ORANGE, occurred_at=at(2)),
        an_alarm("alm-gas-2", occurred_at=at(3)),
    )
    homes = {
        row["alarm_id"]: (row["alert_id"], row["home_id"])
        for row in await station.rows(
            "SELECT alarm_id, alert_id, home_id FROM alerting.alert_alarm"
        )
    }
    assert homes == {
        "alm-gas": (flood, gas),
        "alm-gas-2": (flood, gas),
        "alm-flood": (flood, flood),
    }


async def test_what_is_merged_ends_with_its_holder_and_makes_room(station: Station) -> None:
    gas, flood = await two(station)
    await station.takes(a_decision(gas, MERGE, None, into=flood))
    await station.takes(a_decision(flood, DecisionVerb.DISMISS, Level.YELLOW))
    result = await newest(station)
    assert (result[flood].state, result[gas].state) == ("dismissed", "absorbed")
    with pytest.raises(Reject, match="illegal_step"):
        await station.takes(a_decision(gas, UNMERGE, None))
    await station.takes(an_alarm("alm-gas-9", occurred_at=at(9)))
    assert (await station.alerts())[-1].transition == "opened"


async def test_a_split_is_undone_by_a_merge(station: Station) -> None:
    await station.takes(an_alarm("alm-1"), an_alarm("alm-2", occurred_at=at(1)))
    [whole] = (await newest(station)).keys()
    await station.takes(a_decision(whole, SPLIT, None, evidence_ids=("alm-2",)))
    result = await newest(station)
    [part] = result.keys() - {whole}
    assert (result[part].alarm_ids, result[whole].alarm_ids) == (("alm-2",), ("alm-1",))
    await station.takes(an_alarm("alm-2", 2, UPGRADED, Level.RED, occurred_at=at(2)))
    await station.takes(an_alarm("alm-3", occurred_at=at(3)))
    result = await newest(station)
    assert (result[part].proposed_level, result[part].alarm_ids) == (Level.RED, ("alm-2",))
    assert result[whole].alarm_ids == ("alm-1", "alm-3")
    await station.takes(a_decision(part, MERGE, None, into=whole))
    assert set((await newest(station))[whole].alarm_ids) == {"alm-1", "alm-2", "alm-3"}


async def test_evidence_and_merges_at_once_lose_nothing(station: Station) -> None:
    """Two processes: one merges and unmerges, the other brings alarms."""
    gas, flood = await two(station)
    async with another(station) as other_station:

        async def people() -> None:
            for _ in range(6):
                await station.takes(a_decision(gas, MERGE, None, into=flood))
                await station.takes(a_decision(gas, UNMERGE, None))

        async def sensors() -> None:
            for number in range(20):
                await other_station.takes(an_alarm(f"alm-n-{number}", occurred_at=at(number / 10)))

        await asyncio.gather(people(), sensors())
    result = await newest(station)
    assert len(set(result[gas].alarm_ids)) == 21
    assert result[flood].alarm_ids == ("alm-flood",)


async def test_a_recall_is_one_record_and_ends_the_public_notice(station: Station) -> None:
    await station.takes(an_alarm())
    [alert] = (await newest(station)).keys()
    await issue(station, alert)
    recall = a_decision(alert, DecisionVerb.RECALL, Level.YELLOW, reason="误报")
    await station.takes(recall)
    last = (await station.alerts())[-1]
    assert (last.state, last.msg_type, last.text) == ("recalled", "Cancel", "误报")
    notices: list[Any] = await station._sent(NOTICES.name, 0)
    assert [notice.level for notice in notices] == [Level.YELLOW, None]
    assert notices[-1].references == (last.id,)
    await station.sweeps(40 * 86_400)
    assert (await station.alerts())[-1].version == last.version


async def test_an_alert_expires_once_and_what_is_on_is_another_alert(station: Station) -> None:
    await station.takes(an_alarm())
    [alert] = (await newest(station)).keys()
    await issue(station, alert)
    long = validity.VALID_FOR[Level.YELLOW].total_seconds()
    await station.sweeps(long - 60)
    assert (await newest(station))[alert].state == "issued"
    async with another(station) as fresh:
        await fresh.sweeps(120)
        await fresh.sweeps(120)
    *_, expired, again = await station.alerts()
    assert (expired.state, again.transition, again.alarm_ids) == ("expired", "opened", ("alm-1",))
    notices: list[Any] = await station._sent(NOTICES.name, 0)
    assert [notice.level for notice in notices] == [Level.YELLOW, None]
    await station.takes(an_alarm(version=2, transition=CLEARED, occurred_at=at(99)))
    assert (await newest(station))[again.alert_id].state == "dismissed"


async def test_more_time_moves_the_hour(station: Station) -> None:
    await station.takes(an_alarm())
    [alert] = (await newest(station)).keys()
    first = await issue(station, alert)
    assert first.expires_at is not None
    until = first.expires_at + (first.expires_at - first.sent_at)
    adjust = a_decision(alert, DecisionVerb.ADJUST, Level.YELLOW, TOWN, valid_until=until)
    await station.takes(adjust)
    await station.takes(a_decision(alert, DecisionVerb.APPROVE, Level.YELLOW))
    await station.sweeps(validity.VALID_FOR[Level.YELLOW].total_seconds() + 60)
    assert (await newest(station))[alert].state == "issued"
    await station.sweeps(validity.VALID_FOR[Level.YELLOW].total_seconds())
    assert (await newest(station))[alert].state == "expired"


async def test_a_debt_is_chased_by_a_durable_timer_until_two_have_ratified(
    station: Station,
) -> None:
    await station.takes(an_alarm(level=Level.RED))
    [alert] = (await newest(station)).keys()
    emergency = DecisionVerb.AUTHORISE_EMERGENCY
    await station.takes(
        a_decision(alert, emergency, Level.RED, TOWN, "o-town", post=Post.COMMANDER)
    )
    issued = (await station.alerts())[-1]
    assert (issued.state, issued.level, [call.unit for call in issued.calls]) == (
        "issued",
        Level.RED,
        [CITY],
    )
    await station.sweeps(debt.DUE_AFTER[Level.RED].total_seconds() - 60)
    assert (await station.alerts())[-1].version == issued.version
    for number in (1, 2):
        async with another(station) as fresh:
            await fresh.sweeps(debt.CHASE_EVERY.total_seconds() + 61)
        last = (await station.alerts())[-1]
        assert (last.transition, [call.unit for call in last.calls]) == ("debt_due", [CITY])
        assert last.debt is not None
        assert last.debt.chased == number
    for officer in ("o-1", "o-2"):
        ratify = a_decision(alert, DecisionVerb.RATIFY, Level.RED, CITY, officer)
        await station.takes(ratify)
    last = (await station.alerts())[-1]
    assert (last.transition, last.debt) == ("ratified", None)
    assert [signature.officer_id for signature in last.signatures] == ["o-town", "o-1", "o-2"]
    await station.sweeps(3600)
    assert (await station.alerts())[-1].version == last.version
    armed = "SELECT kind FROM alerting.timer WHERE state = 'armed'"
    assert [row["kind"] for row in await station.rows(armed)] == ["validity"]


async def test_positions_survive_and_stand_side_by_side(station: Station) -> None:
    await station.takes(an_alarm())
    [alert] = (await newest(station)).keys()
    for unit, level in ((CITY + "/water", ResponseLevel.III), (DISTRICT, ResponseLevel.IV)):
        assessment = Assessment(response_level=level)
        await station.takes(
            a_decision(alert, DecisionVerb.ASSESS, None, unit, assessment=assessment)
        )
    last = (await station.alerts())[-1]
    assert {position.unit: position.assessment.response_level for position in last.positions} == {
        CITY + "/water": "III",
        DISTRICT: "IV",
    }
    assert last.response_level is ResponseLevel.III
