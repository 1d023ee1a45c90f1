"""The words for the place, season and hours in which a rule holds: part of an alarm's reason."""

from __future__ import annotations

from datetime import date

from shared.contracts.fields import Position
from shared.contracts.geofences import Circle, Geofence
from shared.contracts.rules import RuleDefinition
from shared.contracts.seasons import month_day
from shared.domain.bilingual import Bilingual

_A_LEAP_YEAR = 2024
OUT_OF_SEASON = Bilingual(
    "已出规则的季节或时段", "outside the seasons or hours of the rule"
).joined()
"""Why the alarm of a rule with seasons or hours ends, whatever its sources."""


def scope_words(rule: RuleDefinition) -> Bilingual | None:
    """Return where and when a rule holds; None for a rule that holds everywhere and always."""
    parts: list[Bilingual] = []
    if rule.geofences:
        parts.append(_either([_fence(geofence) for geofence in rule.geofences]))
    if rule.seasons:
        parts.append(_either([_span(_day(span.begin), _day(span.end)) for span in rule.seasons]))
    if rule.hours:
        parts.append(
            _either([_span(_verbatim(span.begin), _verbatim(span.end)) for span in rule.hours])
        )
    if not parts:
        return None
    zh = "，".join(part.zh for part in parts)
    return Bilingual(f"仅适用于{zh}", f"only {', '.join(part.en for part in parts)}")


def _either(words: list[Bilingual]) -> Bilingual:
    return Bilingual("或".join(word.zh for word in words), " or ".join(word.en for word in words))


def _span(begin: Bilingual, end: Bilingual) -> Bilingual:
    return Bilingual(f"{begin.zh}至{end.zh}", f"{begin.en} to {end.en}")


def _day(text: str) -> Bilingual:
    day = date(_A_LEAP_YEAR, *month_day(text))
    return Bilingual(f"{day.month}月{day.day}日", f"{day.day} {day:%b}")


def _verbatim(text: str) -> Bilingual:
    return Bilingual(text, text)


def _fence(geofence: Geofence) -> Bilingual:
    if isinstance(geofence, Circle):
        centre, far = _position(geofence.centre), f"{geofence.radius_m:g} m"
        return Bilingual(f"{centre}周围 {far} 内", f"within {far} of {centre}")
    corners = len(geofence.corners)
    first = _position(geofence.corners[0])
    return Bilingual(
        f"自 {first} 起的 {corners} 边形内", f"inside the polygon of {corners} corners from {first}"
    )


def _position(position: Position) -> str:
    return f"{position.lat:g}, {position.lon:g}"
