"""Data calls: answers with status 200 are counted by day, topic and sensor; nothing else is."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from services.console.core.data_calls import TOPICS_OF_ROUTES, CallCounts, called_entries
from shared.contracts.topics import TOPICS
from tests.support.services import built_app

DAY = date(2026, 12, 3)


def test_every_counted_route_is_a_route_of_the_api_and_every_topic_a_topic(tmp_path: Path) -> None:
    paths = built_app("console", tmp_path).openapi()["paths"]
    assert [route for route in TOPICS_OF_ROUTES if "get" not in paths.get(route, {})] == []
    assert set(TOPICS_OF_ROUTES.values()) <= TOPICS.keys()


def test_readings_are_a_call_of_their_topic_and_of_the_sensor() -> None:
    entries = called_entries("/api/sensors/{sensor_id}/readings", {"sensor_id": "gauge-1"})
    assert entries == ("topic:sensing.readings.v1", "sensor:gauge-1")
    assert called_entries("/api/alerts", {}) == ("topic:alert.lifecycle.v1",)
    assert called_entries("/api/overview", {}) == called_entries("", {}) == ()


def test_calls_are_taken_once_and_come_back_when_they_could_not_be_stored() -> None:
    counts = CallCounts()
    for entries in (("topic:a",), ("topic:a", "sensor:b")):
        counts.add(DAY, entries)
    calls = counts.take()
    assert calls == {(DAY, "topic:a"): 2, (DAY, "sensor:b"): 1}
    assert counts.take() == {}
    counts.add(DAY, ("topic:a",))
    counts.put_back(calls)
    assert counts.take() == {(DAY, "topic:a"): 3, (DAY, "sensor:b"): 1}
