"""The changelog: states and checkpoints on a compacted topic, partition for partition with the input.

Per sensor the record with the highest `applied` holds, not the last written: a paused process that
writes late must lose. The checkpoint says where to read the input on, and fingerprints the last
record before that, so that a topic made anew is noticed.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.scoring.core.state import SensorState, StoredState, check_format
from shared.contracts.topics import READINGS, SCORING_STATE
from shared.runtime.errors import Transient, exit_process
from shared.runtime.fetching.consumer import make_reader, read_to
from shared.runtime.outbound_records import OutboundRecord
from shared.runtime.tables import FETCH_BYTES, Positions

log = structlog.get_logger("fenghuo.scoring.store")

CHECKPOINT = b"_checkpoint"
"""Key of the checkpoint record; no sensor id begins with an underscore."""
_encode = msgspec.msgpack.Encoder().encode
MOST_AHEAD = 200_000
"""With so many records behind its checkpoint a partition is stored at once, whatever the time."""
ALIVE_S = 120.0
"""Whoever has input stores well within this time, in seconds."""
_MOST_IN_BATCH = 10_000
_HEADERS = ()
"""Only scoring reads the changelog, and it looks at no header: they would cost more than a state."""


class Checkpoint(msgspec.Struct, array_like=True, frozen=True):
    """Where a partition stands: all input below `next_offset` is in the states beside it.

    `clock` is the newest tick in seconds since 1970, `last_hash` the fingerprint of the last record,
    `pins` how far the tables had been taken in that judge what comes next, `states_pins` those that the
    states beside it are of: what follows from the change itself may still have to be told. `final`: its
    writer has let go of the partition and has judged nothing after it.
    """

    next_offset: int
    clock: float
    last_hash: str
    pins: Positions = {}
    states_pins: Positions = {}
    written_at: float = 0.0
    final: bool = False

    @property
    def progress(self) -> tuple[int, int, float]:
        """Grows from one to the next; a zombie's is behind."""
        return self.next_offset, sum(self.pins.values()), self.written_at


class _Head(msgspec.Struct, array_like=True, gc=False):
    """How every state begins, whatever its format."""

    format: int
    applied: int


_heads = msgspec.msgpack.Decoder(_Head)
_checkpoints = msgspec.msgpack.Decoder(Checkpoint)
_states = msgspec.msgpack.Decoder()


@dataclass
class Stored:
    """What the changelog knows of one partition."""

    states: dict[bytes, tuple[int, bytes]] = field(default_factory=dict)
    """By key, with the offset up to which each holds."""
    checkpoint: Checkpoint | None = None
    judged_until: int = 0
    """The first offset of which it is certain that no earlier owner has judged it."""

    def restored(self) -> Iterator[StoredState]:
        """The states, decoded one by one and given up: of many versions only the last is worth it."""
        while self.states:
            yield StoredState(_states.decode(self.states.popitem()[1][1]))


def state_record(partition: int, state: SensorState) -> OutboundRecord:
    """A state as a changelog record."""
    return OutboundRecord(
        SCORING_STATE.name, state.key.encode(), _encode(state.dump()), partition, _HEADERS
    )


def tombstone_record(partition: int, key: bytes) -> OutboundRecord:
    """The end of a state: its sensor is no longer catalogued."""
    return OutboundRecord(SCORING_STATE.name, key, b"", partition, _HEADERS)


def checkpoint_record(partition: int, checkpoint: Checkpoint) -> OutboundRecord:
    """A checkpoint as a changelog record."""
    return OutboundRecord(SCORING_STATE.name, CHECKPOINT, _encode(checkpoint), partition, _HEADERS)


def fingerprint(value: bytes | None) -> str:
    """Recognises a record by its bytes."""
    return hashlib.blake2b(value or b"", digest_size=8).hexdigest()


def absorb(stored: Stored, key: bytes, value: bytes | None) -> None:
    """Take one changelog record in, whatever the order; no value = the sensor was removed.

    Raises ValueError for a state of an unknown format.
    """
    if key == CHECKPOINT:
        if value:
            result, last = _checkpoints.decode(value), stored.checkpoint
            if last is None or result.progress >= last.progress:
                stored.checkpoint = result
        return
    if not value:
        stored.states.pop(key, None)
        return
    head = _heads.decode(value)
    check_format(head.format)
    known = stored.states.get(key)
    if known is None or head.applied >= known[0]:
        stored.states[key] = head.applied, value


async def read(bootstrap: str, numbers: Sequence[int]) -> dict[int, Stored]:
    """Read the changelog of these partitions to its present end; raises Transient.

    Ends the process when the input is not the one that the checkpoint was written for.
    """
    try:
        async with _reader(bootstrap) as consumer:
            stored = await _read_states(consumer, numbers)
            await _look_at_input(consumer, stored)
    except KafkaError as error:
        raise Transient(f"the changelog cannot be read: {error!r}") from error
    except ValueError as error:
        exit_process(f"the changelog was written by another version: {error}")
    return stored


async def _read_states(consumer: AIOKafkaConsumer, numbers: Sequence[int]) -> dict[int, Stored]:
    stored = {number: Stored() for number in numbers}
    topic = [TopicPartition(SCORING_STATE.name, number) for number in numbers]
    consumer.assign(topic)
    ends = await consumer.end_offsets(topic)
    await consumer.seek_to_beginning(*topic)
    async for fetched in read_to(consumer, ends, max_records=10_000):
        for tp, records in fetched.items():
            for record in records:
                absorb(stored[tp.partition], record.key, record.value)
    return stored


async def _look_at_input(consumer: AIOKafkaConsumer, stored: dict[int, Stored]) -> None:
    ends = await consumer.end_offsets([TopicPartition(READINGS.name, number) for number in stored])
    await _bound_what_was_judged(consumer, ends, stored)
    expected: dict[Any, Checkpoint] = {
        TopicPartition(READINGS.name, number): found.checkpoint
        for number, found in stored.items()
        if found.checkpoint is not None and found.checkpoint.next_offset > 0
    }
    if not expected:
        return
    consumer.assign(list(expected))
    first = await consumer.beginning_offsets(list(expected))
    for tp, checkpoint in expected.items():
        offset = checkpoint.next_offset - 1
        if not first[tp] <= offset < ends[tp]:
            continue  # aged out, or the consumer will find the topic too short
        for other in expected:
            if other != tp:
                consumer.pause(other)
        consumer.resume(tp)
        consumer.seek(tp, offset)
        record = await consumer.getone(tp)
        if record.offset != offset or fingerprint(record.value) != checkpoint.last_hash:
            exit_process(
                f"{tp} at {offset} is not the record our states end with: topic re-created?"
            )


async def _bound_what_was_judged(
    consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int], stored: dict[int, Stored]
) -> None:
    """An owner stores at least every ALIVE_S and every MOST_AHEAD records; after a pause, with its batch."""
    last = {tp: result for tp in ends if (result := stored[tp.partition].checkpoint) is not None}
    if not last:
        return
    times = {tp: round((checkpoint.written_at + ALIVE_S) * 1000) for tp, checkpoint in last.items()}
    for tp, later in (await consumer.offsets_for_times(times)).items():
        began, end = last[tp].next_offset, ends[tp]
        known = end if later is None else max(later.offset, began + _MOST_IN_BATCH)
        stored[tp.partition].judged_until = min(end, known, began + MOST_AHEAD + _MOST_IN_BATCH)


@asynccontextmanager
async def _reader(bootstrap: str) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = make_reader(
        bootstrap,
        max_partition_fetch_bytes=FETCH_BYTES,
        fetch_max_bytes=FETCH_BYTES,
        fetch_max_wait_ms=100,
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()
