"""Rows 1 to 5: everyone reads the same bytes from the same Kafka, turn and turn about (A B C A B
C).
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from aiokafka.admin import NewTopic

from deploy.local.topics import ensure_topics
from shared.contracts.topics import ALARMS, READINGS
from tests.bench import reference, ruleset
from tests.bench.environments import (
    FOLDER,
    PINS,
    SOURCES,
    Unavailable,
    python_of,
    streams_command,
    versions_of,
)
from tests.bench.figures import Row, Run, differs
from tests.bench.log import recreate, transitions
from tests.bench.peer import Command, PeerFailed, run
from tests.bench.peers.marks import Work
from tests.bench.plan import Plan
from tests.bench.reference import Split
from tests.bench.service import PEER_PREFIX, Service, service

ROWS = {
    "fetch": "aiokafka getmany alone",
    "raw": "aiokafka getmany + msgspec, 4 fields",
    "scoring": "Fenghuo scoring, everything on",
    "bytewax": "bytewax, SQLite recovery, epoch 1 s",
    "quixstreams": "Quix Streams, RocksDB + changelog",
    "faust": "Faust, memory table + changelog",
    "kafka_streams": "Kafka Streams, RocksDB + changelog, one thread, warm",
    "scoring2": "Fenghuo scoring, two processes",
}
SHORT_TOPIC = "bench.readings.short"
OUT_PARTITIONS = 4
_PEERS = {"bytewax": "bytewax_flow.py", "quixstreams": "quix_app.py", "faust": "faust_app.py"}
_ON_SHORT = {"faust"}


class Rates:
    """The rows of one run over one Kafka."""

    def __init__(self, plan: Plan, scoring: Service) -> None:
        self._plan = plan
        self._scoring = scoring
        self._expected: dict[str, Split] = {}
        self._counts: dict[str, int] = {}
        self.rows = {name: Row(name, ROWS[name]) for name in ROWS if name in plan.rows}

    async def prepare(self) -> None:
        """Write the workload, short and long, with the transitions of the reference scorer."""
        catalog = ruleset.catalog(ruleset.numbered(reference.SENSORS), 10.0)
        await self._scoring.seed(catalog, ruleset.reference_rules())
        await self._load(READINGS.name, self._plan.readings, self._plan.sensors)
        if _ON_SHORT & self.rows.keys():
            spec = NewTopic(SHORT_TOPIC, READINGS.partitions, 1)
            await ensure_topics(self._scoring.kafka, [spec])
            await self._load(SHORT_TOPIC, reference.SHORT, reference.SHORT_SENSORS)

    async def _load(self, topic: str, count: int, sensors: int) -> None:
        argv = ["-m", "tests.bench.load", self._scoring.kafka, topic, str(count), str(sensors)]
        loading = await asyncio.create_subprocess_exec(
            sys.executable, *argv, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await loading.communicate()
        if loading.returncode:
            raise RuntimeError("the workload cannot be written")
        written = json.loads(output)
        self._counts[topic], self._expected[topic] = written["readings"], written["transitions"]

    async def run(self, say: Callable[[str], None]) -> None:
        """All repetitions of all rows; a row that cannot be had is left out from then on."""
        for turn in range(self._plan.repetitions):
            for row in self.rows.values():
                if row.why:
                    continue
                try:
                    result = await self._once(row, turn)
                except (Unavailable, PeerFailed, RuntimeError) as error:
                    row.why = str(error)
                    say(f"{row.name}: {row.why}")
                    continue
                row.runs.append(result)
                say(f"{row.name} {turn + 1}: {result.rate:,.0f}/s {result.wrong}")

    async def _once(self, row: Row, turn: int) -> Run:
        if row.name.startswith("scoring"):
            return await self._run_scoring(2 if row.name == "scoring2" else 1)
        topic = SHORT_TOPIC if row.name in _ON_SHORT else READINGS.name
        out = f"bench.out.{row.name}"
        folder = FOLDER / "state" / f"{row.name}-{turn}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        names = [out, f"{out}.warm"] if row.name == "kafka_streams" else [out]
        await recreate(self._scoring.kafka, [NewTopic(name, OUT_PARTITIONS, 1) for name in names])
        work = Work(
            bootstrap=self._scoring.kafka,
            topic=topic,
            out=out,
            count=self._counts[topic],
            partitions=READINGS.partitions,
            group=f"{PEER_PREFIX}{row.name}-{turn}",
            folder=str(folder),
            fetch_only=row.name == "fetch",
        )
        command = Command(self._argv(row, work), FOLDER / "log" / f"{row.name}.log")
        result = await run(command)
        shutil.rmtree(folder, ignore_errors=True)
        if row.name in ("raw", "fetch"):
            return result
        came = await transitions(self._scoring.kafka, out, OUT_PARTITIONS)
        return replace(result, wrong=result.wrong or differs(came, self._expected[topic]))

    def _argv(self, row: Row, work: Work) -> Sequence[str]:
        if row.name == "kafka_streams":
            row.versions = {"kafka-streams": _jar_version("kafka-streams")}
            arguments = (
                work.bootstrap,
                work.topic,
                work.out,
                str(work.count),
                work.group,
                work.folder,
            )
            return [*streams_command(), *arguments]
        if row.name in PINS:
            row.versions = row.versions or versions_of(row.name)
            program = str(python_of(row.name))
        else:
            program = sys.executable
        source = SOURCES / _PEERS.get(row.name, "raw.py")
        return [program, str(source), json.dumps(asdict(work))]

    async def _run_scoring(self, processes: int) -> Run:
        await self._scoring.forget()
        try:
            if processes > 1:
                await self._scoring.share(processes)
            result = await self._scoring.measure(self._counts[READINGS.name], processes)
            await self._scoring.settle()
            came = await transitions(self._scoring.kafka, ALARMS.name, ALARMS.partitions)
        finally:
            await self._scoring.stop()
        return replace(result, wrong=result.wrong or differs(came, self._expected[READINGS.name]))


def _jar_version(artifact: str) -> str:
    from deploy.local.jars import read_list
    from tests.bench.environments import JARS

    result = read_list(Path(JARS).read_text(encoding="ascii"))
    return next(name.split(":")[2] for name in result if name.split(":")[1] == artifact)


async def measure(plan: Plan, say: Callable[[str], None]) -> dict[str, Row]:
    """The rows. Raises StackError without Apache Kafka."""
    replicas = 2 if "scoring2" in plan.rows else 1
    async with service(replicas) as scoring:
        rates = Rates(plan, scoring)
        say("writing the workload")
        await rates.prepare()
        await rates.run(say)
        return rates.rows
