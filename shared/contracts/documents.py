"""JSON Schemas of every topic, generated from the models; snapshots of them are kept in tests."""

from __future__ import annotations

from typing import Any

from shared.contracts.topics import DEAD_LETTER, TOPICS


def json_schemas() -> dict[str, dict[str, Any]]:
    """JSON Schema (2020-12) by topic name, plus `dead_letter` for every dead-letter topic."""
    schemas = {
        name: spec.model.json_schema(ref_template="#/$defs/{model}")
        for name, spec in TOPICS.items()
        if spec.contract is not None
    }
    schemas["dead_letter"] = DEAD_LETTER.json_schema()
    return schemas
