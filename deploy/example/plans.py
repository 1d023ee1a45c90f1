"""The local stack's plan packs as messages: one model for the YAML files and the topic."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from deploy.example.units import CITY
from shared.contracts.plans import PlanDefinition
from shared.definitions.response_plans.pack import PLANS, PlanPack, load
from shared.definitions.yaml_files.items import files_of

FOLDER = Path(__file__).parents[1] / "plans"


@cache
def _pack() -> PlanPack:
    return load([FOLDER], datetime(2026, 1, 1, tzinfo=UTC)).usable()


def files() -> list[Path]:
    """The files the packs are made of, in order of their names."""
    return files_of(FOLDER)


def definitions(now: datetime) -> list[PlanDefinition]:
    """All plans as messages. Raises PackError naming everything that is wrong, with its line."""
    return [PLANS.message(plan.fields, now, CITY) for plan in _pack().plans]
