"""What changed since the last report: 续报 does not repeat, so what a report leaves out still holds.

Pure: facts in, changes out; the same lines stand in a page and in the console.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import reduce
from typing import Any

from shared.contracts.reports import ReportFacts, Trend


class Direction(StrEnum):
    """Which way a value went; `told` is its first value, `other` a text that was replaced."""

    UP = "up"
    DOWN = "down"
    TOLD = "told"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Change:
    """One field of the facts: its value before (None = never told) and after."""

    field: str
    before: Any
    after: Any
    direction: Direction


LABELS: dict[str, str] = {
    "received_at": "接报时间",
    "event_at": "发生时间",
    "place_text": "地点",
    "nature": "性质",
    "scope": "影响范围",
    "dead": "死亡",
    "injured": "受伤",
    "missing": "失联",
    "trapped": "被困",
    "evacuated": "转移",
    "property_loss_cny": "财产损失（元）",
    "trend": "趋势",
    "leaders": "现场领导",
    "measures": "措施",
    "advice": "建议",
}
_TRENDS = {
    Trend.RISING: "加剧",
    Trend.STEADY: "稳定",
    Trend.FALLING: "减轻",
    Trend.OVER: "结束",
}
_ARROWS = {Direction.UP: "（增）", Direction.DOWN: "（减）"}
_LONGEST = 80


def together(reports: Iterable[ReportFacts]) -> ReportFacts:
    """What is known after these reports, oldest first: the newest word on each field."""
    return reduce(
        lambda known, facts: known.model_copy(update=facts.model_dump(exclude_none=True)),
        reports,
        ReportFacts(),
    )


def changes(known: ReportFacts, facts: ReportFacts) -> list[Change]:
    """What `facts` says that was not known, in the order of the statutory contents."""
    found = []
    for field in LABELS:
        before, after = getattr(known, field), getattr(facts, field)
        if after is not None and after != before:
            found.append(Change(field, before, after, _direction(before, after)))
    return found


def line(change: Change) -> str:
    """The change as a person reads it: `死亡：0 → 2（增）`."""
    after = _shown(change.after)
    if change.before is None:
        return f"{LABELS[change.field]}：{after}"
    arrow = _ARROWS.get(change.direction, "")
    return f"{LABELS[change.field]}：{_shown(change.before)} → {after}{arrow}"


def _direction(before: Any, after: Any) -> Direction:
    if before is None:
        return Direction.TOLD
    # Moments are compared as texts are: an earlier time of the event is a correction, not less.
    if isinstance(after, int):
        return Direction.UP if after > before else Direction.DOWN
    return Direction.OTHER


def _shown(value: Any) -> str:
    if isinstance(value, Trend):
        return _TRENDS[value]
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes")
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
