"""Rules over several sources on a real Postgres: loads by scope, locks by region, timers."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.alerting.core.multi_source import work_limit
from shared.contracts.alarms import AlarmEvent, AlarmTransition
from shared.contracts.alerts import AlertTransition
from shared.contracts.conditions import AllOf, Not, RuleHolds
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import Level, Position, Status, Tier
from shared.contracts.reports import ReporterRole
from shared.contracts.seasons import HourSpan
from shared.runtime.errors import Reject
from tests.component.alerting.harness import AlertingHarness, alerting_harness
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
from tests.unit.alerting.engine_harness import RULES, TIMED_RULES, histories

CLEARED, RAISED = AlarmTransition.CLEARED, AlarmTransition.RAISED


def of(rule: str, number: int = 1, version: int = 1, **changes: Any) -> AlarmEvent:
    return an_alarm(f"alm-{rule}-{number}", version, rule_id=rule, **changes)


def phone(number: int, minutes: float, **changes: Any) -> Any:
    return a_report(
        f"phone-{number}", reporter_role=ReporterRole.HOTLINE, occurred_at=at(minutes), **changes
    )


async def test_a_composite_opens_an_alert_through_the_log(alerting: AlertingHarness) -> None:
    rule = a_rule("x", all_of("a", "b"), event_type="11A01")
    [raised] = await alerting.deliver_with_followers(
        rule, of("a", condition=True), of("b", condition=True)
    )
    assert raised.transition is RAISED
    [opened] = await alerting.alert_events()
    assert (opened.transition, opened.event_type) == (AlertTransition.OPENED, "11A01")
    assert (opened.alarm_ids, opened.distinct_sources) == ((raised.alarm_id,), 1)
    [cleared] = await alerting.deliver_with_followers(
        of("a", version=2, transition=CLEARED, condition=True, occurred_at=at(9))
    )
    assert (cleared.transition, cleared.version) == (CLEARED, 2)
    assert [alert.transition for alert in await alerting.alert_events()] == ["opened", "dismissed"]
    assert await alerting.dispositions() == {
        "alm-a-1": "condition",
        "alm-b-1": "condition",
        raised.alarm_id: "opened",
    }


async def test_a_composite_of_a_composite(alerting: AlertingHarness) -> None:
    await alerting.deliver(
        a_rule("x", all_of("a", "b"), role="condition"), a_rule("z", all_of("x"))
    )
    alarms = await alerting.deliver_with_followers(of("a"), of("b", occurred_at=at(1)))
    assert [(alarm.rule_id, alarm.condition) for alarm in alarms] == [("x", True), ("z", False)]
    alarms = await alerting.deliver_with_followers(
        of("a", version=2, transition=CLEARED, occurred_at=at(3))
    )
    assert [(alarm.rule_id, alarm.transition) for alarm in alarms] == [
        ("x", CLEARED),
        ("z", CLEARED),
    ]


async def test_a_rule_that_costs_too_much_stands_alone_until_its_next_version(
    alerting: AlertingHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work_limit, "FIRST_STEPS", 100)
    monkeypatch.setattr(work_limit, "STEPS_PER_MESSAGE", 0)
    costly = sources_of(need=1.5, window_s=60, radius_m=100_000, within=Tier.DISTRICT)
    await alerting.deliver(a_rule("costly", costly), a_rule("cheap", sources_of(need=0.5)))
    spots = [Position(lat=29.0 + number / 10_000, lon=105.8) for number in range(20)]
    for number, spot in enumerate(spots):
        await alerting.deliver(phone(number, 2 * number, position=spot))
    stored = "SELECT rule_id FROM alerting.rule WHERE quarantined_at IS NOT NULL"
    assert [row["rule_id"] for row in await alerting.rows(stored)] == ["costly"]
    registry = alerting.service.platform.registry
    assert registry.get_sample_value("fenghuo_alerting_rules_quarantined") == 1
    troubles = alerting.service.platform.health.troubles()
    assert troubles == {"rules": "rules that cost too much are not evaluated: costly"}
    raised = "SELECT DISTINCT rule_id FROM alerting.episode"
    assert [row["rule_id"] for row in await alerting.rows(raised)] == ["cheap"]
    monkeypatch.setattr(work_limit, "FIRST_STEPS", 1_000_000)
    mended = costly.model_copy(update={"window_s": 3_600.0})
    await alerting.deliver(a_rule("costly", mended, version=2))
    assert await alerting.rows(stored) == []
    assert alerting.service.platform.health.troubles() == {}
    rows = await alerting.rows(f"{raised} ORDER BY 1")
    assert [row["rule_id"] for row in rows] == ["cheap", "costly"]


async def test_a_rule_with_a_cycle_is_refused(alerting: AlertingHarness) -> None:
    await alerting.deliver(a_rule("x", all_of("z", "a")))
    with pytest.raises(Reject, match="looks at itself") as refused:
        await alerting.deliver(a_rule("z", all_of("x", "a")))
    assert refused.value.reason is Reason.INVALID_RULE
    rows = await alerting.rows("SELECT rule_id FROM alerting.rule")
    assert [row["rule_id"] for row in rows] == ["x"]


async def test_a_late_definition_reads_earlier_alarms(alerting: AlertingHarness) -> None:
    await alerting.deliver(of("a"), of("b", occurred_at=at(1)), of("b", 2, place=OTHER_TOWN))
    [raised] = await alerting.deliver(a_rule("x", all_of("a", "b")))
    assert (raised.transition, raised.occurred_at, raised.place) == (RAISED, at(1), VILLAGE)
    [up] = await alerting.deliver(a_rule("x", all_of("a", "b", level=Level.RED), 2))
    assert (up.transition, up.alarm_id) == ("upgraded", raised.alarm_id)
    [ended] = await alerting.deliver(a_rule("x", all_of("a", "b"), 3, enabled=False))
    assert (ended.transition, ended.version) == (CLEARED, 3)
    assert await alerting.deliver(a_rule("x", all_of("a", "b"), 2), of("a", 2)) == []


async def test_rules_over_one_sensor_are_not_stored(alerting: AlertingHarness) -> None:
    gas = a_rule(
        "g",
        {"kind": "absence"},
        sensor_kind="gas",
        metric="gas_lel",
        unit="%LEL",
    )
    await alerting.deliver(gas)
    assert await alerting.rows("SELECT * FROM alerting.rule") == []


async def test_a_cleared_alarm_stops_to_count_by_a_timer(alerting: AlertingHarness) -> None:
    await alerting.deliver(a_rule("x", all_of("a", "b", linger_s=600)))
    await alerting.deliver(of("a"), of("b", occurred_at=at(1)))
    assert await alerting.deliver(of("a", version=2, transition=CLEARED, occurred_at=at(5))) == []
    assert await alerting.advance_time(590) == []
    [cleared] = await alerting.advance_time(20)
    assert (cleared.transition, cleared.occurred_at) == (CLEARED, at(15))
    assert await alerting.open_episodes() == set()
    assert await alerting.deliver(of("b", 2, occurred_at=at(6))) == [], "the clock has ended on"
    [row] = await alerting.rows("SELECT clock FROM alerting.region")
    assert row["clock"] == at(15)


async def test_a_level_that_no_longer_holds_ends_by_a_timer(alerting: AlertingHarness) -> None:
    await alerting.deliver(a_rule("x", all_of("a", "b", clear_for_s=600)))
    await alerting.deliver(of("a"), of("b", occurred_at=at(1)))
    assert await alerting.deliver(of("a", version=2, transition=CLEARED, occurred_at=at(5))) == []
    assert await alerting.deliver(of("c", occurred_at=at(9))) == [], "another transaction reads it"
    assert await alerting.advance_time(590) == []
    [cleared] = await alerting.advance_time(20)
    assert (cleared.transition, cleared.occurred_at) == (CLEARED, at(15))
    assert await alerting.open_episodes() == set()


async def test_hours_begin_and_end_by_a_timer(alerting: AlertingHarness) -> None:
    """T0 is 16:00 in Shanghai."""
    hours = (HourSpan(begin="16:20", end="16:30"),)
    await alerting.deliver(a_rule("x", all_of("a", "b"), hours=hours))
    assert await alerting.deliver(of("a"), of("b", occurred_at=at(1))) == []
    [raised] = await alerting.advance_time(19 * 60 + 5)
    assert (raised.transition, raised.occurred_at) == (RAISED, at(20))
    [cleared] = await alerting.advance_time(10 * 60)
    assert (cleared.transition, cleared.occurred_at) == (CLEARED, at(30))


async def test_log_and_timer_publish_equal_events(alerting: AlertingHarness, dsn: str) -> None:
    story = [
        a_rule("x", all_of("a", "b", linger_s=600)),
        of("a"),
        of("b", occurred_at=at(1)),
        of("a", version=2, transition=CLEARED, occurred_at=at(5)),
    ]
    await alerting.deliver(*story)
    [by_timer] = await alerting.advance_time(700)
    await alerting.empty()
    await alerting.deliver(*story)
    [by_log] = await alerting.deliver(of("c", occurred_at=at(60)))
    hidden = {"sent_at", "trace_id", "evidence"}
    assert by_timer.model_dump(exclude=hidden) == by_log.model_dump(exclude=hidden)
    assert await alerting.advance_time(700) == [], "the timer was cancelled"


async def test_a_corroboration_ends_a_window_after_the_last(alerting: AlertingHarness) -> None:
    await alerting.deliver(a_rule("y", sources_of()))
    [raised] = await alerting.deliver_with_followers(
        phone(1, 0), phone(1, 1), phone(2, 2), phone(3, 3)
    )
    assert (raised.evidence.value, raised.evidence.window_s) == (1.2, 1800)
    assert await alerting.deliver_with_followers(phone(4, 20)) == []
    assert await alerting.advance_time(1810) == [], "looked at again: there was one more"
    [ended] = await alerting.advance_time(1210)
    assert (ended.transition, ended.occurred_at) == (CLEARED, at(50))


async def test_a_warning_supports_the_units_in_its_areas(alerting: AlertingHarness) -> None:
    await alerting.deliver(a_rule("y", sources_of()))
    warning = a_warning(areas=(DISTRICT,))
    assert await alerting.deliver(phone(1, 1), phone(2, 2, place=OTHER_TOWN)) == []
    alarms = await alerting.deliver(warning)
    assert {alarm.place for alarm in alarms} == {TOWN, OTHER_TOWN}
    assert {alarm.evidence.value for alarm in alarms} == {1.1}
    ended = await alerting.deliver(a_warning(msg_type="Cancel", references=(warning.id,)))
    assert [alarm.transition for alarm in ended] == [CLEARED, CLEARED]
    [row] = await alerting.rows("SELECT withdrawn FROM alerting.warning")
    assert row["withdrawn"]


@pytest.mark.parametrize("msg_type", ["Cancel", "Update", "Error"])
async def test_a_follow_up_ends_a_warning_that_arrives_later(
    alerting: AlertingHarness, msg_type: str
) -> None:
    await alerting.deliver(a_rule("y", sources_of()), phone(1, 1))
    warning = a_warning()
    elsewhere: dict[str, Any] = {"areas": (OTHER_TOWN,), "references": (warning.id,)}
    await alerting.deliver(a_warning(msg_type=msg_type, **elsewhere))
    assert await alerting.deliver(warning) == []
    assert await alerting.open_episodes() == set()


@pytest.mark.parametrize("changes", [{"source": "other"}, {"status": Status.EXERCISE}])
async def test_a_strangers_or_a_drills_cancel_ends_no_warning_to_come(
    alerting: AlertingHarness, changes: dict[str, Any]
) -> None:
    await alerting.deliver(a_rule("y", sources_of()))
    await alerting.deliver(a_warning(msg_type="Cancel", references=("wrn-of-cma",), **changes))
    await alerting.deliver(a_warning(id="wrn-of-cma"))
    [raised] = await alerting.deliver(phone(1, 1))
    assert (raised.place, raised.status) == (TOWN, Status.ACTUAL)


async def test_an_update_replaces_its_reference(alerting: AlertingHarness) -> None:
    await alerting.deliver(a_rule("y", sources_of()), phone(1, 1), phone(2, 2, place=OTHER_TOWN))
    first = a_warning()
    [raised] = await alerting.deliver(first)
    second = a_warning(msg_type="Update", references=(first.id,), occurred_at=at(3))
    assert await alerting.deliver(second) == [], "the same agency warns of the same place"
    moved = a_warning(msg_type="Update", references=(second.id,), areas=(OTHER_TOWN,))
    alarms = await alerting.deliver(moved)
    assert {(alarm.transition, alarm.place) for alarm in alarms} == {
        ("raised", OTHER_TOWN),
        (CLEARED, raised.place),
    }
    await alerting.deliver(a_warning(msg_type="Cancel", references=(moved.id,)))
    assert await alerting.open_episodes() == set()


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
async def test_warnings_without_support(alerting: AlertingHarness, changes: dict[str, Any]) -> None:
    await alerting.deliver(a_rule("y", sources_of()))
    assert await alerting.deliver(phone(1, 1), a_warning(**changes)) == []


async def test_a_city_wide_warning_comes_before_the_report(alerting: AlertingHarness) -> None:
    await alerting.deliver(a_rule("y", sources_of()), a_warning(areas=(CITY,)))
    [raised] = await alerting.deliver(phone(1, 1))
    assert raised.place == TOWN
    await alerting.deliver(a_warning(msg_type="Cancel", areas=(CITY,), event_type=None))
    assert await alerting.open_episodes() == set()


async def test_a_report_from_the_future_moves_no_clock(alerting: AlertingHarness) -> None:
    await alerting.deliver(a_rule("y", sources_of(need=0.8)))
    future = phone(1, 60 * 24 * 365)
    await alerting.deliver(future, accepted_at=at(1))
    [row] = await alerting.rows("SELECT clock FROM alerting.region")
    assert row["clock"] == at(1) + timedelta(seconds=120)
    assert await alerting.deliver(phone(2, 4)) != []


async def test_two_concurrent_processes_miss_no_episode(
    alerting: AlertingHarness, dsn: str
) -> None:
    async with alerting_harness(dsn) as second:
        await alerting.deliver(a_rule("x", all_of("a", "b", scope="town")))
        for number in range(10):
            place = f"500118{100 + number}201"
            await asyncio.gather(
                alerting.deliver(of("a", number, place=place)),
                second.deliver(of("b", number, place=place)),
            )
        assert len(await alerting.open_episodes()) == 10


async def test_a_concurrent_rule_and_its_alarms_miss_no_episode(
    alerting: AlertingHarness, dsn: str
) -> None:
    async with alerting_harness(dsn) as second:
        for number in range(10):
            await asyncio.gather(
                alerting.deliver(a_rule(f"x{number}", all_of(f"a{number}"))),
                second.deliver(of(f"a{number}")),
            )
        assert len(await alerting.open_episodes()) == 10
        await asyncio.gather(
            *(
                alerting.deliver(a_rule(f"x{n}", all_of(f"a{n}"), 2, enabled=False))
                for n in range(10)
            ),
            *(second.deliver(of(f"a{n}", 2)) for n in range(10)),
        )
        assert await alerting.open_episodes() == set()


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(messages=histories((Status.ACTUAL, Status.EXERCISE)), size=st.integers(1, 4))
def test_batch_sizes_never_change_the_episodes(dsn: str, messages: list[Any], size: int) -> None:
    messages = list({message.id: message for message in messages}.values())

    async def play(most: int) -> tuple[list[str], set[Any]]:
        async with alerting_harness(dsn) as alerting:
            await alerting.deliver(*RULES, *TIMED_RULES)
            alarms = await alerting.deliver_in_batches(messages, most)
            return [alarm.id for alarm in alarms], await alerting.episode_rows()

    expected, actual = asyncio.run(play(1000)), asyncio.run(play(size))
    assert expected == actual


async def test_a_tree_with_not(alerting: AlertingHarness) -> None:
    tree = AllOf(of=(RuleHolds(rule="a"), Not(of=RuleHolds(rule="b"))))
    body = all_of("a", linger_s=600).model_copy(update={"when": tree})
    await alerting.deliver(a_rule("x", body))
    await alerting.deliver(of("b"))
    await alerting.deliver(of("a", occurred_at=at(1)))
    assert await alerting.deliver(of("b", version=2, transition=CLEARED, occurred_at=at(5))) == []
    [raised] = await alerting.advance_time(601)
    assert (raised.transition, raised.occurred_at) == (RAISED, at(5))


async def test_within_a_village_only(alerting: AlertingHarness) -> None:
    await alerting.deliver(a_rule("y", sources_of(need=0.8, within=Tier.VILLAGE)))
    assert await alerting.deliver(phone(1, 0), phone(2, 1, place="500118118202")) == []
    [raised] = await alerting.deliver(phone(3, 2))
    assert raised.place == VILLAGE
