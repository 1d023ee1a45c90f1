"""A red alarm that goes before its turn: what was to come before it is still judged as if it had."""

from __future__ import annotations

from typing import Any

import pytest

from services.alerting.app import FIRST
from shared.contracts.alarms import AlarmEvent, AlarmTransition
from shared.contracts.alerts import DecisionVerb
from shared.contracts.fields import Level, Status
from shared.runtime.outbound_records import encode
from tests.component.alerting.harness import Station
from tests.unit.alerting.builders import a_decision, a_report, a_rule, all_of, an_alarm, at

pytestmark = pytest.mark.e2e

CLEARED = AlarmTransition.CLEARED


def of(rule: str, version: int = 1, **changes: Any) -> AlarmEvent:
    return an_alarm(f"alm-{rule}", version, **{"rule_id": rule, "condition": True, **changes})


async def test_it_does_not_move_the_clock_past_those_it_has_overtaken(station: Station) -> None:
    """`a` still lingers when `b` comes; a red alarm of half an hour later is judged before that."""
    red = an_alarm("alm-red", level=Level.RED, event_type="12:red", occurred_at=at(30))
    await station.takes(a_rule("x", all_of("a", "b", linger_s=600)))
    await station.takes(of("a"), of("a", 2, transition=CLEARED, occurred_at=at(1)))
    await station.takes(red, early=True)
    assert [alert.proposed_level for alert in await station.alerts()] == [Level.RED]
    [raised] = await station.takes(of("b", occurred_at=at(5)))
    assert (raised.rule_id, raised.transition) == ("x", AlarmTransition.RAISED)
    [ended] = await station.takes(of("c", occurred_at=at(31)))
    assert (ended.transition, ended.occurred_at) == (CLEARED, at(11))


async def test_it_is_judged_by_rules_over_several_sources_itself(station: Station) -> None:
    await station.takes(a_rule("x", all_of("a", "b")))
    await station.takes(of("a"))
    [raised] = await station.takes(of("b", level=Level.RED, occurred_at=at(30)), early=True)
    assert (raised.rule_id, raised.occurred_at) == ("x", at(30))


def test_red_and_recalls_go_first_and_nothing_that_is_practice() -> None:
    red = an_alarm(level=Level.RED)
    recall = a_decision("alt-1", DecisionVerb.RECALL, Level.RED)
    practised = {"status": Status.EXERCISE}
    for one in red, recall:
        assert FIRST.applies(one)
        assert any(mark in encode(one) for mark in FIRST.markers)
    envelopes = [
        an_alarm(level=Level.ORANGE),
        an_alarm(version=2, transition=CLEARED, level=Level.RED),
        red.model_copy(update=practised),
        recall.model_copy(update=practised),
        a_decision("alt-1", DecisionVerb.APPROVE, Level.RED),
        a_report(),
    ]
    assert not any(map(FIRST.applies, envelopes))
