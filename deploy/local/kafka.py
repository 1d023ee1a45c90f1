"""Kafka nodes on 127.0.0.1: Apache Kafka in KRaft mode, or a stand-in without its jars.

One node by default. Three nodes are a cluster as docker-compose.yml describes it: every node is
broker and controller, every topic has three copies, and two of them have to be written.
"""

import base64
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from deploy.files import last_lines
from deploy.local import jars
from deploy.local.endpoints import process_name
from deploy.local.errors import StackError
from deploy.local.java import Java, find
from deploy.local.paths import Paths
from deploy.local.ports import HOST
from deploy.local.supervisor import Program

NAME = "kafka"
HEAP_MB = 512
_HEAP_MB_OF_MANY = 256
"""The heap of each node when there are several."""
COPIES = 3
"""The copies of a topic on a cluster of at least as many nodes."""


def node_name(number: int) -> str:
    """Return the name of a node's process: `kafka`, `kafka-1`, `kafka-2`."""
    return process_name(NAME, number)


def replication(nodes: int) -> int:
    """Return the copies of each topic on a cluster of `nodes` nodes."""
    return min(nodes, COPIES)


@dataclass(frozen=True)
class NodePorts:
    """The two ports of a node."""

    client: int
    controller: int


class Broker(Protocol):
    """The settings of a broker."""

    @property
    def name(self) -> str:
        """Product and version, shown wherever results are shown."""

    @property
    def stand_in(self) -> bool:
        """True when this is not Apache Kafka: no claim about faults or speed may rest on it."""

    @property
    def bootstrap(self) -> str:
        """`host:port[,host:port]` for clients."""

    def prepare(self) -> list[Program]:
        """Format and configure what a first start needs; blocking, up to 2 s a node.

        One program per node.
        """


@dataclass(frozen=True)
class ApacheKafka:
    """Broker and controller in one process per node."""

    paths: Paths
    ports: tuple[NodePorts, ...]
    java: Java
    classpath: tuple[Path, ...]
    stand_in: bool = False

    @property
    def name(self) -> str:
        """Product and version."""
        return f"apache-kafka {jars.KAFKA_VERSION}"

    @property
    def bootstrap(self) -> str:
        """`host:port[,host:port]` for clients."""
        return ",".join(f"{HOST}:{node.client}" for node in self.ports)

    def prepare(self) -> list[Program]:
        """Write the configurations and format the data folders once.

        Raises StackError when formatting fails, or when the data are those of another number of
        nodes.
        """
        for number in range(len(self.ports)):
            config = render_config(number, self.ports, self._data(number))
            self._config(number).write_text(config, encoding="ascii")
        formatted = len([*self.paths.data.glob(f"{NAME}*/meta.properties")])
        if not formatted:
            self._format()
        elif formatted != len(self.ports):
            raise StackError(
                f"the data in {self.paths.data} are those of {formatted} Kafka nodes, not of "
                f"{len(self.ports)}; start as many, or remove the data (`make clean`)."
            )
        return [
            Program(
                node_name(number),
                [*self._java("kafka.Kafka"), str(self._config(number))],
                self._log(number),
                stop_grace_s=15.0,
                # Orderly even when the supervisor is killed: a crashed node needs seconds to
                # return.
                orphan_signal=signal.SIGTERM,
            )
            for number in range(len(self.ports))
        ]

    def _format(self) -> None:
        """Format the data folder of every node, all at once."""
        cluster = new_cluster_id()
        voters = "--standalone"
        if len(self.ports) > 1:
            nodes = (
                f"{number + 1}@{HOST}:{node.controller}:{new_cluster_id()}"
                for number, node in enumerate(self.ports)
            )
            voters = f"--initial-controllers={','.join(nodes)}"
        processes = []
        for number in range(len(self.ports)):
            arguments = ["format", voters, "-t", cluster, "-c", str(self._config(number))]
            command = [*self._java("kafka.tools.StorageTool"), *arguments, "--ignore-formatted"]
            with self._log(number).open("ab") as output:
                processes.append(subprocess.Popen(command, stdout=output, stderr=output))
        for number, process in enumerate(processes):
            if process.wait() != 0:
                line = (last_lines(self._log(number)) or ["no output"])[-1]
                folder = self._data(number)
                raise StackError(f"Kafka's data folder {folder} cannot be formatted: {line}")

    def _data(self, number: int) -> Path:
        return self.paths.data / node_name(number)

    def _config(self, number: int) -> Path:
        return self.paths.run / f"{node_name(number)}.properties"

    def _log(self, number: int) -> Path:
        return self.paths.log / f"{node_name(number)}.log"

    def _java(self, main_class: str) -> list[str]:
        classpath = os.pathsep.join(str(path) for path in self.classpath)
        logging = [
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
        ]
        flags = self.java.flags(HEAP_MB if len(self.ports) == 1 else _HEAP_MB_OF_MANY)
        return [str(self.java.program), *flags, *logging, "-cp", classpath, main_class]


@dataclass(frozen=True)
class StandIn:
    """noida-db: speaks Kafka's protocol, is not Kafka, and says so wherever it appears."""

    paths: Paths
    port: int
    program: Path
    stand_in: bool = True

    @property
    def name(self) -> str:
        """Product and version, with the warning that belongs to it."""
        return f"noida-db {version('noida-db')} (stand-in broker, not Apache Kafka)"

    @property
    def bootstrap(self) -> str:
        """`host:port` for clients."""
        return f"{HOST}:{self.port}"

    def prepare(self) -> list[Program]:
        """Nothing to format. The binary itself is run: its Python wrapper outlives no signal."""
        data = self.paths.data / "noida"
        data.mkdir(exist_ok=True)
        arguments = ["start", "--only", "kafka", "--kafka-port", str(self.port)]
        argv = [str(self.program), *arguments, "--data-dir", str(data)]
        log = self.paths.log / "kafka.log"
        return [Program(NAME, argv, log, orphan_signal=signal.SIGTERM)]


def choose_broker(paths: Paths, node_ports: Sequence[NodePorts], choice: str = "") -> Broker:
    """Apache Kafka wherever its jars are cached or can be fetched, else the stand-in.

    One node per pair of ports; the stand-in has one node only.

    `choice` is "kafka" (no stand-in), "noida" (only the stand-in) or "": FENGHUO_BROKER
    decides, otherwise the choice is automatic. Raises StackError when the preferred broker is
    unavailable.
    """
    choice = choice or os.environ.get("FENGHUO_BROKER", "") or "auto"
    if choice not in {"auto", "kafka", "noida"}:
        raise StackError(f'FENGHUO_BROKER reads "{choice}" but must be kafka, noida or auto.')
    if choice != "noida":
        try:
            java = find()
            classpath = tuple(jars.cached() or jars.fetch())
            return ApacheKafka(paths, tuple(node_ports), java, classpath)
        except StackError as error:
            if choice == "kafka" or len(node_ports) > 1:
                raise
            print(f"fenghuo: {error}", file=sys.stderr)
    if len(node_ports) > 1:
        raise StackError("the stand-in broker has one node; several need FENGHUO_BROKER=kafka.")
    spec = find_spec("noida_db")
    program = Path(spec.origin).with_name("noida-db") if spec and spec.origin else Path()
    if not program.is_file():
        raise StackError("neither Apache Kafka nor the stand-in broker is available here.")
    broker = StandIn(paths, node_ports[0].client, program)
    print(banner(broker.name), file=sys.stderr, flush=True)
    return broker


def banner(broker_name: str) -> str:
    """A box nobody overlooks."""
    lines = (
        broker_name,
        "No claim about faults, durability or speed holds on this broker.",
    )
    width = max(map(len, lines)) + 2
    body = "\n".join(f"! {line.ljust(width - 1)}!" for line in lines)
    return f"{'!' * (width + 2)}\n{body}\n{'!' * (width + 2)}"


def new_cluster_id() -> str:
    """A random cluster id that no option parser takes for an option."""
    while (text := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("="))[0] == "-":
        pass
    return text


def render_config(number: int, nodes: Sequence[NodePorts], data: Path) -> str:
    """server.properties of a node that is broker and controller, the `number`-th from 0."""
    own = nodes[number]
    controllers = ",".join(f"{HOST}:{node.controller}" for node in nodes)
    copies = replication(len(nodes))
    written = max(1, copies - 1)
    # After a kill -9 a single node must wait until its old session has expired: 4 s instead of 11.
    # Of several nodes the others lead meanwhile, as in docker-compose.yml.
    session_ms = 2_000 if len(nodes) == 1 else 3_000
    return f"""\
process.roles=broker,controller
node.id={number + 1}
controller.quorum.bootstrap.servers={controllers}
listeners=PLAINTEXT://{HOST}:{own.client},CONTROLLER://{HOST}:{own.controller}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
unclean.leader.election.enable=false
min.insync.replicas={written}
offsets.topic.replication.factor={copies}
offsets.topic.num.partitions={copies}
transaction.state.log.replication.factor={copies}
transaction.state.log.min.isr={written}
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor={copies}
share.coordinator.state.topic.min.isr={written}
group.initial.rebalance.delay.ms=0
# The cleaner takes 128 MB of heap by default; 2 MB serve our compacted topics.
log.cleaner.dedupe.buffer.size=2097152
broker.session.timeout.ms={session_ms}
broker.heartbeat.interval.ms=500
"""
