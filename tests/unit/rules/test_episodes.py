"""Two histories of alarms compared: same, moved, added, removed; early settling changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.commands.rules.episodes import Comparison, Episode, Side, pair, settle
from shared.contracts.alarms import AlarmEvent, AlarmTransition, Evidence
from shared.contracts.fields import Level, Tier

KEY = ("r", "s")


def episode(began: float, ended: float | None, level: Level = Level.RED) -> Episode:
    return Episode("r", "s", f"a-{began}", began, level, ended)


def event(alarm: str, at: float, transition: str, **change: Any) -> AlarmEvent:
    moment = datetime.fromtimestamp(at, UTC)
    fields: dict[str, Any] = {
        "id": f"{alarm}-{at}-{transition}",
        "occurred_at": moment,
        "sent_at": moment,
        "origin_unit": "500118118000",
        "tier": Tier.TOWN,
        "alarm_id": alarm,
        "version": 1,
        "transition": AlarmTransition(transition),
        "rule_id": "r",
        "rule_version": 1,
        "kind": "threshold",
        "sensor_id": "s",
        "place": "500118118000",
        "event_type": "11A01",
        "level": Level.YELLOW,
        "score": 50,
        "evidence": Evidence(metric="m", value=1.0, unit="m", limit=1.0, event_id="e"),
        "headline": "x",
        **change,
    }
    # The tests count seconds from 0, which is no time of the contract.
    return AlarmEvent.model_construct(**fields)


@pytest.mark.parametrize(
    ("before", "after", "sorts"),
    [
        ([(0, 10)], [(0, 10)], ["same"]),
        ([(0, 10)], [(5, 10)], ["moved"]),
        ([(0, 10)], [(0, None)], ["moved"]),
        ([(0, 10)], [], ["removed"]),
        ([], [(0, 10)], ["added"]),
        ([(0, 10)], [(15, 20)], ["moved"]),
        ([(0, 10)], [(40, 50)], ["removed", "added"]),
        ([(0, 100)], [(0, 20), (50, 60)], ["moved", "added"]),
        ([(0, 20), (50, 60)], [(0, 100)], ["moved", "removed"]),
        ([(0, 5), (100, 105)], [(100, 105)], ["removed", "same"]),
    ],
)
def test_which_alarm_became_which(
    before: list[tuple[float, float | None]],
    after: list[tuple[float, float | None]],
    sorts: list[str],
) -> None:
    changes = pair(KEY, [episode(*item) for item in before], [episode(*item) for item in after], 10)
    assert [change.sort for change in changes] == sorts


def test_another_level_is_a_move() -> None:
    (change,) = pair(KEY, [episode(0, 1)], [episode(0, 1, Level.BLUE)], 10)
    assert change.sort == "moved"


def test_episodes_are_put_together_from_events() -> None:
    side = Side({"r": "live"})
    side.take(event("a", 10, "raised"))
    side.take(event("a", 20, "upgraded", level=Level.RED))
    side.take(event("a", 30, "revised", level=Level.RED, started_at=datetime.fromtimestamp(5, UTC)))
    side.take(event("a", 40, "cleared", level=Level.RED))
    side.take(event("a", 38, "cleared", level=Level.RED))
    side.take(event("a", 50, "raised"))
    side.take(event("b", 60, "raised"))
    side.take(event("b", 60, "cleared", withdrawn=True))
    ((key, result),) = side.by_key.items()
    assert key == ("live", "s")
    assert [(episode.began, episode.ended, episode.level) for episode in result] == [
        (10, 38, Level.RED),
        (50, None, Level.YELLOW),
    ]


spans = st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50)), max_size=12)


def _side(lengths: list[tuple[int, int]]) -> list[Episode]:
    result, at = [], 0.0
    for gap, length in lengths:
        result.append(episode(at + gap, at + gap + length, Level.YELLOW))
        at += gap + length
    return result


@given(spans, spans)
def test_every_alarm_is_counted_once(before: Any, after: Any) -> None:
    olds, news = _side(before), _side(after)
    changes = pair(KEY, olds, news, 5)
    assert [change.before for change in changes if change.before] == olds
    assert [change.after for change in changes if change.after] == news
    assert pair(KEY, olds, olds, 5) == [
        change for change in pair(KEY, olds, olds, 5) if change.sort == "same"
    ]


def _events(lengths: list[tuple[int, int]], name: str) -> list[tuple[float, str, AlarmEvent]]:
    results = []
    for number, episode in enumerate(_side(lengths)):
        alarm = f"{name}-{number}"
        results.append((episode.began, name, event(alarm, episode.began, "raised")))
        results.append((episode.end, name, event(alarm, episode.end, "cleared")))
    return results


@given(spans, spans, st.sets(st.integers(0, 1200), max_size=8))
def test_settling_early_changes_nothing(before: Any, after: Any, cuts: set[int]) -> None:
    sides = {"old": Side(), "new": Side()}
    pieces, complete = Comparison(), Comparison()
    for change in pair(KEY, _side(before), _side(after), 5):
        complete.note(change)
    stream = sorted([*_events(before, "old"), *_events(after, "new")], key=lambda event: event[0])
    waiting = sorted(cuts)
    for at, name, change_event in stream:
        while waiting and waiting[0] <= at:
            settle(sides["old"], sides["new"], pieces, 5, waiting.pop(0))
        sides[name].take(change_event)
    settle(sides["old"], sides["new"], pieces, 5)
    assert +pieces.total == +complete.total
