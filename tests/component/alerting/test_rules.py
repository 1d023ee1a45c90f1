"""Rules over several sources on a real Postgres: loaded by scope, locked by region, ended by timers."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.contracts.alarms import AlarmEvent, AlarmTransition
from shared.contracts.alerts import AlertTransition
from shared.contracts.conditions import AllOf, Not, RuleHolds
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import Level, Status, Tier
from shared.contracts.reports import ReporterRole
from shared.runtime.errors import Reject
from shared.runtime.inbound_messages import InboundMessage
from tests.component.alerting.harness import Station, a_station
from tests.unit.alerting.builders import (
    CITY,
    DISTRICT,
    OTHER_TOWN,
    TOWN,
    VILLAGE,
    a_report,
    a_rule,
    a_warning,
    all_of,
    an_alarm,
    at,
    sources_of,
)
from tests.unit.alerting.judging import RULES, histories

CLEARED, RAISED = AlarmTransition.CLEARED, AlarmTransition.RAISED


def of(rule: str, number: int = 1, version: int = 1, **changes: Any) -> AlarmEvent:
    return an_alarm(f"alm-{rule}-{number}", version, rule_id=rule, **changes)


def phone(number: int, minutes: float, **changes: Any) -> Any:
    return a_report(
        f"phone-{number}", reporter_role=ReporterRole.HOTLINE, occurred_at=at(minutes), **changes
    )


async def test_a_composite_opens_an_alert_through_the_log(station: Station) -> None:
    rule = a_rule("x", all_of("a", "b"), event_type="11A01")
    [raised] = await station.loops(rule, of("a", condition=True), of("b", condition=True))
    assert raised.transition is RAISED
    [opened] = await station.alerts()
    assert (opened.transition, opened.event_type) == (AlertTransition.OPENED, "11A01")
    assert (opened.alarm_ids, opened.distinct_sources) == ((raised.alarm_id,), 1)
    [cleared] = await station.loops(
        of("a", version=2, transition=CLEARED, condition=True, occurred_at=at(9))
    )
    assert (cleared.transition, cleared.version) == (CLEARED, 2)
    assert [alert.transition for alert in await station.alerts()] == ["opened", "dismissed"]
    assert await station.dispositions() == {
        "alm-a-1": "condition",
        "alm-b-1": "condition",
        raised.alarm_id: "opened",
    }


async def test_a_composite_of_a_composite(station: Station) -> None:
    await station.takes(a_rule("x", all_of("a", "b"), role="condition"), a_rule("z", all_of("x")))
    alarms = await station.loops(of("a"), of("b", occurred_at=at(1)))
    assert [(alarm.rule_id, alarm.condition) for alarm in alarms] == [("x", True), ("z", False)]
    alarms = await station.loops(of("a", version=2, transition=CLEARED, occurred_at=at(3)))
    assert [(alarm.rule_id, alarm.transition) for alarm in alarms] == [
        ("x", CLEARED),
        ("z", CLEARED),
    ]


async def test_a_rule_that_looks_at_itself_is_refused(station: Station) -> None:
    await station.takes(a_rule("x", all_of("z", "a")))
    with pytest.raises(Reject, match="looks at itself") as refused:
        await station.takes(a_rule("z", all_of("x", "a")))
    assert refused.value.reason is Reason.INVALID_RULE
    rows = await station.rows("SELECT rule_id FROM alerting.rule")
    assert [row["rule_id"] for row in rows] == ["x"]


async def test_a_definition_that_comes_late_finds_what_is_on(station: Station) -> None:
    await station.takes(of("a"), of("b", occurred_at=at(1)), of("b", 2, place=OTHER_TOWN))
    [raised] = await station.takes(a_rule("x", all_of("a", "b")))
    assert (raised.transition, raised.occurred_at, raised.place) == (RAISED, at(1), VILLAGE)
    [up] = await station.takes(a_rule("x", all_of("a", "b", level=Level.RED), 2))
    assert (up.transition, up.alarm_id) == ("upgraded", raised.alarm_id)
    [ended] = await station.takes(a_rule("x", all_of("a", "b"), 3, enabled=False))
    assert (ended.transition, ended.version) == (CLEARED, 3)
    assert await station.takes(a_rule("x", all_of("a", "b"), 2), of("a", 2)) == []


async def test_rules_over_one_sensor_are_not_kept(station: Station) -> None:
    gas = a_rule(
        "g",
        {"kind": "absence"},
        sensor_kind="gas",
        metric="gas_lel",
        unit="%LEL",
    )
    await station.takes(gas)
    assert await station.rows("SELECT * FROM alerting.rule") == []


async def test_what_lingers_ends_by_a_timer_when_nobody_speaks(station: Station) -> None:
    await station.takes(a_rule("x", all_of("a", "b", linger_s=600)))
    await station.takes(of("a"), of("b", occurred_at=at(1)))
    assert await station.takes(of("a", version=2, transition=CLEARED, occurred_at=at(5))) == []
    assert await station.sweeps(590) == []
    [cleared] = await station.sweeps(20)
    assert (cleared.transition, cleared.occurred_at) == (CLEARED, at(15))
    assert await station.open() == set()
    assert await station.takes(of("b", 2, occurred_at=at(6))) == [], "the clock has gone on"
    [row] = await station.rows("SELECT clock FROM alerting.region")
    assert row["clock"] == at(15)


async def test_the_log_and_the_timer_tell_the_same(station: Station, dsn: str) -> None:
    story = [
        a_rule("x", all_of("a", "b", linger_s=600)),
        of("a"),
        of("b", occurred_at=at(1)),
        of("a", version=2, transition=CLEARED, occurred_at=at(5)),
    ]
    await station.takes(*story)
    [by_timer] = await station.sweeps(700)
    await station.empty()
    await station.takes(*story)
    [by_log] = await station.takes(of("c", occurred_at=at(60)))
    hidden = {"sent_at", "trace_id", "evidence"}
    assert by_timer.model_dump(exclude=hidden) == by_log.model_dump(exclude=hidden)
    assert await station.sweeps(700) == [], "the timer was cancelled"


async def test_a_corroboration_ends_a_window_after_the_last(station: Station) -> None:
    await station.takes(a_rule("y", sources_of()))
    [raised] = await station.loops(phone(1, 0), phone(1, 1), phone(2, 2), phone(3, 3))
    assert (raised.evidence.value, raised.evidence.window_s) == (1.2, 1800)
    assert await station.loops(phone(4, 20)) == []
    assert await station.sweeps(1810) == [], "looked at again: there was one more"
    [ended] = await station.sweeps(1210)
    assert (ended.transition, ended.occurred_at) == (CLEARED, at(50))


async def test_a_warning_supports_what_lies_in_its_areas(station: Station) -> None:
    await station.takes(a_rule("y", sources_of()))
    warning = a_warning(areas=(DISTRICT,))
    assert await station.takes(phone(1, 1), phone(2, 2, place=OTHER_TOWN)) == []
    alarms = await station.takes(warning)
    assert {alarm.place for alarm in alarms} == {TOWN, OTHER_TOWN}
    assert {alarm.evidence.value for alarm in alarms} == {1.1}
    gone = await station.takes(a_warning(msg_type="Cancel", references=(warning.id,)))
    assert [alarm.transition for alarm in gone] == [CLEARED, CLEARED]
    [row] = await station.rows("SELECT withdrawn FROM alerting.warning")
    assert row["withdrawn"]


@pytest.mark.parametrize("msg_type", ["Cancel", "Update", "Error"])
async def test_what_follows_a_warning_ends_it_though_it_came_first(
    station: Station, msg_type: str
) -> None:
    await station.takes(a_rule("y", sources_of()), phone(1, 1))
    warning = a_warning()
    elsewhere: dict[str, Any] = {"areas": (OTHER_TOWN,), "references": (warning.id,)}
    await station.takes(a_warning(msg_type=msg_type, **elsewhere))
    assert await station.takes(warning) == []
    assert await station.open() == set()


@pytest.mark.parametrize("other", [{"source": "other"}, {"status": Status.EXERCISE}])
async def test_a_strangers_or_a_drills_cancel_ends_no_warning_to_come(
    station: Station, other: dict[str, Any]
) -> None:
    await station.takes(a_rule("y", sources_of()))
    await station.takes(a_warning(msg_type="Cancel", references=("wrn-of-cma",), **other))
    await station.takes(a_warning(id="wrn-of-cma"))
    [raised] = await station.takes(phone(1, 1))
    assert (raised.place, raised.status) == (TOWN, Status.ACTUAL)


async def test_an_update_takes_the_place_of_what_it_follows(station: Station) -> None:
    await station.takes(a_rule("y", sources_of()), phone(1, 1), phone(2, 2, place=OTHER_TOWN))
    first = a_warning()
    [raised] = await station.takes(first)
    second = a_warning(msg_type="Update", references=(first.id,), occurred_at=at(3))
    assert await station.takes(second) == [], "the same agency warns of the same place"
    moved = a_warning(msg_type="Update", references=(second.id,), areas=(OTHER_TOWN,))
    alarms = await station.takes(moved)
    assert {(alarm.transition, alarm.place) for alarm in alarms} == {
        ("raised", OTHER_TOWN),
        (CLEARED, raised.place),
    }
    await station.takes(a_warning(msg_type="Cancel", references=(moved.id,)))
    assert await station.open() == set()


@pytest.mark.parametrize(
    "changes",
    [
        {"status": Status.EXERCISE},
        {"msg_type": "Ack"},
        {"event_type": "11A01"},
        {"event_type": None},
        {"areas": ("500117000000",)},
    ],
)
async def test_warnings_that_support_nothing(station: Station, changes: dict[str, Any]) -> None:
    await station.takes(a_rule("y", sources_of()))
    assert await station.takes(phone(1, 1), a_warning(**changes)) == []


async def test_a_city_wide_warning_comes_before_the_report(station: Station) -> None:
    await station.takes(a_rule("y", sources_of()), a_warning(areas=(CITY,)))
    [raised] = await station.takes(phone(1, 1))
    assert raised.place == TOWN
    await station.takes(a_warning(msg_type="Cancel", areas=(CITY,), event_type=None))
    assert await station.open() == set()


async def test_a_report_from_the_future_moves_no_clock(station: Station) -> None:
    await station.takes(a_rule("y", sources_of(need=0.8)))
    future = phone(1, 60 * 24 * 365)
    async with station.database.transaction() as work:
        accepted = int(at(1).timestamp() * 1000)
        await station.alerting.apply(work, [InboundMessage(future, "-", 0, 1, accepted)])
    [row] = await station.rows("SELECT clock FROM alerting.region")
    assert row["clock"] == at(1) + timedelta(seconds=120)
    assert await station.takes(phone(2, 4)) != []


async def test_two_processes_at_once_miss_nothing(station: Station, dsn: str) -> None:
    async with a_station(dsn) as other_station:
        await station.takes(a_rule("x", all_of("a", "b", scope="town")))
        for number in range(10):
            place = f"500118{100 + number}201"
            await asyncio.gather(
                station.takes(of("a", number, place=place)),
                other_station.takes(of("b", number, place=place)),
            )
        assert len(await station.open()) == 10


async def test_a_rule_and_its_alarms_at_once_miss_nothing(station: Station, dsn: str) -> None:
    async with a_station(dsn) as other_station:
        for number in range(10):
            await asyncio.gather(
                station.takes(a_rule(f"x{number}", all_of(f"a{number}"))),
                other_station.takes(of(f"a{number}")),
            )
        assert len(await station.open()) == 10
        await asyncio.gather(
            *(station.takes(a_rule(f"x{n}", all_of(f"a{n}"), 2, enabled=False)) for n in range(10)),
            *(other_station.takes(of(f"a{n}", 2)) for n in range(10)),
        )
        assert await station.open() == set()


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(messages=histories((Status.ACTUAL, Status.EXERCISE)), size=st.integers(1, 4))
def test_batches_never_change_what_follows(dsn: str, messages: list[Any], size: int) -> None:
    messages = list({message.id: message for message in messages}.values())

    async def play(most: int) -> tuple[list[str], set[Any]]:
        async with a_station(dsn) as station:
            await station.takes(*RULES)
            alarms = await station.in_batches(messages, most)
            return [alarm.id for alarm in alarms], await station.episodes()

    whole, split = asyncio.run(play(1000)), asyncio.run(play(size))
    assert whole == split


async def test_a_tree_with_not(station: Station) -> None:
    tree = AllOf(of=(RuleHolds(rule="a"), Not(of=RuleHolds(rule="b"))))
    body = all_of("a", linger_s=600).model_copy(update={"when": tree})
    await station.takes(a_rule("x", body))
    await station.takes(of("b"))
    await station.takes(of("a", occurred_at=at(1)))
    assert await station.takes(of("b", version=2, transition=CLEARED, occurred_at=at(5))) == []
    [raised] = await station.sweeps(601)
    assert (raised.transition, raised.occurred_at) == (RAISED, at(5))


async def test_within_a_village_only(station: Station) -> None:
    await station.takes(a_rule("y", sources_of(need=0.8, within=Tier.VILLAGE)))
    assert await station.takes(phone(1, 0), phone(2, 1, place="500118118202")) == []
    [raised] = await station.takes(phone(3, 2))
    assert raised.place == VILLAGE
