"""Sources on the screen: states, keys without their digests, refusals by reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.console.core.names import UnitNames
from services.console.features.sources import views
from services.console.features.sources.source_book import CataloguedSource
from shared.contracts.fields import Tier
from shared.contracts.refusals import RefusedFor, SourceRefusal
from tests.support.sources import a_key, a_source_entry

NOW = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def view_of(*refusals: SourceRefusal, **entry: Any) -> dict[str, Any]:
    source = CataloguedSource(a_source_entry(**entry), "cat-1", 3)
    return views.source(source, None, refusals, UnitNames(), NOW)


def a_refusal(until: datetime, count: int = 1, **change: Any) -> SourceRefusal:
    fields: dict[str, Any] = {
        "id": f"ref-{until:%Y%m%d%H%M%S}",
        "occurred_at": until - HOUR,
        "sent_at": until,
        "until": until,
        "origin_unit": "500118000000",
        "tier": Tier.DISTRICT,
        "source": "gauges",
        "action": "POST /v1/readings",
        "reason": RefusedFor.NOT_ACCEPTABLE,
        "problem": "unit_mismatch",
        "count": count,
    }
    return SourceRefusal(**(fields | change))


@pytest.mark.parametrize(
    ("state", "change"),
    [
        ("active", {"key_hashes": (a_key("k"),)}),
        ("active", {"key_hashes": (a_key("k", NOW - HOUR), a_key("l", NOW + HOUR))}),
        ("without_key", {"key_hashes": (a_key("k", NOW),)}),
        ("without_key", {}),
        ("ended", {"ended": True}),
    ],
)
def test_the_state_of_a_source(state: str, change: dict[str, Any]) -> None:
    assert view_of(**change)["state"] == state


def test_valid_keys_are_shown_by_the_beginning_of_their_digest() -> None:
    keys = (a_key("old", NOW - HOUR), a_key("k", NOW + HOUR), a_key("new"))
    view = view_of(key_hashes=keys)
    assert view["keys"] == [
        {"fingerprint": keys[1].sha256[:8], "until": NOW + HOUR},
        {"fingerprint": keys[2].sha256[:8], "until": None},
    ]
    assert not any(key.sha256 in str(view) for key in keys)


def test_refusals_are_counted_by_reason_and_door_with_the_words_of_the_newest() -> None:
    newest = a_refusal(NOW, 3, detail="unit: cm is not the unit", subject_id="gauges:7")
    denied = a_refusal(NOW - HOUR, reason=RefusedFor.SENSOR_NOT_ALLOWED, problem=None)
    older = a_refusal(NOW - 2 * HOUR, 4, detail="older")
    report = a_refusal(NOW - 3 * HOUR, action="POST /v1/reports", problem="schema")
    view = view_of(newest, denied, older, report)
    assert view["refused"] == 9
    assert [(item["code"], item["action"], item["count"]) for item in view["refusals"]] == [
        ("unit_mismatch", "POST /v1/readings", 7),
        ("sensor_not_allowed", "POST /v1/readings", 1),
        ("schema", "POST /v1/reports", 1),
    ]
    first = view["refusals"][0]
    assert (first["since"], first["until"]) == (NOW - 3 * HOUR, NOW)
    assert (first["detail"], first["first_id"]) == ("unit: cm is not the unit", "gauges:7")


def test_every_place_has_a_name_but_all_of_them() -> None:
    assert view_of(places=("*", "500118118000"))["places"] == [
        {"unit": "*", "name": None},
        {"unit": "500118118000", "name": "500118118000"},
    ]
