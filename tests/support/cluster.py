"""Two real Kafka nodes, so that a partition can lose its leader while others keep theirs.

Node 1 is broker and controller and stays; node 2 is a broker that a test may kill and start again.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from deploy.local import jars
from deploy.local.java import find
from deploy.local.kafka import new_cluster_id
from deploy.local.ports import HOST, choose
from deploy.local.supervisor import Program, Supervisor

T = TypeVar("T")
_HEAP_MB = 256
_SESSION_MS = 3_000
"""As docker-compose.yml sets it: so long a broker may be silent before another leads its
partitions.
"""


class Cluster:
    """Addresses of the two nodes, and how to hurt the second."""

    def __init__(self, folder: Path, loop: asyncio.AbstractEventLoop) -> None:
        self._folder = folder
        self._loop = loop
        self._supervisor = Supervisor()
        self._ports = choose(("node-1", "node-2", "controller"), folder / "ports.json", {})

    @property
    def bootstrap(self) -> str:
        """Both nodes, for clients."""
        return f"{HOST}:{self._ports['node-1']},{HOST}:{self._ports['node-2']}"

    def up(self) -> None:
        """Format and start both, and wait until both take part."""
        cluster = new_cluster_id()
        for node in (1, 2):
            config = self._folder / f"node-{node}.properties"
            config.write_text(self._config(node), encoding="ascii")
            tool = [*_java("kafka.tools.StorageTool"), "format", "-t", cluster, "-c", str(config)]
            subprocess.run(tool, check=True, capture_output=True)
        for node in (1, 2):
            config = self._folder / f"node-{node}.properties"
            argv = [*_java("kafka.Kafka"), str(config)]
            log = self._folder / f"node-{node}.log"
            # To stop a node is to kill it: it hands nothing over.
            program = Program(f"node-{node}", argv, log, stop_signal=signal.SIGKILL)
            self._run(self._supervisor.start(program))
        self._wait_for_brokers(2)

    def down(self) -> None:
        """End both."""
        self._run(self._supervisor.stop_all())

    def kill(self) -> None:
        """Kill node 2; it stays down."""
        self._run(self._supervisor.stop("node-2"))

    def revive(self) -> None:
        """Start node 2 again; returns when it takes part."""
        self._run(self._supervisor.restart("node-2"))
        self._wait_for_brokers(2)

    def create(self, topic: str, replicas: Mapping[int, list[int]]) -> None:
        """Make a topic whose partitions lie on the nodes named."""
        self._run(self._create(topic, dict(replicas)))

    async def _create(self, topic: str, replicas: dict[int, list[int]]) -> None:
        async with _admin(self.bootstrap) as admin:
            await admin.create_topics([NewTopic(topic, -1, -1, replica_assignments=replicas)])
            async with asyncio.timeout(60):
                while not await _all_led(admin, topic, len(replicas)):
                    await asyncio.sleep(0.1)

    def _wait_for_brokers(self, count: int) -> None:
        async def wait() -> None:
            async with asyncio.timeout(120):
                while await _brokers(f"{HOST}:{self._ports['node-1']}") < count:
                    await asyncio.sleep(0.2)

        self._run(wait())

    def _config(self, node: int) -> str:
        controller = f"{HOST}:{self._ports['controller']}"
        own = f"PLAINTEXT://{HOST}:{self._ports[f'node-{node}']}"
        lines = {
            "process.roles": "broker,controller" if node == 1 else "broker",
            "node.id": node,
            "controller.quorum.voters": f"1@{controller}",
            "listeners": f"{own},CONTROLLER://{controller}" if node == 1 else own,
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            "log.dirs": self._folder / f"data-{node}",
            "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": 1,
            "log.cleaner.dedupe.buffer.size": 2_097_152,
            "broker.session.timeout.ms": _SESSION_MS,
            "broker.heartbeat.interval.ms": 500,
        }
        return "".join(f"{name}={value}\n" for name, value in lines.items())

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(180)


@contextmanager
def two_nodes(folder: Path) -> Iterator[Cluster]:
    """A running cluster; ended and removed at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="cluster", daemon=True)
    thread.start()
    cluster = Cluster(folder, loop)
    try:
        cluster.up()
        yield cluster
    finally:
        cluster.down()
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
        shutil.rmtree(folder, ignore_errors=True)


def _java(main_class: str) -> list[str]:
    java = find()
    classpath = os.pathsep.join(str(path) for path in jars.cached() or jars.fetch())
    quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
    return [str(java.program), *java.flags(_HEAP_MB), quiet, "-cp", classpath, main_class]


@asynccontextmanager
async def _admin(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await client.start()
    try:
        yield client
    finally:
        await client.close()


async def _brokers(bootstrap: str) -> int:
    try:
        async with _admin(bootstrap) as admin:
            return len((await admin.describe_cluster())["brokers"])
    except (KafkaError, OSError):
        return 0


async def _all_led(admin: AIOKafkaAdminClient, topic: str, partitions: int) -> bool:
    [description] = await admin.describe_topics([topic])
    leaders = [partition["leader"] for partition in description["partitions"]]
    return len(leaders) == partitions and all(leader > 0 for leader in leaders)
