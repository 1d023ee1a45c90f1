"""Silent sensors reach a person: one fault per place, withdrawn when they are heard again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.contracts.alarms import AlarmEvent, AlarmTransition, Evidence
from shared.contracts.faults import FaultState, SystemFault
from shared.contracts.fields import Level, Post, Status, Tier
from shared.contracts.silences import Matcher, SilenceKind, SilenceRequest
from shared.contracts.topics import FAULTS
from tests.component.alerting.harness import AlertingHarness
from tests.unit.alerting.builders import DISTRICT, TOWN, VILLAGE, an_alarm

OTHER_TOWNS = [f"500118{number}000" for number in range(101, 117)]


def silence_of(alarm_id: str = "alm-1", version: int = 1, **changes: Any) -> AlarmEvent:
    """Return a sensor's alarm of silence."""
    values = {"kind": "absence", "level": Level.NOTICE, "event_type": "12:sensor_silent", **changes}
    return an_alarm(alarm_id, version, **values)


def end_of(alarm_id: str = "alm-1", version: int = 2, **changes: Any) -> AlarmEvent:
    """Return the end of that alarm."""
    return silence_of(alarm_id, version, transition=AlarmTransition.CLEARED, **changes)


async def faults(alerting: AlertingHarness) -> list[tuple[str, FaultState]]:
    """Return unit and state of every fault so far."""
    published: list[SystemFault] = await alerting.published(FAULTS)
    return [(fault.unit, fault.state) for fault in published]


async def test_a_silent_gauge_is_one_fault_until_the_next_reading(
    alerting: AlertingHarness,
) -> None:
    await alerting.deliver(silence_of())
    await alerting.advance_time(60)
    assert await faults(alerting) == [], "others may fall silent with it"
    await alerting.advance_time(60)
    assert await faults(alerting) == [(TOWN, FaultState.RAISED)]
    await alerting.deliver(silence_of("alm-2"))
    await alerting.advance_time(120)
    assert len(await faults(alerting)) == 1, "one page per place"
    await alerting.deliver(end_of())
    await alerting.advance_time(120)
    assert len(await faults(alerting)) == 1, "one is silent still"
    await alerting.deliver(end_of("alm-2"))
    await alerting.advance_time(30)
    assert await faults(alerting) == [(TOWN, FaultState.RAISED), (TOWN, FaultState.CLEARED)]
    first, last = await alerting.published(FAULTS)
    assert (first.fault_id, first.version) == (last.fault_id, last.version - 1)
    await alerting.deliver(silence_of("alm-1", 3))
    await alerting.advance_time(120)
    assert (await alerting.published(FAULTS))[-1].fault_id != first.fault_id


async def test_a_dark_town_of_gauges_never_heard_is_one_fault(alerting: AlertingHarness) -> None:
    began_at = datetime(2026, 7, 1, 3, tzinfo=UTC)
    evidence = Evidence(metric="silence", value=900, unit="s", limit=900, event_id="exp-1")
    alarms = [
        silence_of(
            f"alm-{number}",
            evidence=evidence,
            started_at=began_at + timedelta(seconds=number),
            headline=f"{number}号站掉线：从未收到数据 ‖ gauge {number}, silent: never heard",
        )
        for number in range(30)
    ]
    await alerting.deliver_in_batches(alarms, 10)
    await alerting.advance_time(120)
    (fault,) = await alerting.published(FAULTS)
    assert (fault.unit, fault.occurred_at) == (TOWN, began_at - timedelta(seconds=900))
    assert "0号站掉线：从未收到数据、1号站掉线：从未收到数据" in fault.text
    assert "gauge 0, silent: never heard" in fault.text
    ended = [end_of(alarm.alarm_id) for alarm in alarms]
    await alerting.deliver_in_batches(ended, 10)
    await alerting.advance_time(30)
    assert await faults(alerting) == [(TOWN, FaultState.RAISED), (TOWN, FaultState.CLEARED)]


async def test_a_gauge_that_is_heard_at_once_calls_nobody(alerting: AlertingHarness) -> None:
    await alerting.deliver(silence_of(), end_of())
    await alerting.advance_time(120)
    await alerting.deliver(silence_of("alm-2"))
    await alerting.deliver(end_of("alm-2"))
    await alerting.advance_time(120)
    assert await faults(alerting) == []


async def test_several_silent_places_are_one_fault_of_their_district(
    alerting: AlertingHarness,
) -> None:
    alarms = [
        silence_of(f"alm-{town}-{number}", place=town)
        for town in OTHER_TOWNS
        for number in range(30)
    ]
    await alerting.deliver_in_batches(alarms, 120)
    await alerting.advance_time(120)
    assert await faults(alerting) == [(DISTRICT, FaultState.RAISED)]
    (fault,) = await alerting.published(FAULTS)
    assert fault.headline.startswith(f"16 处共 {len(alarms)} 个传感器失联")
    ended = [end_of(alarm.alarm_id, place=alarm.place) for alarm in alarms]
    await alerting.deliver_in_batches(ended, 120)
    await alerting.advance_time(30)
    assert (await faults(alerting))[1:] == [(DISTRICT, FaultState.CLEARED)]
    assert await alerting.value("SELECT count(*) FROM alerting.silent_sensor") == 0


async def test_a_backlog_and_a_drill_call_nobody(alerting: AlertingHarness) -> None:
    await alerting.deliver(
        silence_of(retrospective=True),
        silence_of("alm-2", status=Status.EXERCISE),
        silence_of("alm-3", condition=True),
    )
    await alerting.advance_time(120)
    assert await faults(alerting) == []
    await alerting.deliver(silence_of(version=2, transition=AlarmTransition.REVISED))
    await alerting.advance_time(120)
    assert await faults(alerting) == [(TOWN, FaultState.RAISED)], "it goes on after the backlog"


async def test_a_maintenance_window_hides_a_silent_gauge(alerting: AlertingHarness) -> None:
    now = datetime.now(UTC)
    window = SilenceRequest(
        id="slq-1",
        occurred_at=now,
        sent_at=now,
        origin_unit=TOWN,
        tier=Tier.TOWN,
        silence_id="sil-1",
        verb="create",
        kind=SilenceKind.MAINTENANCE,
        matcher=Matcher(place=VILLAGE),
        begin_at=now,
        end_at=now + timedelta(hours=1),
        officer_id="officer-1",
        post=Post.B,
        reason="换电池",
    )
    await alerting.deliver(window)
    await alerting.deliver(silence_of())
    await alerting.advance_time(600)
    assert await faults(alerting) == []
    for _ in range(2):
        await alerting.advance_time(3_600)
    assert await faults(alerting) == [(TOWN, FaultState.RAISED)]
