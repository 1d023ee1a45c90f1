"""Batches that are not in normal form: read, emptied, or refused, each by itself."""

from __future__ import annotations

from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.codec import gzip_encode, snappy_encode
from aiokafka.errors import CorruptRecordException, UnsupportedCodecError

from shared.fastpath.fast_records import FastRecords
from shared.runtime.fetching.batch_reader import is_normal
from shared.runtime.fetching.inflating import MOST_BYTES, inflate
from shared.runtime.fetching.normal_batches import normalise
from shared.runtime.fetching.partition_records import OrdinaryRecords
from tests.support.batches import batch_of, marker, sealed

PLACE = TopicPartition("alarm.events.v1", 1)
ABORTING, COMMITTING = 7, 8


def rows(*values: bytes) -> list[Any]:
    return [(number, b"k", value, ()) for number, value in enumerate(values)]


def log(*, commit: bool) -> bytes:
    """Return transactions of two producers and a plain batch; ABORTING may abort its first one."""
    flags = {"transactional": True}
    return b"".join(
        [
            batch_of(rows(b"first 0", b"first 1"), 0, producer=ABORTING, **flags),
            batch_of(rows(b"second 2"), 2, producer=COMMITTING, compression=4, **flags),
            batch_of(rows(b"plain 3"), 3),
            batch_of(rows(b"first 4"), 4, producer=ABORTING, compression=1, **flags),
            marker(5, ABORTING, commit=commit),
            marker(6, COMMITTING, commit=True),
            batch_of(rows(b"first 7"), 7, producer=ABORTING, **flags),
            marker(8, ABORTING, commit=True),
        ]
    )


@pytest.mark.parametrize("read", [FastRecords, OrdinaryRecords])
def test_records_of_aborted_transactions_are_left_out(read: Any) -> None:
    batches = normalise(log(commit=False), [(ABORTING, 0)], True)
    assert is_normal(batches.raw) is False, "an aborted batch stays, and is empty"
    reader = read(PLACE, batches, 0, True)
    result, _ = reader.read(100)
    assert [record.value for record in result] == [b"second 2", b"plain 3", b"first 7"]
    assert [record.offset for record in result] == [2, 3, 7]
    assert reader.next_fetch_offset == 9
    assert list(batches.empty_ranges) == [(0, 2), (4, 5), (5, 6), (6, 7), (8, 9)]


@pytest.mark.parametrize("read", [FastRecords, OrdinaryRecords])
def test_records_of_committed_transactions_are_read(read: Any) -> None:
    batches = normalise(log(commit=True), None, True)
    result, _ = read(PLACE, batches, 0, True).read(100)
    assert [record.offset for record in result] == [0, 1, 2, 3, 4, 7]
    assert list(batches.empty_ranges) == [(5, 6), (6, 7), (8, 9)]


def test_a_normal_batch_stays_as_it_is() -> None:
    """A committed transaction is normal, too: nothing is copied."""
    raw = batch_of(rows(b"a"), 0, producer=ABORTING, transactional=True) + batch_of(rows(b"b"), 1)
    assert normalise(raw, None, True).raw is raw
    assert normalise(raw, [], True).raw is raw


@pytest.mark.parametrize("codec", [5, 6, 7])
def test_an_unknown_codec_is_named(codec: int) -> None:
    good, bad = batch_of(rows(b"a")), sealed(batch_of(rows(b"b")), 1, codec)
    batches = normalise(good + bad + batch_of(rows(b"c"), 2), None, True)
    assert batches.raw == good
    assert isinstance(batches.error, UnsupportedCodecError)
    assert str(codec) in str(batches.error)


@pytest.mark.parametrize("codec", [1, 2, 3, 4])
def test_a_batch_that_no_codec_can_inflate_is_refused(codec: int) -> None:
    bad = sealed(batch_of(rows(b"b")), 0, codec + 8)  # the codec's number over plain bytes
    assert normalise(bad, None, True).error is not None


@pytest.mark.parametrize("codec", [1, 2, 3, 4])
def test_a_batch_of_few_bytes_that_holds_very_many_costs_no_memory(codec: int) -> None:
    bomb = batch_of(rows(bytes(MOST_BYTES)), 0, compression=codec)
    assert len(bomb) < MOST_BYTES // 20
    batches = normalise(batch_of(rows(b"a")) + bomb, None, True)
    assert isinstance(batches.error, CorruptRecordException)
    assert str(MOST_BYTES) in str(batches.error)
    assert batches.raw == batch_of(rows(b"a"))


@pytest.mark.parametrize("codec", [1, 2, 3, 4])
def test_many_small_batches_that_hold_very_much_are_read_in_pieces(codec: int) -> None:
    size = MOST_BYTES // 4
    raw = b"".join(batch_of(rows(bytes(size)), n, compression=codec) for n in range(10))
    offsets: list[int] = []
    while len(offsets) < 10:
        # Kafka answers with the batches from the first unread record on.
        batches = normalise(raw, None, True)
        assert len(batches.raw) <= MOST_BYTES + 2 * size
        reader = FastRecords(PLACE, batches, len(offsets), True)
        offsets += [record.offset for record in reader.read(100)[0]]
        assert reader.next_fetch_offset == len(offsets)
        raw = b"".join(
            batch_of(rows(bytes(size)), n, compression=codec) for n in range(len(offsets), 10)
        )
    assert offsets == list(range(10))


def test_other_forms_of_gzip_and_snappy_are_read() -> None:
    """Two gzip members in a row, and a block of snappy without the head of Java's clients."""
    assert inflate(1, gzip_encode(b"one") + gzip_encode(b"two")) == b"onetwo"
    assert inflate(2, bytes(snappy_encode(b"one", xerial_compatible=False))) == b"one"
    with pytest.raises(CorruptRecordException):
        inflate(1, gzip_encode(b"one")[:-9])


def test_other_formats_are_refused() -> None:
    old = bytearray(batch_of(rows(b"a")))
    old[16] = 1
    assert isinstance(normalise(bytes(old), None, True).error, CorruptRecordException)


def test_a_batch_that_is_cut_off_is_ignored() -> None:
    raw = batch_of(rows(b"a" * 100), 0, compression=1)
    batches = normalise(raw + batch_of(rows(b"b"), 1, compression=1)[:-1], None, True)
    assert (len(list(batches.empty_ranges)), batches.error) == (0, None)
    assert [record.offset for record in FastRecords(PLACE, batches, 0, True).read(9)[0]] == [0]


@pytest.mark.parametrize("attributes", [0x01, 0x7F, 0x80, 0xA4, 0xFF])
@pytest.mark.parametrize("compression", [0, 4])
@pytest.mark.parametrize("read", [FastRecords, OrdinaryRecords])
def test_the_attributes_of_a_record_are_one_byte_that_means_nothing(
    read: Any, compression: int, attributes: int
) -> None:
    """Read as a varint, an attribute of more than 127 shifted all fields: the partition stood."""
    batch = bytearray(batch_of(rows(b"value")))
    assert batch[61] < 0x80, "the length of the record is one byte, its attributes follow"
    batch[62] = attributes
    raw = sealed(bytes(batch), 5, compression) + batch_of(rows(b"next"), 6)
    result, _ = read(PLACE, normalise(raw, None, True), 5, True).read(100)
    assert [(record.offset, record.value) for record in result] == [(5, b"value"), (6, b"next")]
