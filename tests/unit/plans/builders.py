"""Plans the tests start from."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from shared.contracts.plans import PlanDefinition
from shared.definitions.response_plans.pack import PLANS

NOW = datetime(2026, 7, 1, 8, tzinfo=UTC)
Json = dict[str, Any]


def line(key: str = "lead", *include: Json, **change: Any) -> Json:
    """A leading line to the alert's town."""
    return {
        "key": key,
        "role": "lead",
        "who": {"include": list(include) or [part("@town", "town")]},
        "title_zh": f"{key} 指令",
        "title_en": f"{key} order",
        "instruction_zh": f"{key} 办理",
        "instruction_en": f"do {key}",
        **change,
    }


def part(of: str, *tiers: str) -> Json:
    """A subtree."""
    return {"kind": "subtree", "of": of, "tiers": list(tiers)}


def departments(*names: str) -> Json:
    """Departments of the alert's district."""
    return {
        "kind": "departments",
        "of": "@district",
        "tiers": ["district"],
        "departments": list(names),
    }


def fields(plan_id: str = "flood", *orders: Json, **change: Any) -> Json:
    """A plan as it is written."""
    return {
        "plan_id": plan_id,
        "name_zh": "预案",
        "name_en": "plan",
        "events": ["11A01"],
        "levels": ["red"],
        "source": "proposal",
        "orders": list(orders) or [line()],
        **change,
    }


def a_plan(plan_id: str = "flood", *orders: Json, **change: Any) -> PlanDefinition:
    """A plan as a message."""
    return PLANS.message(fields(plan_id, *orders, **change), NOW)


def written(*plans: Json) -> str:
    """A pack file (JSON is YAML), one plan a line."""
    return "[\n" + ",\n".join(json.dumps(plan, ensure_ascii=False) for plan in plans) + "\n]\n"
