"""An urgent red alarm: the records that it has overtaken are evaluated as if it had not."""

from __future__ import annotations

from typing import Any

import pytest

from services.alerting.app import URGENT
from shared.contracts.alarms import AlarmEvent, AlarmTransition
from shared.contracts.alerts import DecisionVerb
from shared.contracts.fields import Level, Status
from shared.runtime.outbound_records import encode
from tests.component.alerting.harness import AlertingHarness
from tests.unit.alerting.builders import a_decision, a_report, a_rule, all_of, an_alarm, at

pytestmark = pytest.mark.e2e

CLEARED = AlarmTransition.CLEARED


def of(rule: str, version: int = 1, **changes: Any) -> AlarmEvent:
    return an_alarm(f"alm-{rule}", version, **{"rule_id": rule, "condition": True, **changes})


async def test_an_urgent_alarm_does_not_move_the_clock_past_overtaken_records(
    alerting: AlertingHarness,
) -> None:
    """The alarm `a` counts when `b` comes; a red alarm of later event time is handled before."""
    red = an_alarm("alm-red", level=Level.RED, event_type="12:red", occurred_at=at(30))
    await alerting.deliver(a_rule("x", all_of("a", "b", linger_s=600)))
    await alerting.deliver(of("a"), of("a", 2, transition=CLEARED, occurred_at=at(1)))
    await alerting.deliver(red, early=True)
    assert [alert.proposed_level for alert in await alerting.alert_events()] == [Level.RED]
    [raised] = await alerting.deliver(of("b", occurred_at=at(5)))
    assert (raised.rule_id, raised.transition) == ("x", AlarmTransition.RAISED)
    [ended] = await alerting.deliver(of("c", occurred_at=at(31)))
    assert (ended.transition, ended.occurred_at) == (CLEARED, at(11))


async def test_rules_over_several_sources_read_an_urgent_alarm(alerting: AlertingHarness) -> None:
    await alerting.deliver(a_rule("x", all_of("a", "b")))
    await alerting.deliver(of("a"))
    [raised] = await alerting.deliver(of("b", level=Level.RED, occurred_at=at(30)), early=True)
    assert (raised.rule_id, raised.occurred_at) == ("x", at(30))


def test_red_alarms_and_recalls_are_urgent_except_in_drills() -> None:
    red = an_alarm(level=Level.RED)
    recall = a_decision("alt-1", DecisionVerb.RECALL, Level.RED)
    practised = {"status": Status.EXERCISE}
    for message in red, recall:
        assert URGENT.applies(message)
        assert any(mark in encode(message) for mark in URGENT.markers)
    envelopes = [
        an_alarm(level=Level.ORANGE),
        an_alarm(version=2, transition=CLEARED, level=Level.RED),
        red.model_copy(update=practised),
        recall.model_copy(update=practised),
        a_decision("alt-1", DecisionVerb.APPROVE, Level.RED),
        a_report(),
    ]
    assert not any(map(URGENT.applies, envelopes))
