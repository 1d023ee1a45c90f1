"""The local stack's rule packs as messages: one model for the YAML files and the topic."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from deploy.example.units import CITY
from shared.contracts.rules import RuleDefinition
from shared.definitions.rules.pack import RULES, RulePack, load
from shared.definitions.yaml_files.items import files_of

FOLDER = Path(__file__).parents[1] / "rules"


@cache
def _pack() -> RulePack:
    return load([FOLDER], datetime(2026, 1, 1, tzinfo=UTC)).usable()


def files() -> list[Path]:
    """The files the packs are made of, in order of their names."""
    return files_of(FOLDER)


@cache
def packs() -> tuple[dict[str, Any], ...]:
    """All rules as plain data. Raises PackError naming everything that is wrong, with its line."""
    return tuple(rule.fields for rule in _pack().rules)


def definitions(now: datetime) -> list[RuleDefinition]:
    """All rules as messages. Raises PackError."""
    return [RULES.message(fields, now, CITY) for fields in packs()]
