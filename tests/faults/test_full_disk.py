"""Full volumes of a real Kafka and a real Postgres: readings are refused first, confirmed records
stay, and work goes on when there is room.
"""

from __future__ import annotations

import asyncio
import json
import mmap
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from deploy.local import kafka, postgres
from deploy.local.paths import temporary_root
from services.ingest.core.clocks.event_clock import EventClock
from services.ingest.core.refusals import ProblemKind, RequestRefused
from services.ingest.core.volume_guard import VolumeGuard
from services.ingest.intake import Intake
from services.ingest.metrics import IngestMetrics
from services.ingest.volumes import watch_volumes
from shared.contracts.topics import ACKNOWLEDGEMENTS, READINGS
from shared.domain.top_unit import TopUnit
from shared.runtime.database import Database
from shared.runtime.errors import Transient
from shared.runtime.log_volumes import LogVolumes
from shared.runtime.outbound_records import OutboundRecord
from shared.runtime.platform import Platform
from shared.runtime.settings import ServiceSettings
from tests.component.ingest.harness import a_reading, a_report, a_sensor
from tests.support.infrastructure import Infrastructure, running
from tests.support.kafka import read_all
from tests.support.sources import a_source, an_admission
from tests.support.waiting import PATIENCE_S, until

pytestmark = [pytest.mark.e2e, pytest.mark.faults, pytest.mark.real_kafka]

SIZE = 320 << 20
MARK = 0.1


class Volume:
    """A small volume of its own for the data of a server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, free: float) -> None:
        """Leave this share of the volume free; the server may write at the same time."""
        piece = SIZE
        with self._ballast.open("ab") as ballast:
            while piece >= mmap.PAGESIZE:
                room = shutil.disk_usage(self.folder).free - int(free * SIZE)
                piece = min(piece, room)
                try:
                    os.posix_fallocate(ballast.fileno(), ballast.seek(0, 2), max(piece, 1))
                except OSError:
                    piece //= 2

    def clear(self) -> None:
        """Make room again."""
        self._ballast.unlink(missing_ok=True)


@contextmanager
def mounted(folder: Path) -> Iterator[Volume]:
    """A volume of SIZE bytes, in memory."""
    folder.mkdir(parents=True)
    options = f"size={SIZE},mode=755"
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root may mount a volume, and not everywhere")
    try:
        yield Volume(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


class Sender:
    """Sends readings, reports and acknowledgements, and notes what was confirmed."""

    def __init__(self, platform: Platform, intake: Intake) -> None:
        self._platform = platform
        self.intake = intake
        self.confirmed: dict[str, list[str]] = {"reading": [], "acknowledgement": []}

    async def reading(self, number: int) -> None:
        """Send a reading. Raises RequestRefused."""
        body = a_reading(id=f"r-{number}", occurred_at=datetime.now(UTC).isoformat())
        accepted = await self.intake.reading(json.dumps(body).encode(), a_source())
        self.confirmed["reading"].append(str(accepted.id))

    async def acknowledgement(self, number: int, size: int = 1_000) -> None:
        """Send an act as the console does. Raises Transient."""
        key = f"a-{number}"
        record = OutboundRecord(ACKNOWLEDGEMENTS.name, key.encode(), b"x" * size)
        await self._platform.publisher.send([record])
        self.confirmed["acknowledgement"].append(key)


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    folder = temporary_root("full-disk")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def kafka_volume(root: Path) -> Iterator[Volume]:
    with mounted(root / "data" / kafka.NAME) as volume:
        yield volume


@pytest.fixture(scope="module")
def servers(root: Path, kafka_volume: Volume) -> Iterator[Infrastructure]:
    with running(root) as infrastructure:
        yield infrastructure


@pytest.fixture(scope="module")
def postgres_volume(root: Path, servers: Infrastructure) -> Iterator[Volume]:
    """The volume of Postgres, which moves there: only Postgres' own user may enter its folder."""
    stack = servers.stack
    with tempfile.TemporaryDirectory(dir="/var/tmp") as parent:
        Path(parent).chmod(0o755)
        with mounted(Path(parent) / "volume") as volume:
            data = (root / "data" / postgres.NAME).resolve() / "data"
            servers.run(stack.supervisor.stop(postgres.NAME))
            subprocess.run(["cp", "-a", str(data), str(volume.folder)], check=True)
            shutil.rmtree(data)
            data.symlink_to(volume.folder / "data")
            servers.run(stack.supervisor.restart(postgres.NAME))
            servers.run(stack.wait_postgres(PATIENCE_S))
            yield volume
            servers.run(stack.supervisor.stop(postgres.NAME))


@pytest.fixture
async def sender(servers: Infrastructure) -> AsyncIterator[Sender]:
    """A sender to an ingest that asks the nodes for their volumes."""
    settings = ServiceSettings(kafka_bootstrap=servers.bootstrap, http_port=1)
    platform, metrics = Platform("ingest", settings), IngestMetrics(CollectorRegistry())
    clock = EventClock(follow_readings=False)
    intake = Intake(platform, clock, VolumeGuard(MARK), an_admission(), TopUnit(), metrics)
    intake.on_catalog(a_sensor("zhutuo-3", "water_level", "m", "吴淞"))
    volumes = LogVolumes(servers.bootstrap)
    await platform.publisher.start()
    watching = asyncio.create_task(watch_volumes(volumes, intake.volume_guard, metrics, 0.1))
    yield Sender(platform, intake)
    watching.cancel()
    await volumes.stop()
    await platform.publisher.stop()


async def test_readings_are_refused_first_and_nothing_confirmed_is_lost(
    servers: Infrastructure, kafka_volume: Volume, sender: Sender
) -> None:
    guard = sender.intake.volume_guard
    await sender.reading(1)
    kafka_volume.fill(MARK / 2)
    await until(lambda: guard.refuses, PATIENCE_S)
    with pytest.raises(RequestRefused) as refused:
        await sender.reading(2)
    assert refused.value.kind is ProblemKind.VOLUME_FULL
    report = a_report(occurred_at=datetime.now(UTC).isoformat())
    await sender.intake.report(json.dumps(report).encode(), a_source())
    await sender.acknowledgement(1)
    kafka_volume.fill(0)
    with pytest.raises(Transient):
        for number in range(2, 1_000):
            await sender.acknowledgement(number, 500_000)
    print("Kafka's volume is full after", len(sender.confirmed["acknowledgement"]), "acts")
    kafka_volume.clear()
    async with asyncio.timeout(PATIENCE_S):
        while "a-0" not in sender.confirmed["acknowledgement"]:
            with suppress(Transient):
                await sender.acknowledgement(0)
            await asyncio.sleep(0.05)  # a publisher without a producer refuses at once
    print("Kafka takes acts again")
    await until(lambda: not guard.refuses, PATIENCE_S)
    await sender.reading(2)
    print("ingest takes readings again")
    readings = [record.value for record in await read_all(servers.bootstrap, READINGS)]
    for reading_id in sender.confirmed["reading"]:
        assert any(reading_id.encode() in value for value in readings), reading_id
    acts = {record.key.decode() for record in await read_all(servers.bootstrap, ACKNOWLEDGEMENTS)}
    assert set(sender.confirmed["acknowledgement"]) <= acts


async def test_a_full_postgres_is_an_outage_that_ends(
    servers: Infrastructure, postgres_volume: Volume
) -> None:
    database = Database(servers.dsn(), "command")
    await database.start()
    committed: list[str] = []

    async def insert(number: int) -> None:
        async with database.transaction() as work:
            await work.connection.execute(
                "INSERT INTO command.inbox (topic, event_id, body_hash) "
                "SELECT 't', $1 || n, convert_to(repeat('h', 500), 'UTF8') "
                "FROM generate_series(1, 2000) AS n",
                f"e-{number}-",
            )
        committed.append(f"e-{number}-1")

    try:
        await insert(0)
        postgres_volume.fill(0)
        with pytest.raises(Transient):
            for number in range(1, 1_000):
                await insert(number)
        assert database.ready() is not None
        postgres_volume.clear()
        count = len(committed)
        async with asyncio.timeout(PATIENCE_S):
            while len(committed) == count:
                with suppress(Transient):
                    await insert(1_000)
        rows = await database.pool.fetch("SELECT event_id FROM command.inbox")
        assert set(committed) <= {row["event_id"] for row in rows}
        assert database.ready() is None
    finally:
        await database.stop()
