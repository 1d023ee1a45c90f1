"""The workload on Quix Streams: state in RocksDB with a changelog topic, commits each second."""
# mypy: disable-error-code="import-not-found,misc"

from __future__ import annotations

import msgspec
from quixstreams import Application
from quixstreams import State as Store

from tests.bench.peers.decoding import decode, encode
from tests.bench.peers.marks import Marks, work
from tests.bench.reference import State, Transition, step

todo = work()
marks = Marks(todo.count)
pack = msgspec.msgpack.Encoder().encode
unpack = msgspec.msgpack.Decoder().decode


def score(value: bytes, store: Store) -> list[bytes]:
    """One reading of the sensor whose state `store` holds."""
    reading = decode(value)
    stored = store.get_bytes("s")
    sensor = reading.sensor_id
    state = State.of(sensor) if stored is None else State.load(sensor, unpack(stored))
    out: list[Transition] = []
    step(state, reading.value, reading.at_ms, out)
    store.set_bytes("s", pack(state.dump()))
    marks.add(1)
    return [encode(record) for record in out]


app = Application(
    broker_address=todo.bootstrap,
    consumer_group=todo.group,
    auto_offset_reset="earliest",
    commit_interval=1.0,
    state_dir=todo.folder,
    producer_extra_config={"acks": "all"},
    loglevel="WARNING",
)
source = app.topic(todo.topic, value_deserializer="bytes", key_deserializer="str")
result = app.topic(todo.out, value_serializer="bytes", key_serializer="str")
frame = app.dataframe(source).apply(score, stateful=True, expand=True)
frame.to_topic(result)

if __name__ == "__main__":
    app.run()
