"""An alarm has a lasting name, and a situation with limit, excess and trend."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shared.contracts.fields import Language
from shared.contracts.rules import RateRule, ThresholdRule
from shared.definitions.rules.pack import load
from shared.domain.bilingual import in_language
from tests.support.scoring import SENT, Feed, a_rule, a_threshold_rule, rungs

PACK = Path(__file__).parents[3] / "deploy" / "rules"
NAMED = {"name_zh": "保证水位", "name_en": "guarantee level"}
GUARANTEE = ThresholdRule(
    rungs=tuple(rung.model_copy(update=NAMED) for rung in rungs(("orange", 212.0, 211.9)))
)
OWN: dict[str, Any] = {
    "name_zh": "朱沱站洪水",
    "name_en": "Flood at Zhutuo",
    "sensor_ids": ("zhutuo-3",),
}


def situations(feed: Feed, *values: float) -> list[tuple[str, ...]]:
    for number, value in enumerate(values):
        feed.read(value, number * 60)
    return [
        tuple(in_language(alarm.situation or "", language) for language in Language)
        for alarm in feed.alarms
    ]


def test_a_flood_is_named_by_limit_excess_and_trend() -> None:
    feed = Feed(a_rule(GUARANTEE, **OWN))
    assert situations(feed, 211.5, 214.68, 211.0) == [
        (
            "朱沱站洪水：超保证水位 2.68 m，仍在上涨",
            "Flood at Zhutuo: 2.68 m above the guarantee level, still rising",
        ),
        ("", ""),
    ]
    assert [alarm.headline for alarm in feed.alarms] == [
        "朱沱站洪水：超保证水位 ‖ Flood at Zhutuo: above the guarantee level",
        "朱沱站洪水 ‖ Flood at Zhutuo",
    ]
    raised, cleared = feed.alarms
    assert (raised.evidence.limit_name, raised.evidence.trend) == (
        "保证水位 ‖ guarantee level",
        "rising",
    )
    assert (cleared.evidence.limit_name, cleared.evidence.trend) == (None, None)


def test_a_rule_of_many_sensors_names_the_sensor_and_the_level() -> None:
    feed = Feed(a_rule(a_threshold_rule(("yellow", 212, 211), ("orange", 214, 213))))
    zh = [words for words, _ in situations(feed, 212.0, 214.68, 212.5)]
    assert zh == [
        "朱沱(三) 朱沱水位：达到黄色限值",
        "朱沱(三) 朱沱水位：超橙色限值 0.68 m，仍在上涨",
        "朱沱(三) 朱沱水位：超黄色限值 0.5 m，正在回落",
    ]
    assert feed.alarms[-1].headline == "朱沱(三) 朱沱水位 ‖ 朱沱(三), Zhutuo level"


def test_a_low_value_and_a_rate_have_their_own_words() -> None:
    low = Feed(a_rule(a_threshold_rule(("yellow", 195, 196), direction="below")))
    assert situations(low, 195.5, 194.0) == [
        (
            "朱沱(三) 朱沱水位：低于黄色限值 1 m，仍在下降",
            "朱沱(三), Zhutuo level: 1 m below the yellow limit, still falling",
        )
    ]
    rate = Feed(a_rule(RateRule(rungs=rungs(("notice", 1.5, 1.0)), per_s=3600)))
    (words,) = situations(rate, 200.0, 200.03)
    assert words == (
        "朱沱(三) 朱沱水位：1 小时变化 1.8 m，超提示限值 0.3 m",
        "朱沱(三), Zhutuo level: 1.8 m in 1 hour, 0.3 m above the notice limit",
    )


def test_the_published_limits_of_the_pack_have_names() -> None:
    pack = load([PACK], SENT).usable()
    named = {
        rule.rule_id: [rung.name_zh for rung in rule.body.rungs]
        for rule in pack.definitions
        if isinstance(rule.body, ThresholdRule)
    }
    assert named["flood-zhutuo"] == ["保证水位"]
    assert named["flood-cuntan"] == [None, "警戒水位", "保证水位", "历史最高水位"]


def test_a_limit_has_its_name_in_both_languages_or_in_none() -> None:
    (rung,) = rungs(("orange", 212.0, 211.9))
    with pytest.raises(ValueError, match="both languages"):
        type(rung).model_validate({**dict(rung), "name_zh": "保证水位"})
