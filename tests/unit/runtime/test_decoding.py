"""What is wrong with a record is said briefly, and costs little while the refusal is held."""

from __future__ import annotations

import subprocess
import sys

import pytest

from shared.contracts.dead_letter import Reason
from shared.contracts.topics import SILENCES
from shared.runtime.decoding import MOST_NAMES, decode_value
from shared.runtime.errors import Reject


def names(count: int) -> bytes:
    return b"{" + b",".join(b'"%x" :0' % number for number in range(count)) + b"}"


@pytest.mark.parametrize(
    ("value", "reason", "said"),
    [
        (b"{", Reason.NOT_JSON, "EOF"),
        (b"{}", Reason.SCHEMA, "occurred_at: Field required"),
        (names(MOST_NAMES), Reason.SCHEMA, "Field required"),
        (names(MOST_NAMES + 1), Reason.SCHEMA, "more than 20000 names"),
        (b"[" + b",".join([names(1_000)] * 21) + b"]", Reason.SCHEMA, "more than 20000 names"),
        (names(MOST_NAMES + 1)[:-1], Reason.NOT_JSON, "EOF"),
        (b'"' + b":" * 30_000 + b'"', Reason.SCHEMA, "object"),
    ],
)
def test_a_refusal_says_what_is_wrong_and_holds_nothing_else(
    value: bytes, reason: Reason, said: str
) -> None:
    with pytest.raises(Reject) as refused:
        decode_value(SILENCES.model, value)
    assert refused.value.reason is reason
    assert said in refused.value.detail
    assert refused.value.__context__ is None
    assert refused.value.__cause__ is None


_HELD = """
import resource, sys
from shared.contracts.topics import SILENCES
from shared.runtime.decoding import decode_value
from shared.runtime.errors import Reject
from tests.unit.runtime.test_decoding import names

def most_memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

def refuse(value):
    try:
        decode_value(SILENCES.model, value)
    except Reject as reject:
        return reject

held = [refuse(names(10))]
value = names(int(sys.argv[1]))
before = most_memory()
for _ in range(4):
    held.append(refuse(value))
print(len(held), (most_memory() - before) / len(value))
"""


def test_refusals_that_are_held_take_no_more_memory_than_records_do() -> None:
    said = subprocess.run(
        [sys.executable, "-c", _HELD, "100000"], check=True, capture_output=True, text=True
    ).stdout.split()
    assert said[0] == "5"
    assert float(said[1]) < 60
