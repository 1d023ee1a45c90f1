"""Alarms never wait behind states: each has a producer, since one sends one request at a time."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from services.scoring.metrics import ScoringMetrics
from services.scoring.settings import Settings
from services.scoring.unit_of_work.alarm_publisher import AlarmPublisher
from services.scoring.unit_of_work.checkpoint_writer import CheckpointWriter
from shared.runtime.platform import Platform


def test_states_and_alarms_have_a_producer_each_and_both_must_be_ready() -> None:
    platform = Platform("scoring", Settings(kafka_bootstrap="127.0.0.1:1", http_port=1))
    metrics = ScoringMetrics(CollectorRegistry())
    storing = CheckpointWriter(platform, metrics, AlarmPublisher(platform, metrics), 1.0)
    assert storing._publisher is not platform.publisher
    assert len([problem for problem in platform.health.problems() if "producer" in problem]) == 2
