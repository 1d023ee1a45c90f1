"""The words for the place, season and hours of a rule, in both languages."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.rule_scope_words import scope_words
from tests.unit.rules.packs import rule

CIRCLE = {"kind": "circle", "centre": {"lat": 29.01, "lon": 105.85}, "radius_m": 800}
TRIANGLE = {
    "kind": "polygon",
    "corners": [
        {"lat": 29.0, "lon": 105.8},
        {"lat": 29.0, "lon": 105.9},
        {"lat": 29.1, "lon": 105.9},
    ],
}


@pytest.mark.parametrize(
    ("change", "zh", "en"),
    [
        (
            {"geofences": [CIRCLE]},
            "仅适用于29.01, 105.85周围 800 m 内",
            "only within 800 m of 29.01, 105.85",
        ),
        (
            {"geofences": [CIRCLE, TRIANGLE]},
            "仅适用于29.01, 105.85周围 800 m 内或自 29, 105.8 起的 3 边形内",
            "only within 800 m of 29.01, 105.85 or inside the polygon of 3 corners from 29, 105.8",
        ),
        (
            {
                "seasons": [{"begin": "11-01", "end": "03-31"}],
                "hours": [{"begin": "22:00", "end": "06:00"}, {"begin": "12:00", "end": "13:00"}],
            },
            "仅适用于11月1日至3月31日，22:00至06:00或12:00至13:00",
            "only 1 Nov to 31 Mar, 22:00 to 06:00 or 12:00 to 13:00",
        ),
    ],
)
def test_place_season_and_hours_in_words(change: dict[str, Any], zh: str, en: str) -> None:
    words = scope_words(rule(**change))
    assert words is not None
    assert (words.zh, words.en) == (zh, en)


def test_a_rule_that_always_holds_has_no_words() -> None:
    assert scope_words(rule()) is None
