"""Whatever a service counts of the world is counted per status: no drill moves a real count."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase

ROOT = Path(__file__).resolve().parents[2]
METRICS = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in ROOT.glob("services/*/metrics.py")
)
OF_THE_SYSTEM = {
    "fenghuo_scoring_readings": "each is counted per status when it is accepted, by ingest",
    "fenghuo_scoring_shadow": "about a rule, there is one pack for both worlds",
    "fenghuo_scoring_busy_seconds": "time spent",
    "fenghuo_scoring_states_stored": "writing of the changelog",
    "fenghuo_scoring_states": "memory held",
    "fenghuo_scoring_restore_seconds": "time spent",
    "fenghuo_scoring_flush_seconds": "time spent",
    "fenghuo_scoring_engine": "how the program runs",
    "fenghuo_alerting_rules_quarantined": "there is one pack for both worlds",
    "fenghuo_scoring_rules": "there is one pack for both worlds",
    "fenghuo_scoring_sensors": "the catalogue",
    "fenghuo_ingest_refused": "what is refused may not be readable, so it has no status",
    "fenghuo_ingest_refused_readings": "what is refused may not be readable, so it has no status",
    "fenghuo_ingest_ticks": "the log's clock",
    "fenghuo_ingest_clock_off_seconds": "the machine's clock against Kafka's",
    "fenghuo_scoring_ticks": "the log's clock",
    "fenghuo_ingest_sensors": "the catalogue",
    "fenghuo_ingest_sources": "the catalogue",
    "fenghuo_ingest_refuses_readings": "a volume of Kafka, in a drill too",
    "fenghuo_kafka_volume_free_ratio": "a volume of Kafka, in a drill too",
    "fenghuo_audit_findings_open": "whatever is wrong is, in a drill too",
    "fenghuo_audit_findings_raised": "whatever is wrong is, in a drill too",
    "fenghuo_audit_trail_entries": "length of one chain",
    "fenghuo_audit_checks": "the auditor's own work",
    "fenghuo_audit_checks_not_ready": "the auditor's own work",
    "fenghuo_audit_hop_records": "records of a hop, whatever they tell",
    "fenghuo_catalog_changes": "there is one ledger for both worlds",
    "fenghuo_catalog_restated": "there is one ledger for both worlds",
    "fenghuo_duty_changes": "there is one roster for both worlds",
    "fenghuo_duty_handovers": "there is one roster for both worlds",
}
"""Series that have no status, and why; those of the console are about its own doors and streams."""


def _series() -> list[tuple[str, tuple[str, ...]]]:
    results = []
    for name in METRICS:
        module = importlib.import_module(name)
        [kind] = [
            var
            for var in vars(module).values()
            if isinstance(var, type) and var.__module__ == module.__name__
        ]
        results += [
            (var._name, tuple(var._labelnames))
            for var in vars(kind(CollectorRegistry())).values()
            if isinstance(var, MetricWrapperBase)
        ]
    return results


SERIES = _series()


@pytest.mark.parametrize(("name", "labels"), SERIES, ids=[name for name, _ in SERIES])
def test_series_about_the_world_are_counted_per_status(name: str, labels: tuple[str, ...]) -> None:
    if not name.startswith("fenghuo_console_") and name not in OF_THE_SYSTEM:
        assert "status" in labels


def test_every_exemption_is_of_a_series_without_status() -> None:
    bare = {name for name, labels in SERIES if "status" not in labels}
    assert set(OF_THE_SYSTEM) <= bare
