"""The access lists for Kafka are those of the topic table and of what the services really read."""

from __future__ import annotations

import importlib
import re
import subprocess
from pathlib import Path
from typing import Any, cast

import pytest

from deploy import acl
from shared.contracts.topics import READINGS, RULES, TOPICS, TopicSpec
from shared.runtime.platform import Platform
from tests.support.services import SERVICES, built_broker

ROOT = Path(__file__).parents[2]
BY_HAND = {
    "services/audit/canary/records.py",
    "services/audit/store/kafka_log.py",
    "services/console/features/sensors/history_writer.py",
    "services/console/features/sensors/reading_log.py",
    "deploy/commands/catalog/delivery.py",
    "deploy/commands/rules/kafka.py",
    "services/scoring/store/changelog.py",
}
"""Where a consumer is made outside of shared/runtime; `LOOKED_INTO` says of what.
deploy/commands are the operator's: that of rules works as deploy, that of the ledger as operator.
"""


def names(specs: tuple[TopicSpec, ...]) -> set[str]:
    return {spec.name for spec in specs}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_may_read_what_it_subscribes_to_and_hold_its_tables(
    service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables: set[str] = set()
    table = Platform.table

    def noted(self: Platform, spec: TopicSpec, *more: Any) -> Any:
        tables.add(spec.name)
        return table(self, spec, *more)

    monkeypatch.setattr(Platform, "table", noted)
    broker = built_broker(service, tmp_path)
    subscribers = [cast("Any", subscriber) for subscriber in broker.subscribers]
    assert {topic.name for subscriber in subscribers for topic in subscriber.topics} == names(
        acl.BY_GROUP.get(service, ())
    )
    assert {subscriber.group_id for subscriber in subscribers} <= {acl.group(service)}
    assert tables == names(acl.TABLES.get(service, ()))


def test_every_reader_outside_a_consumer_group_is_on_the_list() -> None:
    results = {
        str(path.relative_to(ROOT))
        for path in (*ROOT.glob("services/**/*.py"), *ROOT.glob("deploy/commands/**/*.py"))
        if re.search(r"(AIOKafkaConsumer|make_reader)\(", path.read_text(encoding="utf-8"))
    }
    assert results == BY_HAND
    assert {RULES.name, READINGS.name} <= acl.without_group("console")
    partitions = importlib.import_module("services.audit.store.kafka_log").partitions()
    assert {topic for topic, _ in partitions} == acl.without_group("audit")


def test_only_owners_and_writers_write_a_topic() -> None:
    for spec in TOPICS.values():
        writers = {PRINCIPAL for PRINCIPAL in acl.PRINCIPALS if spec.name in acl.written(PRINCIPAL)}
        # The operator replays a refused record of any topic; no service may.
        replayers = {acl.OPERATOR} if spec.dead_letters else set()
        assert writers == {spec.owner, *spec.writers} | replayers
    assert not {grant.operation for grant in acl.grants()} & {"All", "Alter", "Delete"}
    assert not [name for grant in acl.grants() for name in grant.names if "*" in name]


def test_page_and_script_are_current() -> None:
    assert acl.PAGE.read_text(encoding="utf-8") == acl.page(), "run python -m deploy.acl"
    assert acl.SCRIPT.read_text(encoding="utf-8") == acl.script(), "run python -m deploy.acl"


def test_the_script_allows_every_grant_once(tmp_path: Path) -> None:
    """Run with a kafka-acls.sh that only writes down how it was called."""
    tool = tmp_path / "kafka-acls.sh"
    tool.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n')
    tool.chmod(0o755)
    call = ["/bin/bash", str(acl.SCRIPT), "broker:9092", "admin.properties"]
    subprocess.run(call, check=True, env={"PATH": f"{tmp_path}:/usr/bin:/bin"})
    calls = (tmp_path / "calls").read_text().splitlines()
    assert len(calls) == len(set(calls)) == len(list(acl.grants()))
    head = (
        "--bootstrap-server broker:9092 --command-config admin.properties --add --allow-principal "
    )
    assert all(call.startswith(head) for call in calls)
    (reading,) = [call for call in calls if "fenghuo-console --operation Read --topic" in call]
    assert f"--topic {READINGS.name}" in reading
    (writing,) = [call for call in calls if "fenghuo-scoring --operation Write" in call]
    assert not re.search(r"--topic alert\.lifecycle\.v1( |$)", writing)
