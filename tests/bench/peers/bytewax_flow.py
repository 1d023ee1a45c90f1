"""The workload on bytewax: state per sensor, snapshots to SQLite, its own Kafka connector."""
# mypy: disable-error-code="import-not-found,misc"

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource, KafkaSourceMessage
from bytewax.dataflow import Dataflow
from bytewax.operators import StatefulBatchLogic
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main

from tests.bench.peers.decoding import decode, encode
from tests.bench.peers.marks import Marks, work
from tests.bench.reference import State, Transition, step

Keyed = tuple[str, tuple[str, float, int]]
todo = work()
marks = Marks(todo.count)


def decoded(messages: list[KafkaSourceMessage]) -> Iterable[Keyed]:
    """Readings by sensor, a batch at a time."""
    results = []
    for message in messages:
        reading = decode(message.value)
        sensor = reading.sensor_id
        results.append((sensor, (sensor, reading.value, reading.at_ms)))
    return results


class Scoring(StatefulBatchLogic):
    """One sensor."""

    def __init__(self, resumed: Any) -> None:
        self.state: State | None = State.load(*resumed) if resumed else None

    def on_batch(self, values: list[tuple[str, float, int]]) -> tuple[list[Transition], bool]:
        """Score the readings of a batch that are this sensor's."""
        state = self.state
        if state is None:
            state = self.state = State.of(values[0][0])
        out: list[Transition] = []
        for _, value, at_ms in values:
            step(state, value, at_ms, out)
        marks.add(len(values))
        return out, False

    def snapshot(self) -> Any:
        """Return the state that recovery stores."""
        assert self.state is not None
        return self.state.sid, self.state.dump()


def message(keyed: tuple[str, Transition]) -> KafkaSinkMessage:
    """A transition for the result topic."""
    return KafkaSinkMessage(keyed[0].encode(), encode(keyed[1]))


flow = Dataflow("bench")
source = KafkaSource([todo.bootstrap], [todo.topic], batch_size=2_000)
records = op.input("in", flow, source)
keyed = op.flat_map_batch("decode", records, decoded)
changes = op.stateful_batch("score", keyed, Scoring)
results = op.map("encode", changes, message)
op.output("out", results, KafkaSink([todo.bootstrap], todo.out, add_config={"acks": "all"}))

if __name__ == "__main__":
    Path(todo.folder).mkdir(parents=True)
    init_db_dir(Path(todo.folder), 1)
    cli_main(
        flow,
        epoch_interval=timedelta(seconds=1),
        recovery_config=RecoveryConfig(todo.folder),
    )
