"""The ground of both worlds: a drill cannot change it, and its records are refused on arrival."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.contracts.envelope import RealWorld
from shared.contracts.topics import TOPICS

GOLDEN = Path(__file__).parents[2] / "contract" / "golden"
STANDING = (
    "catalog.requests.v1",
    "catalog.resources.v1",
    "duty.coverage.v1",
    "duty.entries.v1",
    "duty.reachability.v1",
    "duty.roster.v1",
    "governance.limits.v1",
    "plan.definitions.v1",
    "rule.definitions.v1",
)


@pytest.mark.parametrize("topic", STANDING)
@pytest.mark.parametrize("status", ["Exercise", "Test"])
def test_a_record_of_a_drill_is_refused(topic: str, status: str) -> None:
    for path in sorted(GOLDEN.glob(f"{topic}@*.json")):
        body = json.loads(path.read_text())
        model = TOPICS[topic].model
        assert isinstance(model.validate_json(json.dumps(body)), RealWorld)
        with pytest.raises(ValidationError, match="status"):
            model.validate_json(json.dumps(body | {"status": status}))
