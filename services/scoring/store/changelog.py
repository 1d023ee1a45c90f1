"""The changelog: states and checkpoints on a compacted topic, with the partitions of the input.

Per sensor the record with the highest `applied` counts, not the last record: a paused process that
writes late must lose. The checkpoint states the next offset of the input and a fingerprint of the
record just before it, so that a topic that was cut off or created anew is noticed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec
import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.scoring.core.state.sensor_state import ScoringState
from services.scoring.core.state.stored_state import StoredState, check_format
from shared.contracts.topics import READINGS, SCORING_STATE
from shared.runtime.bounded_waits import stop_client
from shared.runtime.errors import Transient, exit_process
from shared.runtime.fetching.consumer import make_reader, read_to
from shared.runtime.outbound_records import OutboundRecord
from shared.runtime.tables import FETCH_BYTES, Positions

log = structlog.get_logger("fenghuo.scoring.changelog")

CHECKPOINT = b"_checkpoint"
"""Key of the checkpoint record; no sensor id begins with an underscore."""
_encode = msgspec.msgpack.Encoder().encode
MOST_UNSTORED = 200_000
"""With this many records since its checkpoint a partition is stored at once."""
ALIVE_S = 120.0
"""An owner with input stores well within this time, in seconds."""
_MOST_IN_BATCH = 10_000
_HEADERS = ()
"""Only scoring reads the changelog, without headers: they would cost more than a state."""


class Checkpoint(msgspec.Struct, array_like=True, frozen=True):
    """The progress of a partition: the stored states contain all input below `next_offset`.

    `clock` is the newest tick in seconds since 1970, `last_hash` the fingerprint of the last
    record. `table_positions` name the tables for the next input, `state_positions` the tables of
    the stored states: the messages of a change of tables may not have
    been emitted yet. `final`: the writer has released the partition and has evaluated nothing
    further.
    """

    next_offset: int
    clock: float
    last_hash: str
    table_positions: Positions = {}
    state_positions: Positions = {}
    written_at: float = 0.0
    final: bool = False

    @property
    def progress(self) -> tuple[int, int, float]:
        """Return a value that grows from checkpoint to checkpoint; a zombie has a lower value."""
        return self.next_offset, sum(self.table_positions.values()), self.written_at


class StateHead(msgspec.Struct, array_like=True, gc=False):
    """The beginning of every state in every format."""

    format: int
    applied: int


_heads = msgspec.msgpack.Decoder(StateHead)
_checkpoints = msgspec.msgpack.Decoder(Checkpoint)
_states = msgspec.msgpack.Decoder()


@dataclass
class StoredPartition:
    """The states and the checkpoint of one partition in the changelog."""

    states: dict[bytes, tuple[int, bytes]] = field(default_factory=dict)
    """By key: the offset up to which a state holds, and the encoded state."""
    checkpoint: Checkpoint | None = None
    processed_until: int = 0
    """The first offset that certainly no earlier owner has processed."""

    def drain_states(self) -> Iterator[StoredState]:
        """Decode and remove the states one by one: of many versions only the last is decoded."""
        while self.states:
            yield StoredState(_states.decode(self.states.popitem()[1][1]))


def state_record(partition: int, state: ScoringState) -> OutboundRecord:
    """Return a state as a changelog record."""
    return OutboundRecord(
        SCORING_STATE.name, state.key.encode(), _encode(state.dump()), partition, _HEADERS
    )


def tombstone_record(partition: int, key: bytes) -> OutboundRecord:
    """Return the record that ends a state: its sensor is no longer catalogued."""
    return OutboundRecord(SCORING_STATE.name, key, b"", partition, _HEADERS)


def checkpoint_record(partition: int, checkpoint: Checkpoint) -> OutboundRecord:
    """Return a checkpoint as a changelog record."""
    return OutboundRecord(SCORING_STATE.name, CHECKPOINT, _encode(checkpoint), partition, _HEADERS)


def checkpoint_tombstone(partition: int) -> OutboundRecord:
    """Return the record that ends all checkpoints before it: the input was created anew."""
    return OutboundRecord(SCORING_STATE.name, CHECKPOINT, b"", partition, _HEADERS)


def apply_record(stored: StoredPartition, key: bytes, value: bytes | None) -> None:
    """Apply one changelog record, in any order; no value = the sensor was removed.

    Raises ValueError for a state of an unknown format.
    """
    if key == CHECKPOINT:
        if not value:
            stored.checkpoint = None
            return
        checkpoint, last = _checkpoints.decode(value), stored.checkpoint
        if last is None or checkpoint.progress >= last.progress:
            stored.checkpoint = checkpoint
        return
    if not value:
        stored.states.pop(key, None)
        return
    head = _heads.decode(value)
    check_format(head.format)
    existing_state = stored.states.get(key)
    if existing_state is None or head.applied >= existing_state[0]:
        stored.states[key] = head.applied, value


async def read(bootstrap: str, numbers: Sequence[int]) -> dict[int, StoredPartition]:
    """Read the changelog of these partitions to its present end; raises Transient."""
    try:
        async with _reader(bootstrap) as consumer:
            stored = await _read_states(consumer, numbers)
            inputs = [TopicPartition(READINGS.name, number) for number in stored]
            await _set_processed_until(consumer, await consumer.end_offsets(inputs), stored)
    except KafkaError as error:
        raise Transient(f"the changelog cannot be read: {error!r}") from error
    except ValueError as error:
        exit_process(f"the changelog was written by another version: {error}")
    return stored


async def _read_states(
    consumer: AIOKafkaConsumer, numbers: Sequence[int]
) -> dict[int, StoredPartition]:
    stored = {number: StoredPartition() for number in numbers}
    topic = [TopicPartition(SCORING_STATE.name, number) for number in numbers]
    consumer.assign(topic)
    ends = await consumer.end_offsets(topic)
    await consumer.seek_to_beginning(*topic)
    async for fetched in read_to(consumer, ends, max_records=10_000):
        for tp, records in fetched.items():
            for record in records:
                apply_record(stored[tp.partition], record.key, record.value)
    return stored


async def _set_processed_until(
    consumer: AIOKafkaConsumer,
    ends: Mapping[TopicPartition, int],
    stored: dict[int, StoredPartition],
) -> None:
    """Set `processed_until` of each partition.

    An owner stores at least every ALIVE_S and every MOST_UNSTORED records; after a pause it stores
    with its next batch.
    """
    last = {
        tp: checkpoint for tp in ends if (checkpoint := stored[tp.partition].checkpoint) is not None
    }
    if not last:
        return
    times = {tp: round((checkpoint.written_at + ALIVE_S) * 1000) for tp, checkpoint in last.items()}
    for tp, later in (await consumer.offsets_for_times(times)).items():
        began, end = last[tp].next_offset, ends[tp]
        by_time = end if later is None else max(later.offset, began + _MOST_IN_BATCH)
        by_count = began + MOST_UNSTORED + _MOST_IN_BATCH
        stored[tp.partition].processed_until = min(end, by_time, by_count)


@asynccontextmanager
async def _reader(bootstrap: str) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = make_reader(
        bootstrap,
        max_partition_fetch_bytes=FETCH_BYTES,
        fetch_max_bytes=FETCH_BYTES,
        fetch_max_wait_ms=100,
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await stop_client(consumer)
