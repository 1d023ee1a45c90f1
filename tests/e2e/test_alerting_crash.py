"""kill -9 of alerting between its own rule events, on a real Kafka and Postgres.

Boolean trees, corroboration and holds behind a higher alarm: after a kill at any moment the open
alarms are those of the conditions, no event is repeated with another body, and no version is
missing.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.local.stack import Stack
from shared.contracts.alarms import AlarmEvent, AlarmTransition
from shared.contracts.fields import Contract, Tier
from shared.contracts.topics import ALARMS, ALERTS, REPORTS, RULES, TopicSpec
from shared.runtime.inbound_messages import body_digest
from shared.runtime.outbound_records import encode
from tests.support.kafka import Message, produce, read_all
from tests.support.waiting import PATIENCE_S
from tests.unit.alerting.builders import a_report, a_rule, all_of, an_alarm, at, sources_of

pytestmark = [pytest.mark.e2e, pytest.mark.real_kafka]

VILLAGES = [f"5001181182{number:02d}" for number in range(1, 13)]
WITH_HIGHER = VILLAGES[::2]
"""Where an alarm waits behind a higher one of its site."""
ROUNDS = 6
WAIT_S = PATIENCE_S


def condition(rule: str, village: str, version: int, *, on: bool) -> AlarmEvent:
    name = f"alm-{rule}-{village}"
    transition = AlarmTransition.RAISED if on else AlarmTransition.CLEARED
    minutes = version + (0.5 if rule == "b" else 0)
    return an_alarm(
        name, version, transition, rule_id=rule, place=village, origin_unit=village,
        condition=True, event_type="11B01", occurred_at=at(minutes),
    )  # fmt: skip


def alarms_of(village: str) -> list[AlarmEvent]:
    """Return an alarm for corroboration by a report, and one that may wait for a higher alarm."""
    place: dict[str, Any] = {"place": village, "origin_unit": village}
    site = {**place, "site": f"plant-{village}"}
    low = an_alarm(
        f"alm-low-{village}", rule_id="low", inhibited_by=("high",), event_type="11C01", **site
    )
    high = an_alarm(f"alm-high-{village}", rule_id="high", event_type="11C02", **site)
    leak = an_alarm(f"alm-leak-{village}", **place)
    return [low, leak, *([high] if village in WITH_HIGHER else [])]


def keyed(message: AlarmEvent) -> Message:
    return message.alarm_id, encode(message), None


async def until(check: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not await check():
            await asyncio.sleep(0.3)


async def read(stack: Stack, spec: TopicSpec) -> list[Any]:
    records = await read_all(stack.kafka_bootstrap, spec)
    return [spec.model.validate_json(record.value) for record in records]


async def findings(stack: Stack) -> dict[str, dict[str, bool]]:
    """Return per composite rule and village whether its alarm is open; checks the events too."""
    bodies: dict[str, bytes] = {}
    versions: dict[str, int] = defaultdict(int)
    newest: dict[str, dict[str, AlarmEvent]] = defaultdict(dict)
    for event in await read(stack, ALARMS):
        if event.sensor_id is not None:
            continue
        digest = body_digest(event.to_wire())
        assert bodies.setdefault(event.id, digest) == digest, "one id, two bodies"
        assert event.version <= versions[event.alarm_id] + 1, "a version is missing"
        versions[event.alarm_id] = max(versions[event.alarm_id], event.version)
        existing_alarm = newest[event.rule_id].setdefault(event.place, event)
        if (event.occurred_at, event.version) >= (
            existing_alarm.occurred_at,
            existing_alarm.version,
        ):
            newest[event.rule_id][event.place] = event
    return {
        rule: {
            place: alarm.transition is not AlarmTransition.CLEARED
            for place, alarm in places.items()
        }
        for rule, places in newest.items()
    }


async def in_alerts(stack: Stack) -> dict[str, set[str]]:
    """The alerts that each alarm is in."""
    results: dict[str, set[str]] = defaultdict(set)
    for alert in await read(stack, ALERTS):
        for alarm in alert.alarm_ids:
            results[alarm].add(alert.alert_id)
    return results


@pytest.mark.timeout(1_200)
async def test_kill_nine_between_rule_events(tmp_path: Path) -> None:
    chance = random.Random(11)
    async with Stack(tmp_path, services=("alerting",)) as stack:
        rules: list[tuple[str, Contract]] = [
            ("x", a_rule("x", all_of("a", "b"), event_type="11A01")),
            ("y", a_rule("y", sources_of(need=1.3, within=Tier.VILLAGE))),
        ]
        await produce(stack.kafka_bootstrap, RULES.name, [(k, encode(v), None) for k, v in rules])
        await asyncio.sleep(1)
        expected: dict[str, bool] = {}
        for turn in range(1, ROUNDS + 1):
            alarms: list[AlarmEvent] = []
            for village in VILLAGES:
                sides = [chance.random() < 0.6 for _ in "ab"]
                if turn == 1:
                    sides = [True, True]  # every tree holds once
                expected[village] = all(sides)
                alarms += [
                    condition(r, village, turn, on=on) for r, on in zip("ab", sides, strict=True)
                ]
                if turn == ROUNDS // 2:
                    alarms += alarms_of(village)
            chance.shuffle(alarms)
            await produce(stack.kafka_bootstrap, ALARMS.name, [keyed(alarm) for alarm in alarms])
            if turn == ROUNDS // 2:
                reports = [a_report(place=VILLAGE, origin_unit=VILLAGE) for VILLAGE in VILLAGES]
                await produce(
                    stack.kafka_bootstrap,
                    REPORTS.name,
                    [(report.incident_id, encode(report), None) for report in reports],
                )
            if turn % 2:  # the last rounds' holds have not ended yet
                await asyncio.sleep(chance.uniform(0, 0.4))
                await stack.kill("alerting")
                await asyncio.sleep(0.3)
                await stack.wait_ready()

        async def settled() -> bool:
            result, alerts = await findings(stack), await in_alerts(stack)
            return (
                result.get("x") == expected
                and all(result.get("y", {}).get(VILLAGE) for VILLAGE in VILLAGES)
                and all(
                    f"alm-low-{VILLAGE}" in alerts
                    for VILLAGE in VILLAGES
                    if VILLAGE not in WITH_HIGHER
                )
            )

        await until(settled)
        await asyncio.sleep(3)
        assert (await findings(stack))["x"] == expected
        alerts = await in_alerts(stack)
        for village in VILLAGES:
            assert len(alerts[f"alm-low-{village}"]) == (village not in WITH_HIGHER)
            assert len(alerts[f"alm-leak-{village}"]) == 1
        for spec in (RULES, ALARMS, REPORTS):
            assert await read_all(stack.kafka_bootstrap, spec, dead=True) == []
