"""The workload on Faust: a table in memory with a changelog topic, commits each second."""
# mypy: disable-error-code="import-not-found,misc,untyped-decorator"

from __future__ import annotations

from typing import Any

import faust
import msgspec

from tests.bench.peers.decoding import decode, encode
from tests.bench.peers.marks import Marks, work
from tests.bench.reference import State, Transition, step

todo = work()
marks = Marks(todo.count)
pack = msgspec.msgpack.Encoder().encode
unpack = msgspec.msgpack.Decoder().decode
app = faust.App(
    todo.group,
    broker=f"kafka://{todo.bootstrap}",
    store="memory://",
    datadir=todo.folder,
    topic_partitions=todo.partitions,
    topic_replication_factor=1,
    broker_commit_interval=1.0,
    producer_acks=-1,
    web_enabled=False,
)
source = app.topic(
    todo.topic, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"
)
result = app.topic(
    todo.out, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"
)
# Bytes are stored as they are: Faust takes the codec from the type.
table = app.Table("state", partitions=todo.partitions, key_type=bytes, value_type=bytes)


@app.agent(source)
async def score(stream: Any) -> None:
    """Every reading of the partitions we have."""
    async for value in stream:
        reading = decode(value)
        sensor = reading.sensor_id
        key = sensor.encode()
        stored = table.get(key)
        state = State.of(sensor) if stored is None else State.load(sensor, unpack(stored))
        out: list[Transition] = []
        step(state, reading.value, reading.at_ms, out)
        table[key] = pack(state.dump())
        for record in out:
            await result.send(key=key, value=encode(record))
        marks.add(1)


if __name__ == "__main__":
    faust.Worker(app, loglevel="WARN").execute_from_commandline()
