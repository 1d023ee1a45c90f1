"""A drill beside a real event leaves the real world equal to the last byte."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from shared.contracts.alarms import AlarmTransition
from shared.contracts.alerts import DecisionVerb
from shared.contracts.fields import Level, Status
from shared.contracts.topics import (
    ALERTS,
    ASSIGNMENTS,
    COMMANDS,
    NOTICES,
    PAGES,
    REPORTS,
    SUPERVISION,
)
from tests.component.drills.streams import common_rules, mixed, play
from tests.support.console_events import NOW, ZHUTUO
from tests.support.house import House, Record, a_house, contents, timers
from tests.support.postgres import fresh_database
from tests.unit.alerting.builders import a_decision, an_alarm

pytestmark = pytest.mark.e2e

REAL, DRILL = Status.ACTUAL, Status.EXERCISE
TURNS = 12
SCREENS = (
    "/api/overview?status={}",
    "/api/alerts?status={}",
    "/api/alarms?status={}",
    "/api/commands?status={}",
    "/api/assignments?subtree=true&status={}",
    "/api/supervision?status={}",
    "/api/silences?status={}",
    "/api/modes?status={}",
)
OFFICERS = ("o-city-b", "o-district-b", "o-town-b")
_BESIDE = ("now", "feed_seq", "behind", "exercises")
"""What a screen says about its own clock and the stream of all lines; the banner of drills."""


def of(system: House, status: Status) -> list[Record]:
    """Return the records that left the services for this world."""
    return [record for record in system.log if record.status is status]


def by_subject(records: list[Record]) -> dict[tuple[str, str, str], list[bytes]]:
    """Return the records per subject in order; between subjects there is no order."""
    results: dict[tuple[str, str, str], list[bytes]] = {}
    for record in records:
        page = record.message.page_id if record.topic == PAGES.name else ""
        results.setdefault((record.topic, record.key, page), []).append(record.value)
    return results


def bare(body: Any) -> Any:
    """Return a screen without fields of both worlds; rows of equal time are sorted."""
    if isinstance(body, dict):
        return {name: bare(value) for name, value in body.items() if name not in _BESIDE}
    return sorted(map(bare, body), key=json.dumps) if isinstance(body, list) else body


async def screens(system: House, status: Status) -> dict[str, Any]:
    """Return the screens of officers of three tiers in this world."""
    results = {}
    for officer in OFFICERS:
        async with system.screen.client(officer) as client:
            for path in SCREENS:
                answer = await client.get(path.format(status))
                assert answer.status_code == 200, (path, answer.text)
                results[f"{officer} {path}"] = bare(answer.json())
    return results


async def summary(system: House, status: Status) -> dict[str, Any]:
    """Return records, rows, screens and refusals of a world."""
    return {
        "records": by_subject(of(system, status)),
        "refused": [item for item in system.refused if item[0] == status],
        "rows": await contents(system, status),
        "screens": await screens(system, status),
    }


@pytest.mark.parametrize("seed", range(4))
async def test_each_world_is_the_same_with_and_without_the_other(seed: int) -> None:
    trespasses = seed % 2 == 0
    turns = mixed(seed, TURNS, trespasses=trespasses)
    alone = {}
    for status in (REAL,) if trespasses else (REAL, DRILL):
        with fresh_database() as dsn:
            async with a_house(dsn) as system:
                await play(system, turns, status)
                alone[status] = await summary(system, status), await timers(system)
                other_status = DRILL if status is REAL else REAL
                assert of(system, other_status) == [], "nothing of one world follows from the other"
    with fresh_database() as dsn:
        async with a_house(dsn) as system:
            await play(system, turns, REAL, DRILL)
            results = {status: await summary(system, status) for status in (REAL, DRILL)}
            assert differences(results[REAL], alone[REAL][0]) == [], seed
            assert results[REAL]["refused"] == alone[REAL][0]["refused"]
            assert alone[REAL][1] <= await timers(system)
            if not trespasses:  # what a drill tries in vain is seen on its own screens
                assert differences(results[DRILL], alone[DRILL][0]) == [], seed
                assert await timers(system) == alone[REAL][1] | alone[DRILL][1]
            assert all(
                record.status is REAL for record in system.log if record.topic == NOTICES.name
            )


def differences(differing: dict[str, Any], alone: dict[str, Any]) -> list[str]:
    """Return the parts of a world that differ from the world alone."""
    return [
        f"{part}: {name}\n  here  {differing[part].get(name)}\n  alone {alone[part].get(name)}"
        for part in ("records", "rows", "screens")
        for name in alone[part].keys() | differing[part].keys()
        if differing[part].get(name) != alone[part].get(name)
    ]


async def test_the_streams_reach_every_part_of_the_system() -> None:
    """A proof about nothing would prove nothing."""
    counts: Counter[tuple[Status, str]] = Counter()
    acts: Counter[tuple[Status, str]] = Counter()
    for seed in range(6):
        with fresh_database() as dsn:
            async with a_house(dsn) as system:
                await play(system, mixed(seed, TURNS), REAL, DRILL)
                counts.update((record.status, record.topic) for record in system.log)
                alerts = [record for record in system.log if record.topic == ALERTS.name]
                acts.update((alert.status, alert.message.transition) for alert in alerts)
                acts.update(
                    (alert.status, "owes") for alert in alerts if alert.message.debt is not None
                )
    for topic in (ALERTS, COMMANDS, ASSIGNMENTS, SUPERVISION, PAGES):
        assert counts[REAL, topic.name] > 5, (topic.name, counts)
        assert counts[DRILL, topic.name] > 5, (topic.name, counts)
    for act in ("merged", "issued", "recalled", "owes"):
        assert acts[REAL, act], (act, acts)
        assert acts[DRILL, act], (act, acts)


async def test_the_same_real_event_pages_while_its_drill_is_open() -> None:
    drill = an_alarm("alm-drill", level=Level.RED, status=DRILL, occurred_at=NOW)
    real = an_alarm("alm-real", level=Level.RED, occurred_at=NOW)
    assert real.transition is AlarmTransition.RAISED
    with fresh_database() as dsn:
        async with a_house(dsn) as system:
            await system.takes(*common_rules())
            await system.takes(drill)
            practised = [
                record.message for record in of(system, DRILL) if record.topic == PAGES.name
            ]
            await system.takes(real)
            paged = [record.message for record in of(system, REAL) if record.topic == PAGES.name]
    assert paged
    assert {item.officer_id for item in paged} == {item.officer_id for item in practised}
    assert all(item.headline.startswith("【演练】") for item in practised)
    assert not any("演练" in item.headline for item in paged)


async def test_a_drill_started_on_the_console_is_shown_and_ended_as_a_drill() -> None:
    body = {"title": "洪水演练", "event_type": "11A01", "level": "red", "place": ZHUTUO}
    with fresh_database() as dsn:
        async with a_house(dsn) as system, system.screen.client("o-district-b") as client:
            assert (await client.post("/api/drills", json=body)).status_code == 202
            (sent,) = system.screen.kafka.sent
            await system.takes(REPORTS.model.validate_json(sent.body))
            assert of(system, REAL) == []
            pages = [record.message for record in of(system, DRILL) if record.topic == PAGES.name]
            assert pages
            assert all(page.headline.startswith("【演练】") for page in pages)
            displayed = {
                status: (await client.get(f"/api/overview?status={status}")).json()
                for status in (REAL, DRILL)
            }
            assert displayed[REAL]["alerts"]["states"] == {}
            assert displayed[REAL]["pages_open"] == 0
            assert displayed[REAL]["exercises"] == 1, "the banner of drills"
            assert displayed[DRILL]["alerts"]["states"] == {"verifying": 1}
            (alert,) = [
                record.message for record in of(system, DRILL) if record.topic == ALERTS.name
            ]
            await system.takes(
                a_decision(alert.alert_id, DecisionVerb.DISMISS, alert.proposed_level, status=DRILL)
            )
            assert system.refused == []
            after = (await client.get(f"/api/overview?status={DRILL}")).json()
            assert after["alerts"]["states"] == {}
