"""Acts that Kafka accepted in time while the services were down are in time, whatever was due
first."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.local.stack import Stack
from shared.contracts.alerts import AlertState, DecisionVerb
from shared.contracts.authority import AUTHORITY
from shared.contracts.fields import Level
from shared.contracts.pages import Answer, AnswerVerb
from shared.contracts.supervision import SupervisionKind
from shared.contracts.topics import (
    ACKNOWLEDGEMENTS,
    ALARMS,
    ALERT_DECISIONS,
    ALERTS,
    PAGE_ANSWERS,
    SUPERVISION,
    TopicSpec,
)
from shared.contracts.units import tier_of
from shared.runtime.outbound_records import encode
from tests.component.command.harness import VILLAGE, a_step
from tests.e2e.test_timers_survive import fetch, issued, passed
from tests.support.kafka import produce, read_all
from tests.support.waiting import PATIENCE_S
from tests.unit.alerting.builders import TOWN, a_decision, an_alarm

pytestmark = [pytest.mark.e2e, pytest.mark.real_kafka]

SERVICES = ("command", "alerting", "notify")
DUE_IN = timedelta(seconds=2)
"""Deadlines lie so long after the acts, and before the services start again."""
EXTENDED, FORGOTTEN = "alm-extended", "alm-forgotten"
ANSWERING = f"{VILLAGE[:9]}201"
"""The unit that answers its page; it does not sign, as VILLAGE, which does nothing at all."""


async def send(stack: Stack, spec: TopicSpec, messages: Sequence[Any]) -> None:
    records = [(getattr(message, spec.key), encode(message), None) for message in messages]
    await produce(stack.kafka_bootstrap, spec.name, records)


async def rows(stack: Stack, query: str, *values: Any) -> list[Any]:
    """Return the rows of a query, as soon as there are some."""
    async with asyncio.timeout(PATIENCE_S):
        while not (result := await fetch(stack, query, *values)):
            await asyncio.sleep(0.2)
    return result


async def issued_alerts(stack: Stack) -> dict[str, str]:
    """Issue an alert of each of two alarms; return the alert ids by alarm."""
    event_types = {EXTENDED: "12:gas_leak", FORGOTTEN: "11A01"}
    await send(
        stack,
        ALARMS,
        [
            an_alarm(name, place=VILLAGE, origin_unit=VILLAGE, event_type=event_type)
            for name, event_type in event_types.items()
        ],
    )
    query = "SELECT alert_id, approver_unit FROM alerting.alert WHERE event_type = $1"
    alerts: dict[str, str] = {}
    for name, event_type in event_types.items():
        ((alert_id, gate),) = await rows(stack, query, event_type)
        alerts[name] = alert_id
        decisions = [
            a_decision(alert_id, DecisionVerb.VERIFY, Level.YELLOW, TOWN),
            a_decision(alert_id, DecisionVerb.ASSESS, Level.YELLOW, gate),
            *approvals(alert_id, gate),
        ]
        await send(stack, ALERT_DECISIONS, decisions)
    for alert_id in alerts.values():
        await rows(
            stack,
            f"{query[: query.index('WHERE')]} WHERE alert_id = $1 AND state = 'issued'",
            alert_id,
        )
    return alerts


async def the_call(stack: Stack, unit: str) -> Any:
    """Return the open escalation about a unit's assignment, and a page of its present call."""
    query = (
        "SELECT e.escalation_id, e.step, p.page_id, p.officer_id "
        "FROM notify.escalation AS e JOIN notify.page AS p USING (escalation_id, officer_id) "
        "WHERE e.subject_kind = 'assignment' AND e.place = $1 AND e.state = 'open' "
        "AND p.channel = 'console'"
    )
    return (await rows(stack, query, unit))[0]


def approvals(alert_id: str, gate: str) -> list[Any]:
    return [
        a_decision(alert_id, DecisionVerb.APPROVE, Level.YELLOW, gate, f"signer-{number}")
        for number in range(AUTHORITY[Level.YELLOW].approvals)
    ]


async def due_at(stack: Stack, moment: datetime, updates: Mapping[str, Any]) -> None:
    """Let deadlines end at a moment."""
    for statement, subjects in updates.items():
        await fetch(stack, statement, moment, subjects)


@pytest.mark.timeout(600)
async def test_who_acted_in_time_while_we_were_away_is_in_time(tmp_path: Path) -> None:
    async with Stack(tmp_path, services=SERVICES) as stack:
        await issued(stack)
        alerts = await issued_alerts(stack)
        answered, silent = [await the_call(stack, unit) for unit in (ANSWERING, VILLAGE)]
        units = [row["unit"] for row in await fetch(stack, "SELECT unit FROM command.assignment")]
        signers = [unit for unit in units if unit not in (VILLAGE, ANSWERING)]
        assert len(signers) > 10

        await asyncio.gather(*(stack.stop(name) for name in SERVICES))
        (now,) = (await fetch(stack, "SELECT clock_timestamp()"))[0]
        until = (now + timedelta(hours=30)).replace(microsecond=0)
        await send(stack, ACKNOWLEDGEMENTS, [a_step("cmd-1", unit) for unit in signers])
        (gate,) = (
            await fetch(
                stack,
                "SELECT approver_unit FROM alerting.alert WHERE alert_id = $1",
                alerts[EXTENDED],
            )
        )[0]
        extension = a_decision(
            alerts[EXTENDED], DecisionVerb.ADJUST, Level.YELLOW, TOWN, valid_until=until
        )
        await send(stack, ALERT_DECISIONS, [extension, *approvals(alerts[EXTENDED], gate)])
        await send(
            stack,
            PAGE_ANSWERS,
            [
                Answer(
                    id="ans-in-time", occurred_at=now, sent_at=now, origin_unit=TOWN,
                    tier=tier_of(TOWN), page_id=answered["page_id"],
                    officer_id=answered["officer_id"], verb=AnswerVerb.COMING,
                )
            ],
        )  # fmt: skip
        ((now, sign_by),) = await fetch(
            stack, "SELECT clock_timestamp(), min(sign_by) FROM command.assignment"
        )
        due = now + DUE_IN
        await passed(stack, (sign_by - due).total_seconds())
        await due_at(
            stack,
            due,
            {
                "UPDATE alerting.alert SET expires_at = $1 WHERE alert_id = ANY($2)": list(
                    alerts.values()
                ),
                "UPDATE alerting.timer SET due_at = $1 WHERE kind = 'validity' "
                "AND subject_id = ANY($2)": list(alerts.values()),
                "UPDATE notify.escalation SET due_at = $1 WHERE escalation_id = ANY($2)": [
                    row["escalation_id"] for row in (answered, silent)
                ],
                "UPDATE notify.timer SET due_at = $1 WHERE kind = 'answer' "
                "AND subject_id = ANY($2)": [row["escalation_id"] for row in (answered, silent)],
            },
        )
        while datetime.now(UTC) < due + timedelta(seconds=1.5):
            await asyncio.sleep(0.1)
        await asyncio.gather(*(stack.start(name) for name in SERVICES))
        await stack.wait_ready()

        # Those who did not sign are late, and everything accepted before is handled by then.
        for unit in (VILLAGE, ANSWERING):
            query = "SELECT 1 FROM command.assignment WHERE unit = $1 AND sign_overdue"
            await rows(stack, query, unit)
        await rows(
            stack,
            "SELECT 1 FROM alerting.alert WHERE alert_id = $1 AND state = 'expired'",
            alerts[FORGOTTEN],
        )
        await rows(
            stack,
            "SELECT 1 FROM notify.escalation WHERE escalation_id = $1 AND step > $2",
            silent["escalation_id"],
            silent["step"],
        )
        assignments = await fetch(
            stack, "SELECT unit, state, late, signed_at, sign_by FROM command.assignment"
        )
        supervised = [
            SUPERVISION.model.validate_json(record.value)
            for record in await read_all(stack.kafka_bootstrap, SUPERVISION)
        ]
        events = [
            ALERTS.model.validate_json(record.value)
            for record in await read_all(stack.kafka_bootstrap, ALERTS)
        ]
        ((state, expires_at),) = await fetch(
            stack,
            "SELECT state, expires_at FROM alerting.alert WHERE alert_id = $1",
            alerts[EXTENDED],
        )
        ((answer_state, answer_step),) = await fetch(
            stack,
            "SELECT state, step FROM notify.escalation WHERE escalation_id = $1",
            answered["escalation_id"],
        )

    assert {row["unit"] for row in assignments if row["state"] == "signed"} == set(signers)
    for row in assignments:
        if row["unit"] in signers:
            assert row["signed_at"] < row["sign_by"]
            assert not row["late"], row["unit"]
    overdue = [event for event in supervised if event.kind is not SupervisionKind.DUE_SOON]
    assert {event.unit for event in overdue} == {VILLAGE, ANSWERING}
    assert (state, expires_at) == ("issued", until)
    expired = {event.alert_id for event in events if event.state is AlertState.EXPIRED}
    assert expired == {alerts[FORGOTTEN]}
    assert (answer_state, answer_step) == ("answered", answered["step"])
