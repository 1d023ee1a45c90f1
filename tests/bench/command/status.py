"""A status change while ten thousand alerts are open: an officer verifies one of them.

On a real Postgres with the alerting service's own consumer: from the decision in hand to its
transaction's commit, the alert's record in the outbox included.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median, quantiles
from typing import Any

from shared.contracts.alarms import AlarmEvent, AlarmTransition, Evidence
from shared.contracts.alerts import AlertDecision, DecisionVerb
from shared.contracts.fields import Level, Post, Tier
from shared.contracts.ids import alarm_id, transition_id
from shared.contracts.units import tier_of
from tests.bench.command.service import EVENT_TIME
from tests.bench.command.units import city
from tests.component.alerting.harness import alerting_harness

_CHANGES = 200
_BATCH = 500


async def status_change(dsn: str, count: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Milliseconds of single decisions, one transaction each, with `count` alerts open."""
    towns = [unit_entry.unit for unit_entry in city() if unit_entry.tier is Tier.TOWN]
    alarms = [_alarm(towns[n % len(towns)], n // len(towns)) for n in range(count)]
    async with alerting_harness(dsn) as alerting:
        for at in range(0, count, _BATCH):
            await alerting.deliver(*alarms[at : at + _BATCH])
        await alerting.rows("ANALYZE")
        opened = await alerting.rows("SELECT alert_id, place FROM alerting.alert")
        if len(opened) != count:
            raise RuntimeError(f"{len(opened)} alerts are open, not {count}")
        changes_ms = []
        for row in opened[:: count // _CHANGES][:_CHANGES]:
            decision = _verify(row["alert_id"], row["place"])
            began = time.perf_counter()
            await alerting.deliver(decision)
            changes_ms.append((time.perf_counter() - began) * 1e3)
        changed = await alerting.rows(
            "SELECT count(*) FROM alerting.alert WHERE verified_by IS NOT NULL"
        )
    if changed[0][0] != len(changes_ms):
        raise RuntimeError(f"{changed[0][0]} of {len(changes_ms)} alerts were verified")
    say(f"status change with {count:,} open alerts: {median(changes_ms):.1f} ms")
    return {
        "open_alerts": count,
        "changes": len(changes_ms),
        "p50_ms": median(changes_ms),
        "p99_ms": quantiles(changes_ms, n=100)[98],
    }


def _alarm(town: str, kind: int) -> AlarmEvent:
    name = alarm_id("bench.level", f"{town}-{kind}", "reading-1")
    return AlarmEvent(
        id=transition_id(name, 1),
        occurred_at=EVENT_TIME,
        sent_at=EVENT_TIME,
        origin_unit=town,
        tier=tier_of(town),
        alarm_id=name,
        version=1,
        transition=AlarmTransition.RAISED,
        rule_id="bench.level",
        rule_version=1,
        kind="threshold",
        sensor_id=f"sensor-{town}-{kind}",
        place=town,
        event_type=f"12:bench_{kind}",
        level=Level.YELLOW,
        score=50,
        evidence=Evidence(metric="gas", value=30.0, unit="%LEL", limit=25.0, event_id="reading-1"),
        headline="燃气浓度超限",
    )


def _verify(alert: str, place: str) -> AlertDecision:
    return AlertDecision(
        id=f"decision-{alert}",
        occurred_at=EVENT_TIME,
        sent_at=EVENT_TIME,
        origin_unit=place,
        tier=tier_of(place),
        alert_id=alert,
        verb=DecisionVerb.VERIFY,
        level=Level.YELLOW,
        officer_id="officer-1",
        post=Post.B,
        reason="现场核实",
    )
