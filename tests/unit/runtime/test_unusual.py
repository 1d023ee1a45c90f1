"""Batches that brokers hand out beside the usual: read, passed over, or refused, each for itself."""

from __future__ import annotations

from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import CorruptRecordException, UnsupportedCodecError

from shared.fastpath.raw_batches import is_usual
from shared.fastpath.records import NativeRecords, PlainRecords
from shared.fastpath.unusual import made_usual
from tests.support.batches import batch_of, marker, sealed

HERE = TopicPartition("alarm.events.v1", 1)
MINE, OTHER = 7, 8


def rows(*values: bytes) -> list[Any]:
    return [(number, b"k", value, ()) for number, value in enumerate(values)]


def log(*, commit: bool) -> bytes:
    """Two producers' transactions and a plain batch, woven; MINE is the one that may be aborted."""
    written = {"transactional": True}
    return b"".join(
        [
            batch_of(rows(b"mine 0", b"mine 1"), 0, producer=MINE, **written),
            batch_of(rows(b"other 2"), 2, producer=OTHER, compression=4, **written),
            batch_of(rows(b"plain 3"), 3),
            batch_of(rows(b"mine 4"), 4, producer=MINE, compression=1, **written),
            marker(5, MINE, commit=commit),
            marker(6, OTHER, commit=True),
            batch_of(rows(b"mine 7"), 7, producer=MINE, **written),
            marker(8, MINE, commit=True),
        ]
    )


@pytest.mark.parametrize("read", [NativeRecords, PlainRecords])
def test_records_of_aborted_transactions_are_passed_over(read: Any) -> None:
    usual = made_usual(log(commit=False), [(MINE, 0)], True)
    assert is_usual(usual.raw) is False, "what is passed over stays as an empty batch"
    reader = read(HERE, usual, 0, True)
    result, _ = reader.several(100)
    assert [one.value for one in result] == [b"other 2", b"plain 3", b"mine 7"]
    assert [one.offset for one in result] == [2, 3, 7]
    assert reader.next_fetch_offset == 9
    assert list(usual.passed) == [(0, 2), (4, 5), (5, 6), (6, 7), (8, 9)]


@pytest.mark.parametrize("read", [NativeRecords, PlainRecords])
def test_records_of_committed_transactions_are_read(read: Any) -> None:
    usual = made_usual(log(commit=True), None, True)
    result, _ = read(HERE, usual, 0, True).several(100)
    assert [one.offset for one in result] == [0, 1, 2, 3, 4, 7]
    assert list(usual.passed) == [(5, 6), (6, 7), (8, 9)]


def test_what_is_usual_is_left_as_it_is() -> None:
    """Transactions that are committed, too: nothing is copied."""
    raw = batch_of(rows(b"a"), 0, producer=MINE, transactional=True) + batch_of(rows(b"b"), 1)
    assert made_usual(raw, None, True).raw is raw
    assert made_usual(raw, [], True).raw is raw


@pytest.mark.parametrize("codec", [5, 6, 7])
def test_an_unknown_codec_is_named(codec: int) -> None:
    good, bad = batch_of(rows(b"a")), sealed(batch_of(rows(b"b")), 1, codec)
    usual = made_usual(good + bad + batch_of(rows(b"c"), 2), None, True)
    assert usual.raw == good
    assert isinstance(usual.error, UnsupportedCodecError)
    assert str(codec) in str(usual.error)


@pytest.mark.parametrize("codec", [1, 2, 3, 4])
def test_what_no_codec_can_inflate_is_refused(codec: int) -> None:
    bad = sealed(batch_of(rows(b"b")), 0, codec + 8)  # the codec's number over plain bytes
    assert made_usual(bad, None, True).error is not None


def test_other_formats_are_refused() -> None:
    old = bytearray(batch_of(rows(b"a")))
    old[16] = 1
    assert isinstance(made_usual(bytes(old), None, True).error, CorruptRecordException)


def test_a_batch_that_is_cut_off_is_not_there() -> None:
    raw = batch_of(rows(b"a" * 100), 0, compression=1)
    usual = made_usual(raw + batch_of(rows(b"b"), 1, compression=1)[:-1], None, True)
    assert (len(list(usual.passed)), usual.error) == (0, None)
    assert [one.offset for one in NativeRecords(HERE, usual, 0, True).several(9)[0]] == [0]
