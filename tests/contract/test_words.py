"""Whatever the system names has a word in both languages, and the screens say the same as the
pages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

import pytest
import yaml

from deploy.demo import strands, texts
from services.notify.core.wording.contact_tests import of_contact_test
from services.notify.core.wording.escalations import PAGE_STATES
from shared.contracts.alarms import AlarmTransition
from shared.contracts.alerts import AlertState, AlertTransition
from shared.contracts.assignments import AssignmentState
from shared.contracts.fields import Language, Level, Post, ResponseMode, Tier
from shared.contracts.pages import AnswerVerb, Channel, PageState
from shared.contracts.readings import SensorState
from shared.contracts.supervision import SupervisionClock, SupervisionKind
from shared.domain.bilingual import SEPARATOR, Bilingual, all_in_language, bilingual_of, in_language
from shared.domain.event_words import EVENTS, event
from shared.domain.measures import METRICS, UNITS, amount, measured, span
from shared.domain.page_texts.assignments import OWED_ACTS
from shared.domain.quantities import METRICS as KNOWN_METRICS
from shared.domain.report_series.changes import LABELS
from shared.domain.wording import ANSWERS, CHANNELS, LEVELS, POSTS, answer

ROOT = Path(__file__).resolve().parents[2]
I18N = ROOT / "services" / "console" / "static" / "i18n"
ZH = json.loads((I18N / "zh-CN.json").read_text(encoding="utf-8"))
EN = json.loads((I18N / "en.json").read_text(encoding="utf-8"))
RULES = [
    rule
    for path in sorted((ROOT / "deploy" / "rules").glob("*.yaml"))
    if not path.name.endswith(".test.yaml")
    for rule in yaml.safe_load(path.read_text(encoding="utf-8"))
]
PLANS = [
    plan
    for path in sorted((ROOT / "deploy" / "plans").glob("*.yaml"))
    for plan in yaml.safe_load(path.read_text(encoding="utf-8"))
]
EXACT = re.compile(r"1[1-4]([A-Z][0-9]{2}|:[a-z0-9_]+)?")
HAN = re.compile(r"[\u4e00-\u9fff]")


def demo_events() -> set[str]:
    text = "\n".join(
        Path(module_type.__file__ or "").read_text(encoding="utf-8")
        for module_type in (strands, texts)
    )
    return set(re.findall(r"\"(1[1-4](?:[A-Z][0-9]{2}|:[a-z_]+))\"", text))


def events_offered() -> set[str]:
    offered = (
        ROOT / "services" / "console" / "static" / "js" / "lib" / "event_types.js"
    ).read_text("utf-8")
    return set(re.findall(r"\"(1[1-4][A-Z0-9]*(?::[a-z_]+)?)\"", offered))


def events_in_use() -> set[str]:
    events = {rule["event_type"] for rule in RULES}
    events |= {name for plan in PLANS for name in plan["events"] if EXACT.fullmatch(name)}
    return events | demo_events() | events_offered()


def test_every_event_type_in_use_has_a_word_of_its_own() -> None:
    assert len(RULES) > 150
    assert {"12:gas_leak", "11A01"} <= demo_events()
    missing = sorted(events_in_use() - EVENTS.keys())
    assert not missing


# The codes of natural disasters that public systems send (docs/sources.md S10). 11B37 is left out:
# its meaning is unknown.
SENT_BY_AGENCIES = {
    "11A": (1, 2, 51),
    "11B": (1, 3, 4, 5, 6, 7, 9, 14, 15, 16, 17, 19, 20, 21, 22, 25, 29),
    "11C": (2,),
    "11D": (1, 2),
    "11E": (2, 6),
    "11G": (1,),
}


def test_every_code_that_agencies_send_has_a_word_of_its_own() -> None:
    codes = {f"{group}{n:02}" for group, numbers in SENT_BY_AGENCIES.items() for n in numbers}
    assert not codes - EVENTS.keys()


def test_an_event_type_of_somebody_elses_has_the_word_of_its_class() -> None:
    assert event("12:unheard_of") == EVENTS["12"]
    assert event("14A09").zh == "社会安全事件"


def test_screens_and_pages_call_an_event_the_same() -> None:
    for code, words in EVENTS.items():
        assert (ZH.get(f"event.{code}"), EN.get(f"event.{code}")) == words, code
    screen_events = {key.removeprefix("event.") for key in ZH if re.match(r"event\.1[1-4]", key)}
    assert screen_events == EVENTS.keys()


def test_every_unit_and_metric_of_a_rule_has_words() -> None:
    units = {rule["unit"] for rule in RULES if rule.get("unit")}
    units |= {unit for quantity in KNOWN_METRICS.values() for unit in quantity.units}
    metrics = {rule["metric"] for rule in RULES if rule.get("metric")} | KNOWN_METRICS.keys()
    assert not units - UNITS.keys()
    assert not metrics - METRICS.keys()
    for unit in UNITS:
        for column, words in enumerate((ZH, EN)):
            assert words[f"measure.{unit}"].replace("{n}", "1.5") == amount(1.5, unit)[column]
    for name, words in METRICS.items():
        assert (ZH[f"metric.{name}"], EN[f"metric.{name}"]) == words


SAID_BY_THE_CONSOLE: dict[str, Iterable[str]] = {
    "channel": Channel,
    "post": Post,
    "level": Level,
    "tier": Tier,
    "mode": ResponseMode,
    "alert": AlertState,
    "transition": AlertTransition,
    "alarm": AlarmTransition,
    "assignment": AssignmentState,
    "supervision": SupervisionKind,
    "clock": SupervisionClock.__args__,  # type: ignore[attr-defined]
    "page": PageState,
    "sensor": SensorState,
    "health": SensorState,
    "answer": (AnswerVerb.COMING, AnswerVerb.CANNOT, AnswerVerb.HAND_OVER),
}


@pytest.mark.parametrize("kind", SAID_BY_THE_CONSOLE)
def test_every_value_of_the_contracts_has_words_on_the_screens(kind: str) -> None:
    for value in SAID_BY_THE_CONSOLE[kind]:
        assert ZH.get(f"{kind}.{value}"), f"{kind}.{value}"
        assert EN.get(f"{kind}.{value}"), f"{kind}.{value}"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (Channel, CHANNELS),
        (Post, POSTS),
        (Level, LEVELS),
        (AnswerVerb, ANSWERS),
        (PageState, PAGE_STATES),
        (SupervisionClock.__args__, OWED_ACTS),  # type: ignore[attr-defined]
    ],
)
def test_every_value_of_the_contracts_has_words_in_pages(
    values: Iterable[StrEnum], words: dict[object, Bilingual]
) -> None:
    for value in values:
        assert words[value].zh
        assert words[value].en
        assert not HAN.search(words[value].en)


def test_screens_and_pages_call_a_channel_the_same() -> None:
    for channel, words in CHANNELS.items():
        assert ZH[f"channel.{channel}"] == words.zh
        assert of_contact_test(channel)[0].endswith(words.en)


def test_screens_and_pages_call_a_fact_the_same() -> None:
    for field, words in LABELS.items():
        assert (ZH[f"facts.{field}"], EN[f"facts.{field}"]) == words


def test_both_languages_of_the_screens_have_the_same_words_to_fill_in() -> None:
    assert ZH.keys() == EN.keys()
    for key, zh in ZH.items():
        assert set(re.findall(r"\{\w+\}", zh)) == set(re.findall(r"\{\w+\}", EN[key])), key
        assert zh, key


def test_every_reason_of_a_refusal_has_words() -> None:
    sources = (ROOT / "services" / "console").rglob("*.py")
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    reasons = set(re.findall(r"\breason=\"([a-z_]+)\"", code))
    assert len(reasons) > 10
    assert not sorted(reason for reason in reasons if f"problem.{reason}" not in ZH)


def test_a_page_without_a_call_to_come_is_not_answered_with_coming() -> None:
    assert (ZH["answer.coming.note"], EN["answer.coming.note"]) == ("已知悉", "Noted")
    assert (ZH["answer.cannot.note"], EN["answer.cannot.note"]) == ("不能处理", "Cannot")
    for verb in (AnswerVerb.COMING, AnswerVerb.CANNOT):
        assert answer(verb, to_note=True).zh == ZH[f"answer.{verb}.note"]
        assert answer(verb, to_note=False).zh == ZH[f"answer.{verb}"]


def test_each_language_gets_its_half_of_a_joined_text() -> None:
    joined = Bilingual("水位", "level").joined()
    assert in_language(joined, Language.ZH) == "水位"
    assert in_language(joined, Language.EN) == "level"
    assert bilingual_of("A / B") == ("A / B", "A / B"), "what a person writes has no halves"
    nested = {"a": [joined, 1, None], "b": {"c": joined}}
    assert all_in_language(nested, Language.EN) == {"a": ["level", 1, None], "b": {"c": "level"}}


@pytest.mark.parametrize(("zh", "en"), [(10, 300), (300, 10), (300, 300), (150, 47), (98, 99)])
def test_a_long_pair_keeps_something_of_both_halves(zh: int, en: int) -> None:
    joined = Bilingual("汉" * zh, "e" * en).joined(200)
    assert len(joined) <= 200
    halves = bilingual_of(joined)
    assert len(halves.zh) >= min(zh, 98)
    assert len(halves.en) >= min(en, 98)
    assert joined.count(SEPARATOR) == 1


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (0, "0 秒", "0 seconds"),
        (27, "27 秒", "27 seconds"),
        (90, "1 分钟 30 秒", "1 minute 30 seconds"),
        (5_400, "1 小时 30 分钟", "1 hour 30 minutes"),
        (86_400, "1 天", "1 day"),
        (90_061, "1 天 1 小时", "1 day 1 hour"),
    ],
)
def test_a_span_of_time_is_worded_for_people(seconds: int, zh: str, en: str) -> None:
    assert span(seconds) == (zh, en)


def test_values_are_formatted_for_people() -> None:
    assert amount(1.5, "1") == ("1.5", "1.5")
    assert amount(36.5, "Cel") == ("36.5 ℃", "36.5 °C")
    assert amount(9_870.0, "m3/s").zh == "9870 m³/s"
    assert amount(25.0, "%LEL").zh == "25%LEL"
    assert measured("water_level", 212.6, 212.0, "m") == (
        "水位 212.6 m，限值 212 m",
        "water level 212.6 m, limit 212 m",
    )
    assert measured("water_level", 86_400, 10_800, "s").zh == "1 天无数据（上限 3 小时）"
