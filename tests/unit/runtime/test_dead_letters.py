"""Dead letters: the letter of any refused record fits its topic, and the auditor can read it."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from aiokafka import ConsumerRecord
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.dead_letter import DeadLetter, Reason
from shared.contracts.topics import ALERTS, DEAD_LETTER, TOPICS
from shared.runtime.dead_letters import letter_of
from shared.runtime.decoding import MAX_LETTER_BYTES, MAX_VALUE_BYTES, decode_value
from shared.runtime.errors import Reject
from shared.runtime.outbound_records import encode

NOW = datetime(2026, 6, 18, tzinfo=UTC)


def record(
    key: bytes | None = b"k", value: bytes | None = b"{}", headers: Any = (), offset: int = 7
) -> Any:
    return ConsumerRecord(ALERTS.name, 0, offset, 0, 0, key, value, None, 0, 0, headers=headers)


def letter(refused: Any, detail: str = "why", service: str = "notify") -> DeadLetter:
    return letter_of(refused, Reject(Reason.TOO_LARGE, detail), service, NOW)


@pytest.mark.parametrize("name", sorted(n for n, spec in TOPICS.items() if spec.dead_letters))
def test_the_largest_letter_of_every_topic_fits_and_can_be_read(name: str) -> None:
    worst = record(
        key=b"\xff" * 3_000_000,
        value=b"\xff" * 130_000_000,
        headers=tuple(("\x01" * 5_000, b"\x01" * 5_000) for _ in range(2_000)),
    )
    result = letter(worst, "\x01" * 5_000)
    raw = encode(result)
    overhead = len(base64.b64decode(result.key_b64 or "")) + 1_024
    assert len(raw) + overhead < TOPICS[name].dlq_max_bytes
    assert decode_value(DEAD_LETTER, raw, MAX_LETTER_BYTES) == result
    assert result.cut == ("key", "value", "headers")


@pytest.mark.parametrize("size", [0, 1, 780_000, MAX_VALUE_BYTES])
def test_the_value_of_every_record_of_usual_size_is_in_its_letter_whole(size: int) -> None:
    value = b"\xfe" * size
    result = letter(record(value=value))
    read = decode_value(DEAD_LETTER, encode(result), MAX_LETTER_BYTES)
    assert base64.b64decode(read.value_b64) == value
    assert read.cut == ()


def test_an_absent_field_is_absent_in_the_letter() -> None:
    result = letter(record(key=None, value=None))
    assert (result.key_b64, result.value_b64, result.cut) == (None, None, ())


@given(st.text(st.characters(codec=None), max_size=300), st.binary(max_size=300), st.text())
def test_any_header_and_any_detail_make_a_letter(name: str, value: bytes, detail: str) -> None:
    result = letter(record(headers=((name, value),)), detail)
    assert decode_value(DEAD_LETTER, encode(result)) == result


def test_letters_of_several_services_about_one_record_are_several() -> None:
    refused = record()
    assert len({letter(refused, service=name).id for name in ("alerting", "audit", "console")}) == 3
    assert letter(refused).id == letter(refused, "another reason").id != letter(record(offset=8)).id
