"""A refusal describes the error of a record briefly and takes little memory."""

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
    ("value", "reason", "text"),
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
def test_a_refusal_names_the_error_and_holds_nothing_else(
    value: bytes, reason: Reason, text: str
) -> None:
    with pytest.raises(Reject) as refused:
        decode_value(SILENCES.model, value)
    assert refused.value.reason is reason
    assert text in refused.value.detail
    assert refused.value.__context__ is None
    assert refused.value.__cause__ is None


_MEMORY = """
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

refusals = [refuse(names(10))]
value = names(int(sys.argv[1]))
begin = most_memory()
for _ in range(4):
    refusals.append(refuse(value))
print(len(refusals), (most_memory() - begin) / len(value))
"""


def test_refusals_in_memory_take_no_more_than_their_records() -> None:
    output = subprocess.run(
        [sys.executable, "-c", _MEMORY, "100000"], check=True, capture_output=True, text=True
    ).stdout.split()
    assert output[0] == "5"
    assert float(output[1]) < 60
