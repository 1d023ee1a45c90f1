"""docker-compose.yml, Prometheus and Grafana agree with the code; the tests need no engine."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from deploy.local.postgres import MAX_CONNECTIONS, RESERVED_CONNECTIONS
from deploy.local.topics import planned_topics
from docs.make_settings import settings_of
from services.alerting.metrics import AlertingMetrics
from services.audit.metrics import AuditMetrics
from services.audit.watch.metrics import WatchMetrics
from services.ingest.metrics import IngestMetrics
from services.ingest.settings import Settings
from services.notify.metrics import NotifyMetrics
from services.scoring.metrics import ScoringMetrics
from shared.contracts.topics import TOPICS
from shared.runtime.metrics import RuntimeMetrics
from tests.support.services import SERVICES, built_platform

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"


def check(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "check_jsonschema",
            "--builtin-schema",
            "vendor.compose-spec",
            str(path),
        ],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return loaded


def test_compose_follows_the_specification() -> None:
    process = check(COMPOSE)
    assert process.returncode == 0, process.stdout


def test_the_check_refuses_a_misspelt_key(tmp_path: Path) -> None:
    bad = tmp_path / "docker-compose.yml"
    bad.write_text(COMPOSE.read_text().replace("healthcheck:", "healthchek:", 1))
    assert check(bad).returncode != 0


def test_no_log_fills_the_disk(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        options = service["logging"]["options"]
        assert {"max-size", "max-file"} <= options.keys(), name


def test_measurements_have_a_bound(compose: dict[str, Any]) -> None:
    command = " ".join(compose["services"]["prometheus"]["command"])
    assert "--storage.tsdb.retention.size=" in command
    assert "--config.file=" in command


def test_no_container_takes_the_memory_of_another(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert re.fullmatch(r"[1-9]\d*[mg]", service["mem_limit"]), name


def test_two_processes_of_every_service_find_a_connection(compose: dict[str, Any]) -> None:
    fields = [settings_of(name).model_fields for name in SERVICES]
    pools = [field["database_pool"].default for field in fields if "database_pool" in field]
    assert not any(
        "FENGHUO_DATABASE_POOL" in service.get("environment", {})
        for service in compose["services"].values()
    )
    # While a process is replaced, the next one of its service is already there.
    needed = 2 * sum(pools) + max(pools) + RESERVED_CONNECTIONS
    command = compose["services"]["postgres"]["command"]
    assert f"max_connections={MAX_CONNECTIONS}" in command
    assert needed <= MAX_CONNECTIONS


def test_a_dead_node_is_noticed_before_a_sender_gives_up(compose: dict[str, Any]) -> None:
    for name in ("kafka-1", "kafka-2", "kafka-3"):
        environment = compose["services"][name]["environment"]
        session_s = int(environment["KAFKA_BROKER_SESSION_TIMEOUT_MS"]) / 1000
        assert session_s < Settings.model_fields["publish_timeout_s"].default


def test_every_service_runs_and_knows_its_settings(compose: dict[str, Any]) -> None:
    for service in SERVICES:
        definition = compose["services"][service]
        assert definition["command"] == ["python", "-m", f"services.{service}"]
        fields = importlib.import_module(f"services.{service}.settings").Settings.model_fields
        variables = {name.removeprefix("FENGHUO_").lower() for name in definition["environment"]}
        required = {name for name, field in fields.items() if field.is_required()}
        assert required <= variables, f"{service} would not start"
        assert variables <= fields.keys(), f"{service} does not know {variables - fields.keys()}"
        switches = {
            name for name, field in fields.items() if not field.is_required() and not field.default
        }
        switches -= {"group_instance_id"}  # the image says it
        assert switches <= variables, f"{service}: {switches - variables} cannot be switched on"


def test_every_container_of_a_service_is_a_group_member_of_its_own(
    compose: dict[str, Any],
) -> None:
    for service in SERVICES:
        assert "FENGHUO_GROUP_INSTANCE_ID" not in compose["services"][service]["environment"]
    [entrypoint] = [
        json.loads(line.removeprefix("ENTRYPOINT "))
        for line in (ROOT / "deploy" / "compose" / "Dockerfile").read_text().splitlines()
        if line.startswith("ENTRYPOINT ")
    ]
    show = [*entrypoint, sys.executable, "-c", "import os; print(os.environ[%r])"]
    show[-1] %= "FENGHUO_GROUP_INSTANCE_ID"
    answer = subprocess.run(show, env={"HOSTNAME": "d1"}, capture_output=True, check=True)
    assert answer.stdout == b"d1\n"


def test_kafka_has_three_nodes_and_never_two_copies_less(compose: dict[str, Any]) -> None:
    nodes = [name for name in compose["services"] if name.startswith("kafka-")]
    assert len(nodes) == 3
    for name in nodes:
        environment = compose["services"][name]["environment"]
        assert environment["KAFKA_MIN_INSYNC_REPLICAS"] == "2"
        assert environment["KAFKA_DEFAULT_REPLICATION_FACTOR"] == "3"
        assert environment["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    assert compose["services"]["setup"]["environment"]["FENGHUO_REPLICATION_FACTOR"] == "3"


def test_topics_are_created_as_the_table_says() -> None:
    planned = {topic.name: topic for topic in planned_topics(replication=3)}
    for name, spec in TOPICS.items():
        topic = planned[name]
        assert topic.num_partitions == spec.partitions
        assert topic.replication_factor == 3
        assert topic.topic_configs["cleanup.policy"] == spec.cleanup
        if spec.dead_letters:
            assert planned[spec.dlq].num_partitions == spec.partitions
    assert len(planned) == len(TOPICS) + sum(spec.dead_letters for spec in TOPICS.values())


def test_the_set_up_needs_no_particular_node_and_is_run_again(compose: dict[str, Any]) -> None:
    setup = compose["services"]["setup"]
    nodes = [name for name in compose["services"] if name.startswith("kafka-")]
    assert setup["restart"].startswith("on-failure")
    bootstrap = setup["environment"]["FENGHUO_KAFKA_BOOTSTRAP"]
    assert bootstrap.split(",") == [f"{name}:9092" for name in nodes]
    for name in nodes:
        assert setup["depends_on"][name]["condition"] == "service_started"
    assert setup["depends_on"]["postgres"]["condition"] == "service_healthy"
    for name in SERVICES:
        condition = compose["services"][name]["depends_on"]["setup"]["condition"]
        assert condition == "service_completed_successfully"


def test_no_secret_has_a_default(compose: dict[str, Any]) -> None:
    for name, definition in compose["services"].items():
        for key, value in definition.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|TOKEN|DATABASE_URL|CARRIER_KEY", key):
                assert value is None or ":?" in value, f"{name}.{key}"


def test_every_port_is_bound_to_this_machine(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_prometheus_scrapes_every_service_and_asks_for_series_that_exist() -> None:
    folder = ROOT / "deploy" / "prometheus"
    config = yaml.safe_load((folder / "prometheus.yml").read_text())
    targets = config["scrape_configs"][0]["static_configs"][0]["targets"]
    assert set(targets) == {f"{service}:8000" for service in SERVICES}
    rules = yaml.safe_load((folder / "alerts.yml").read_text())
    expressions = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    board = json.loads((ROOT / "deploy" / "grafana" / "dashboards" / "fenghuo.json").read_text())
    expressions += [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    named = {name for text in expressions for name in re.findall(r"fenghuo_\w+", text)}
    exported = set(re.findall(r"fenghuo_\w+", _exported()))
    assert named <= exported, named - exported


def test_alerts_of_prometheus_reach_the_auditors_door(
    compose: dict[str, Any], tmp_path: Path
) -> None:
    folder = ROOT / "deploy" / "prometheus"
    config = yaml.safe_load((folder / "prometheus.yml").read_text())
    (managers,) = config["alerting"]["alertmanagers"]
    assert managers["static_configs"] == [{"targets": ["alertmanager:9093"]}]
    manager = yaml.safe_load((folder / "alertmanager.yml").read_text())
    receivers = {receiver["name"]: receiver for receiver in manager["receivers"]}
    routes = [manager["route"], *manager["route"]["routes"]]
    assert {route["receiver"] for route in routes} == receivers.keys()
    (door,) = receivers["duty-officers"]["webhook_configs"]
    url = urlsplit(door["url"])
    assert (url.hostname, url.port) == ("audit", 8000)
    paths = {path for path, _ in built_platform("audit", tmp_path).routes()}
    assert url.path in paths
    secret = Path(door["http_config"]["authorization"]["credentials_file"]).name
    assert secret in compose["services"]["alertmanager"]["secrets"]
    variable = compose["secrets"][secret]["environment"]
    assert variable in compose["services"]["audit"]["environment"]
    assert door["send_resolved"] is True


def test_the_auditor_watches_every_service_but_itself(compose: dict[str, Any]) -> None:
    environment = compose["services"]["audit"]["environment"]
    names = [item.split("=")[0] for item in environment["FENGHUO_AUDIT_WATCHED"].split(",")]
    assert set(names) == set(SERVICES) - {"audit"}


def _exported() -> str:
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry()
    metrics = RuntimeMetrics(registry)
    labelled = (
        metrics.records,
        metrics.duplicates,
        metrics.published,
        metrics.lag,
        metrics.blocked,
    )
    for counter in labelled:
        counter.labels("topic")
    metrics.dead_letters.labels("topic", "reason")
    AuditMetrics(registry)
    WatchMetrics().register(registry)
    AlertingMetrics(registry)
    NotifyMetrics(registry)
    ScoringMetrics(registry)
    IngestMetrics(registry).volume_free.labels("1")
    return generate_latest(registry).decode()
