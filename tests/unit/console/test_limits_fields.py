"""The form of limits is made from the contract, and every field has words in both languages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from services.console.core.limits_drafts import LimitsContent, Subject
from services.console.features.limits.documents import LimitsCheckBody, LimitsDraftBody
from services.console.features.limits.responses import (
    LimitsInForceView,
    LimitsSubjectFields,
    LimitsValues,
)
from services.console.features.limits.shape_problems import misshapen, shape_problems
from services.console.features.limits.value_fields import subject_fields
from shared.contracts.limits import SUBJECTS
from tests.support.console_limits import draft_body

I18N = Path(__file__).resolve().parents[3] / "services" / "console" / "static" / "i18n"
FIELDS = {item["subject"]: item for item in subject_fields()}


def part(subject: str, name: str) -> dict[str, object]:
    [result] = [item for item in FIELDS[subject]["parts"] if item["name"] == name]
    return {field["name"]: field for field in result["fields"]}


def test_every_subject_of_the_contract_is_drafted_checked_and_shown() -> None:
    assert tuple(FIELDS) == SUBJECTS == get_args(Subject)
    models: tuple[type[BaseModel], ...] = (
        LimitsContent,
        LimitsDraftBody,
        LimitsCheckBody,
        LimitsValues,
        LimitsInForceView,
    )
    for model in models:
        assert set(SUBJECTS) <= set(model.model_fields), model
    for item in FIELDS.values():
        LimitsSubjectFields.model_validate(item)


def test_kinds_and_bounds_are_those_of_the_contract() -> None:
    sign = part("assignments", "sign")
    kinds = {name: field["kind"] for name, field in sign.items()}  # type: ignore[index]
    assert kinds == {
        "levels": "choices",
        "tiers": "choices",
        "modes": "choices",
        "within_s": "seconds",
        "source": "text",
    }
    assert sign["levels"]["options"] == ["red", "orange", "yellow", "blue", "notice"]  # type: ignore[index]
    assert sign["within_s"]["low"] == 1  # type: ignore[index]
    assert part("assignments", "reopen")["within_s"]["low"] == 0  # type: ignore[index]
    assert part("assignments", "due_soon")["share"]["kind"] == "share"  # type: ignore[index]
    assert part("assignments", "rounds")["count"]["high"] == 1_000  # type: ignore[index]


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_field_has_words(language: str) -> None:
    words = json.loads((I18N / f"{language}.json").read_text(encoding="utf-8"))
    names = {f"limits.subject.{subject}" for subject in FIELDS}
    for item in FIELDS.values():
        for of_part in item["parts"]:
            names.add(f"limits.part.{of_part['name']}")
            for field in of_part["fields"]:
                names.add(f"limits.number.{field['name']}")
                names |= {f"{field['of']}.{option}" for option in field["options"]}
    assert sorted(names - words.keys()) == []


@pytest.mark.parametrize(
    ("change", "path", "zh", "en"),
    [
        (
            {"within_s": 0},
            ("assignments", "sign", 0, "within_s"),
            "不得少于 1 秒",
            "at least 1 second",
        ),
        (
            {"within_s": 9e9},
            ("assignments", "sign", 0, "within_s"),
            "不得多于 31 天",
            "at most 31 days",
        ),
        ({"within_s": None}, ("assignments", "sign", 0, "within_s"), "未填写", "is not filled in"),
        ({"source": ""}, ("assignments", "sign", 0, "source"), "未填写", "is not filled in"),
        (
            {"levels": []},
            ("assignments", "sign", 0, "levels"),
            "至少要有一项",
            "at least one is needed",
        ),
        (
            {"tiers": ["town"]},
            ("assignments", "sign"),
            "缺少红色市、红色区县、红色村社的时限",
            "sign: no time for red of city, red of district, red of village",
        ),
        (
            {"levels": ["red", "orange"], "tiers": ["town"]},
            ("assignments", "sign"),
            "橙色镇街重复设置",
            "sign: orange of town has two times",
        ),
    ],
)
def test_a_wrong_shape_is_named_at_its_field(
    change: dict[str, object], path: tuple[str | int, ...], zh: str, en: str
) -> None:
    body = draft_body()
    body["assignments"]["sign"][0] |= change
    [(subject, values)] = misshapen(LimitsCheckBody.model_validate(body))
    [problem] = shape_problems(subject, values)
    assert (problem.path, problem.zh, problem.text) == (path, zh, en)
