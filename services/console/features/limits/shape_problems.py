"""Problems of the shape of values of a subject, each at its field, in both languages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError, WrapValidator
from pydantic_core import ErrorDetails

from services.console.core.limits_drafts import LimitsContent
from shared.contracts.dead_letter import Reason
from shared.contracts.limits import SUBJECTS, LimitRowsError
from shared.definitions.yaml_files.findings import Problem
from shared.domain.bilingual import Bilingual
from shared.domain.measures import span
from shared.domain.response_modes.wording import WORDS
from shared.domain.wording import LEVELS, TIERS

_MOST = 40
_LEAST = {"greater_than_equal": "ge"}
_GREATEST = {"less_than_equal": "le"}
_ABSENT = {"missing", "string_too_short", "string_type", "float_type", "int_type"}
_PLACES: Mapping[str, Bilingual] = {
    **{str(level): words for level, words in LEVELS.items()},
    **{str(tier): words for tier, words in TIERS.items()},
}


@dataclass(frozen=True, slots=True)
class Misshapen:
    """Values that the contract refuses, with all of its errors."""

    errors: tuple[ErrorDetails, ...]


def reported(contract: Any) -> WrapValidator:
    """Return the validator of values: those of the contract, or `Misshapen`."""
    adapter: TypeAdapter[Any] = TypeAdapter(contract)

    def validate(value: Any, _next: Any) -> Any:
        if value is None:
            return None
        try:
            return adapter.validate_json(json.dumps(value))
        except ValidationError as error:
            return Misshapen(tuple(error.errors(include_url=False)))
        except RecursionError:
            raise ValueError("is nested too deeply") from None

    return WrapValidator(validate)


def misshapen(content: LimitsContent) -> list[tuple[str, Misshapen]]:
    """Return the subjects of a body whose values the contract refuses, with these values."""
    values = [(subject, getattr(content, subject)) for subject in SUBJECTS]
    return [(subject, item) for subject, item in values if isinstance(item, Misshapen)]


def shape_problems(subject: str, values: Misshapen) -> list[Problem]:
    """Return at most forty problems of values about a subject."""
    return [_problem(subject, error) for error in values.errors[:_MOST]]


def _problem(subject: str, error: ErrorDetails) -> Problem:
    path = (subject, *error["loc"])
    context = error.get("ctx", {})
    cause = context.get("error")
    if isinstance(cause, LimitRowsError):
        words = _of_rows(cause)
        return Problem(Reason.SCHEMA, words.en, (subject, cause.part), zh=words.zh)
    is_time = str(path[-1]).endswith("_s")
    words = _words(error["type"], context, error["msg"], is_time=is_time)
    return Problem(Reason.SCHEMA, words.en, path, zh=words.zh)


def _words(kind: str, context: Mapping[str, Any], message: str, *, is_time: bool) -> Bilingual:
    for bounds, zh, en in (
        (_LEAST, "不得少于", "at least"),
        (_GREATEST, "不得多于", "at most"),
    ):
        if kind in bounds:
            bound = context[bounds[kind]]
            amount = span(bound) if is_time else Bilingual(f"{bound:g}", f"{bound:g}")
            return Bilingual(f"{zh} {amount.zh}", f"{en} {amount.en}")
    if kind == "greater_than":
        return Bilingual(f"须大于 {context['gt']:g}", f"more than {context['gt']:g}")
    if kind == "less_than":
        return Bilingual(f"须小于 {context['lt']:g}", f"less than {context['lt']:g}")
    if kind in _ABSENT:
        return Bilingual("未填写", "is not filled in")
    if kind == "too_short":
        return Bilingual("至少要有一项", "at least one is needed")
    if kind in {"too_long", "string_too_long"}:
        most = context["max_length"]
        return Bilingual(f"最多 {most}", f"at most {most}")
    return Bilingual("填写有误", message)


def _of_rows(cause: LimitRowsError) -> Bilingual:
    places = "、".join(_in_chinese(place) for place in cause.places)
    if cause.is_missing:
        more = f" 等 {cause.count} 项" if cause.count > len(cause.places) else ""
        return Bilingual(f"缺少{places}{more}的时限", str(cause))
    mode = "" if cause.mode is None else f"（{WORDS[cause.mode][0]}）"
    return Bilingual(f"{places}重复设置{mode}", str(cause))


def _in_chinese(place: str) -> str:
    return "".join(_PLACES[word].zh if word in _PLACES else word for word in place.split(" of "))
