"""One Kafka node on 127.0.0.1: Apache Kafka in KRaft mode, or a stand-in without its jars."""

import base64
import os
import signal
import subprocess
import sys
import uuid
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from deploy.files import last_lines
from deploy.local import jars
from deploy.local.errors import StackError
from deploy.local.java import Java, find
from deploy.local.paths import Paths
from deploy.local.ports import HOST
from deploy.local.supervisor import Program

NAME = "kafka"
HEAP_MB = 512


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
        """`host:port` for clients."""

    def prepare(self) -> Program:
        """Format and configure what a first start needs; blocking, up to 2 s."""


@dataclass(frozen=True)
class ApacheKafka:
    """Broker and controller in one process."""

    paths: Paths
    port: int
    controller_port: int
    java: Java
    classpath: tuple[Path, ...]
    stand_in: bool = False

    @property
    def name(self) -> str:
        """Product and version."""
        return f"apache-kafka {jars.KAFKA_VERSION}"

    @property
    def bootstrap(self) -> str:
        """`host:port` for clients."""
        return f"{HOST}:{self.port}"

    def prepare(self) -> Program:
        """Write the configuration and format the data folder once.

        Raises StackError when formatting fails.
        """
        data = self.paths.data / NAME
        config = self.paths.run / "kafka.properties"
        config.write_text(render_config(self.port, self.controller_port, data), encoding="ascii")
        log = self.paths.log / "kafka.log"
        if not (data / "meta.properties").exists():
            arguments = ["format", "--standalone", "-t", new_cluster_id(), "-c", str(config)]
            command = [*self._java("kafka.tools.StorageTool"), *arguments, "--ignore-formatted"]
            with log.open("ab") as output:
                process = subprocess.run(command, stdout=output, stderr=output, check=False)
            if process.returncode != 0:
                line = (last_lines(log) or ["no output"])[-1]
                raise StackError(f"Kafka's data folder {data} cannot be formatted: {line}")
        return Program(
            NAME,
            [*self._java("kafka.Kafka"), str(config)],
            log,
            stop_grace_s=15.0,
            # Orderly even when the supervisor is killed: a crashed node needs seconds to return.
            orphan_signal=signal.SIGTERM,
        )

    def _java(self, main_class: str) -> list[str]:
        classpath = os.pathsep.join(str(path) for path in self.classpath)
        logging = [
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
        ]
        flags = self.java.flags(HEAP_MB)
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

    def prepare(self) -> Program:
        """Nothing to format. The binary itself is run: its Python wrapper outlives no signal."""
        data = self.paths.data / "noida"
        data.mkdir(exist_ok=True)
        arguments = ["start", "--only", "kafka", "--kafka-port", str(self.port)]
        argv = [str(self.program), *arguments, "--data-dir", str(data)]
        return Program(NAME, argv, self.paths.log / "kafka.log", orphan_signal=signal.SIGTERM)


def choose_broker(paths: Paths, port: int, controller_port: int, choice: str = "") -> Broker:
    """Apache Kafka wherever its jars are cached or can be fetched, else the stand-in.

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
            return ApacheKafka(paths, port, controller_port, java, classpath)
        except StackError as error:
            if choice == "kafka":
                raise
            print(f"fenghuo: {error}", file=sys.stderr)
    spec = find_spec("noida_db")
    program = Path(spec.origin).with_name("noida-db") if spec and spec.origin else Path()
    if not program.is_file():
        raise StackError("neither Apache Kafka nor the stand-in broker is available here.")
    broker = StandIn(paths, port, program)
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


def render_config(port: int, controller_port: int, data: Path) -> str:
    """server.properties of one node that is broker and controller."""
    return f"""\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers={HOST}:{controller_port}
listeners=PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
# The cleaner takes 128 MB of heap by default; 2 MB serve our compacted topics.
log.cleaner.dedupe.buffer.size=2097152
# After a kill -9 the node must wait until its old session has expired: 4 s instead of 11.
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
"""
