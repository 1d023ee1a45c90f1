"""The rule packs in deploy/local/rules as messages: one model for the YAML files and the topic."""

import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from deploy.local.data.units import CITY
from shared.contracts.fields import Tier
from shared.contracts.ids import content_id
from shared.contracts.rules import RuleDefinition

FOLDER = Path(__file__).parent.parent / "rules"


@cache
def packs() -> tuple[dict[str, Any], ...]:
    """All rules of all packs as plain data, packs in order of their file names."""
    found: list[dict[str, Any]] = []
    for path in sorted(FOLDER.glob("*.yaml")):
        found += yaml.safe_load(path.read_text(encoding="utf-8"))
    return tuple(found)


def definitions(now: datetime) -> list[RuleDefinition]:
    """All rules as messages. Raises ValidationError naming what is wrong in a pack."""
    return [definition(fields, now) for fields in packs()]


def definition(fields: dict[str, Any], now: datetime) -> RuleDefinition:
    """One rule as the message of version 1; its id follows from its content."""
    text = json.dumps(fields, sort_keys=True, ensure_ascii=False)
    message = {
        "id": content_id("rul", text),
        "occurred_at": now.isoformat(),
        "sent_at": now.isoformat(),
        "origin_unit": CITY,
        "tier": Tier.CITY,
        "version": 1,
        **fields,
    }
    return RuleDefinition.model_validate_json(json.dumps(message))
