"""Alerting as a process on a real Kafka: what its rules find goes out, comes back, and is an alert
once.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from deploy.local.paths import temporary_root
from deploy.local.stack import Stack
from shared.contracts.topics import ALARMS, ALERTS, REPORTS, RULES, WARNINGS, TopicSpec
from shared.runtime.outbound_records import encode
from tests.support.kafka import produce, read_all
from tests.support.waiting import PATIENCE_S
from tests.unit.alerting.builders import a_report, a_rule, a_warning, all_of, an_alarm, sources_of

pytestmark = pytest.mark.e2e


async def test_rules_over_several_sources_through_the_log() -> None:
    stack = Stack(root=temporary_root("alerting"), services=("alerting",))
    try:
        await stack.up()

        async def say(spec: TopicSpec, key: str, message: Any) -> None:
            await produce(stack.kafka_bootstrap, spec.name, [(key, encode(message), None)])

        async def records_of(spec: TopicSpec, number: int) -> list[Any]:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    records = await read_all(stack.kafka_bootstrap, spec)
                    if len(records) >= number:
                        return [spec.model.validate_json(record.value) for record in records]
                    await asyncio.sleep(0.2)

        await say(RULES, "x", a_rule("x", all_of("a", "b"), event_type="11A01"))
        await say(RULES, "y", a_rule("y", sources_of(need=1.3), event_type="12:gas_leak"))
        conditions: dict[str, Any] = {"condition": True, "event_type": "11B01"}
        await say(ALARMS, "alm-1", an_alarm("alm-1", rule_id="a", **conditions))
        await say(ALARMS, "alm-2", an_alarm("alm-2", rule_id="b", **conditions))
        report, warning = a_report(), a_warning()
        await say(REPORTS, report.incident_id, report)
        await say(WARNINGS, warning.source_id, warning)
        alarms = await records_of(ALARMS, 4)
        assert {alarm.rule_id for alarm in alarms if alarm.sensor_id is None} == {"x", "y"}
        alerts = await records_of(ALERTS, 3)
        opened = [alert for alert in alerts if alert.transition == "opened"]
        assert {event.event_type for event in opened} == {"11A01", "12:gas_leak"}
        assert len(opened) == 2
        for spec in (RULES, ALARMS, REPORTS, WARNINGS):
            assert await read_all(stack.kafka_bootstrap, spec, dead=True) == []
    finally:
        await stack.down()
        stack.discard()
