"""Changes since the last report: 续报 does not repeat, so a fact that a report omits still holds.

A page and the console show the same lines.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import reduce
from typing import Any
from zoneinfo import ZoneInfo

from shared.contracts.reports import ReportFacts, Trend
from shared.domain.bilingual import Bilingual
from shared.domain.local_time import ZONE, spoken


class Direction(StrEnum):
    """The direction of a change; `told` is a first value, `other` a replaced text."""

    UP = "up"
    DOWN = "down"
    FIRST = "told"
    REPLACED = "other"


@dataclass(frozen=True, slots=True)
class Change:
    """One field of the facts with the value before (None = not reported) and after."""

    field: str
    before: Any
    after: Any
    direction: Direction


LABELS: dict[str, Bilingual] = {
    "received_at": Bilingual("接报时间", "Received"),
    "event_at": Bilingual("发生时间", "Happened"),
    "place_text": Bilingual("地点", "Place"),
    "nature": Bilingual("性质", "Nature"),
    "scope": Bilingual("影响范围", "Scope"),
    "dead": Bilingual("死亡", "Dead"),
    "injured": Bilingual("受伤", "Injured"),
    "missing": Bilingual("失联", "Missing"),
    "trapped": Bilingual("被困", "Trapped"),
    "evacuated": Bilingual("转移", "Evacuated"),
    "property_loss_cny": Bilingual("财产损失（元）", "Property loss (CNY)"),
    "trend": Bilingual("趋势", "Trend"),
    "leaders": Bilingual("现场领导", "Leaders on site"),
    "measures": Bilingual("措施", "Measures"),
    "advice": Bilingual("建议", "Advice"),
}
_TRENDS = {
    Trend.RISING: Bilingual("加剧", "getting worse"),
    Trend.STEADY: Bilingual("稳定", "steady"),
    Trend.FALLING: Bilingual("减轻", "getting better"),
    Trend.OVER: Bilingual("结束", "over"),
}
_ARROWS = {
    Direction.UP: Bilingual("（增）", " (more)"),
    Direction.DOWN: Bilingual("（减）", " (fewer)"),
}
_ZONE = ZoneInfo(ZONE)
_LONGEST = 80


def merged_facts(reports: Iterable[ReportFacts]) -> ReportFacts:
    """Return the facts of these reports, the oldest first: the newest value of each field."""
    return reduce(
        lambda total, facts: total.model_copy(update=facts.model_dump(exclude_none=True)),
        reports,
        ReportFacts(),
    )


def changes(previous: ReportFacts, facts: ReportFacts) -> list[Change]:
    """Return the news in `facts`, in the order of the statutory contents."""
    result = []
    for field in LABELS:
        before, after = getattr(previous, field), getattr(facts, field)
        if after is not None and after != before:
            result.append(Change(field, before, after, _direction(before, after)))
    return result


def line(change: Change) -> Bilingual:
    """The change as a person reads it: `死亡：0 → 2（增）`."""
    label, after = LABELS[change.field], _words(change.after)
    if change.before is None:
        return Bilingual(f"{label.zh}：{after.zh}", f"{label.en}: {after.en}")
    before = _words(change.before)
    arrow = _ARROWS.get(change.direction, Bilingual("", ""))
    return Bilingual(
        f"{label.zh}：{before.zh} → {after.zh}{arrow.zh}",
        f"{label.en}: {before.en} → {after.en}{arrow.en}",
    )


def _direction(before: Any, after: Any) -> Direction:
    if before is None:
        return Direction.FIRST
    # Moments are compared as texts are: an earlier time of the event is a correction, not less.
    if isinstance(after, int):
        return Direction.UP if after > before else Direction.DOWN
    return Direction.REPLACED


def _words(value: Any) -> Bilingual:
    if isinstance(value, Trend):
        return _TRENDS[value]
    if isinstance(value, datetime):
        return spoken(value, _ZONE, value)
    text = " ".join(str(value).split())
    text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return Bilingual(text, text)
