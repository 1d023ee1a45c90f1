"""Prometheus' own tools accept its configuration, and its rules fire when they should."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.audit.core.findings.snapshot import FindingKind

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "prometheus"
FOUND_BY_THE_AUDITOR: dict[str, set[FindingKind]] = {
    "ServiceDown": {FindingKind.COMPONENT_DOWN},
    "ConsumerLate": {FindingKind.READER_LATE},
    "OutboxStuck": {FindingKind.OUTBOX_STUCK},
    "OutboxPartitionWaits": {FindingKind.OUTBOX_STUCK},
    "OutboxQuarantined": {FindingKind.OUTBOX_STUCK},
    "DeadLettersGrow": {FindingKind.LETTERS_GROW},
    "DeadLettersOfABug": {FindingKind.LETTERS_GROW},
    "IngestClockOff": {FindingKind.COMPONENT_TROUBLED},
    "TicksOfIngestMissing": {FindingKind.COMPONENT_TROUBLED},
    "RuleQuarantined": {FindingKind.COMPONENT_TROUBLED},
    "HeartbeatWithheld": {FindingKind.COMPONENT_DOWN, FindingKind.COMPONENT_NOT_READY},
    "AuditFinding": set(FindingKind),
}
"""The alerts about which Alertmanager calls nobody, and the findings that call instead."""
FAULTS_WITH_AN_OWNER: dict[str, set[FindingKind | str]] = {
    "auditor findings": {FindingKind.RECORD_LOST, FindingKind.RECORD_CORRUPT},
    "dead components": {FindingKind.COMPONENT_DOWN, FindingKind.COMPONENT_NOT_READY},
    "lag in seconds": {FindingKind.READER_LATE, FindingKind.CONSUMER_STOPPED},
    "stuck timers": {FindingKind.TIMER_OVERDUE, FindingKind.TIMER_COUNT, "TimersLate"},
    "full disks": {FindingKind.DISK_FULL, "KafkaVolumeFills", "ReadingsRefused"},
    "failing carriers": {FindingKind.CARRIER_FAILS, "CarrierRefuses"},
    "missing heartbeats": {FindingKind.HEARTBEAT_MISSING},
    "dead letters": {FindingKind.LETTERS_GROW},
    "wrong clocks": {FindingKind.COMPONENT_TROUBLED, FindingKind.CLOCKS_DIFFER},
    "a standing partition": {"PartitionStands"},
    "a blind auditor": {"AuditBlind", "ChecksStopped"},
}
"""Each of these faults is a page, as a finding of the auditor or as an alert sent to it."""


def tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"there is no {name} on this machine (the distribution's package)")
    return path


def check(name: str, *arguments: str) -> str:
    """Run a tool that has to succeed; return its output."""
    command = [tool(name), *arguments]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout


@pytest.fixture(scope="module")
def rules() -> dict[str, dict[str, Any]]:
    loaded = yaml.safe_load((FOLDER / "alerts.yml").read_text())
    return {rule["alert"]: rule for group in loaded["groups"] for rule in group["rules"]}


def test_the_configuration_is_valid() -> None:
    check("promtool", "check", "config", str(FOLDER / "prometheus.yml"))
    check("amtool", "check-config", str(FOLDER / "alertmanager.yml"))


def test_the_rules_fire_and_fall_silent_as_they_should() -> None:
    check("promtool", "test", "rules", str(FOLDER / "alerts_test.yml"))


def test_only_what_the_auditor_finds_itself_is_not_sent_to_it(
    rules: dict[str, dict[str, Any]],
) -> None:
    silent = {name for name, rule in rules.items() if rule["labels"].get("finder") == "auditor"}
    assert silent == FOUND_BY_THE_AUDITOR.keys()


@pytest.mark.parametrize("name", ["TimersLate", "ServiceDown"])
def test_alertmanager_routes_each_alert_to_people_or_to_nobody(
    rules: dict[str, dict[str, Any]], name: str
) -> None:
    labels = {"alertname": name, **rules[name]["labels"]}
    receiver = check(
        "amtool",
        "config",
        "routes",
        "test",
        f"--config.file={FOLDER / 'alertmanager.yml'}",
        *(f"{key}={value}" for key, value in labels.items()),
    ).strip()
    expected = "already-called" if name in FOUND_BY_THE_AUDITOR else "duty-officers"
    assert receiver == expected


def test_every_fault_of_the_system_has_a_way_to_a_person(rules: dict[str, dict[str, Any]]) -> None:
    ways = set().union(*FAULTS_WITH_AN_OWNER.values())
    sent = {name for name in rules if name not in FOUND_BY_THE_AUDITOR}
    assert {way for way in ways if not isinstance(way, FindingKind)} <= sent
