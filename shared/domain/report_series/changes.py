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
from zoneinfo import ZoneInfo

from shared.contracts.reports import ReportFacts, Trend
from shared.domain.bilingual import Both
from shared.domain.local_time import ZONE, spoken


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


LABELS: dict[str, Both] = {
    "received_at": Both("接报时间", "Received"),
    "event_at": Both("发生时间", "Happened"),
    "place_text": Both("地点", "Place"),
    "nature": Both("性质", "Nature"),
    "scope": Both("影响范围", "Scope"),
    "dead": Both("死亡", "Dead"),
    "injured": Both("受伤", "Injured"),
    "missing": Both("失联", "Missing"),
    "trapped": Both("被困", "Trapped"),
    "evacuated": Both("转移", "Evacuated"),
    "property_loss_cny": Both("财产损失（元）", "Property loss (CNY)"),
    "trend": Both("趋势", "Trend"),
    "leaders": Both("现场领导", "Leaders on site"),
    "measures": Both("措施", "Measures"),
    "advice": Both("建议", "Advice"),
}
_TRENDS = {
    Trend.RISING: Both("加剧", "getting worse"),
    Trend.STEADY: Both("稳定", "steady"),
    Trend.FALLING: Both("减轻", "getting better"),
    Trend.OVER: Both("结束", "over"),
}
_ARROWS = {Direction.UP: Both("（增）", " (more)"), Direction.DOWN: Both("（减）", " (fewer)")}
_ZONE = ZoneInfo(ZONE)
_LONGEST = 80


def together(reports: Iterable[ReportFacts]) -> ReportFacts:
    """What is known after these reports, oldest first: the newest word on each field."""
    return reduce(
        lambda existing_report_facts, facts: existing_report_facts.model_copy(
            update=facts.model_dump(exclude_none=True)
        ),
        reports,
        ReportFacts(),
    )


def changes(existing_report_facts: ReportFacts, facts: ReportFacts) -> list[Change]:
    """What `facts` says that was not known, in the order of the statutory contents."""
    results = []
    for field in LABELS:
        before, after = getattr(existing_report_facts, field), getattr(facts, field)
        if after is not None and after != before:
            results.append(Change(field, before, after, _direction(before, after)))
    return results


def line(change: Change) -> Both:
    """The change as a person reads it: `死亡：0 → 2（增）`."""
    label, after = LABELS[change.field], _shown(change.after)
    if change.before is None:
        return Both(f"{label.zh}：{after.zh}", f"{label.en}: {after.en}")
    before = _shown(change.before)
    arrow = _ARROWS.get(change.direction, Both("", ""))
    return Both(
        f"{label.zh}：{before.zh} → {after.zh}{arrow.zh}",
        f"{label.en}: {before.en} → {after.en}{arrow.en}",
    )


def _direction(before: Any, after: Any) -> Direction:
    if before is None:
        return Direction.TOLD
    # Moments are compared as texts are: an earlier time of the event is a correction, not less.
    if isinstance(after, int):
        return Direction.UP if after > before else Direction.DOWN
    return Direction.OTHER


def _shown(value: Any) -> Both:
    if isinstance(value, Trend):
        return _TRENDS[value]
    if isinstance(value, datetime):
        return spoken(value, _ZONE, value)
    text = " ".join(str(value).split())
    text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return Both(text, text)
