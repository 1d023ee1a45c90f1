"""The fast reader agrees with the contract: the same messages and values."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.command.fastpath import plain_steps
from shared.contracts.assignments import RECURRING, Acknowledgement, Step
from shared.contracts.fields import END_OF_INSTANTS, FIRST_INSTANT, DataGrade, Post, Status, Tier
from shared.contracts.ids import acknowledgement_id, assignment_id, is_identifier
from shared.contracts.topics import ACKNOWLEDGEMENTS
from shared.runtime.inbound_messages import body_digest

UNIT = "500118118200/grid/001/01"
_MESSAGE = assignment_id("cmd-1", UNIT)


def a_step(**change: Any) -> Acknowledgement:
    """A signature as the console writes it."""
    fields: dict[str, Any] = {
        "id": acknowledgement_id(_MESSAGE, "sign", 1, "officer-1"),
        "occurred_at": datetime(2026, 6, 18, 6, 1, 2, 345_000, tzinfo=UTC),
        "sent_at": datetime(2026, 6, 18, 6, 1, 2, 345_678, tzinfo=UTC),
        "origin_unit": UNIT,
        "tier": Tier.MICROGRID,
        "areas": (UNIT,),
        "references": ("evt-1",),
        "trace_id": "trace-1",
        "assignment_id": _MESSAGE,
        "command_id": "cmd-1",
        "unit": UNIT,
        "step": Step.SIGN,
        "officer_id": "officer-1",
        "officer_unit": UNIT,
        "post": Post.B,
        "text": '收到，"马上"出发\n100%',
    }
    return Acknowledgement(**fields | change)


RAW = a_step().to_wire()
PLAIN = json.loads(RAW)


def dumped(message: dict[str, Any]) -> bytes:
    """As our own doors write it, whatever is in it."""
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def agree(raw: bytes) -> bool:
    """Return whether the fast reader takes the message; then the values must agree."""
    plain_step = plain_steps.read(raw)
    if plain_step is None:
        return False
    change = ACKNOWLEDGEMENTS.model.validate_json(raw)
    for name in Acknowledgement.model_fields:
        if name != "trace_id":
            assert getattr(plain_step, name) == getattr(change, name), (name, raw)
            assert type(getattr(plain_step, name)) is type(getattr(change, name)), (name, raw)
    return True


@pytest.mark.parametrize("step", sorted(set(Step) - RECURRING))
def test_a_plain_step_goes_the_quick_way(step: Step) -> None:
    assert agree(a_step(step=step).to_wire())


@pytest.mark.parametrize(
    "change",
    [
        {"trace_id": None},
        {"areas": (), "references": (), "text": ""},
        {"status": Status.EXERCISE, "data_grade": DataGrade.CORE, "post": Post.COMMANDER},
        {"text": "x" * 4000, "attempt": 99},
        {"text": "".join(map(chr, range(1, 0x2100)))[:4000]},
        {"areas": tuple(f"5001180{n:02d}000" for n in range(64)), "references": ("r",) * 64},
        {"occurred_at": FIRST_INSTANT, "trace_id": "t" * 96},
    ],
)
def test_so_does_whatever_else_a_plain_step_may_say(change: dict[str, Any]) -> None:
    assert agree(a_step(**change).to_wire())


@pytest.mark.parametrize(
    "change",
    [{"number": 2}, {"units": (UNIT,)}, {"mandatory": True}, {"until": datetime.now(UTC)}],
)
def test_a_step_that_says_more_is_left_to_the_contract(change: dict[str, Any]) -> None:
    assert plain_steps.read(a_step(**change).to_wire()) is None


def test_only_the_time_of_sending_and_the_trace_may_differ_between_repeats() -> None:
    resent = a_step(sent_at=datetime(2027, 1, 1, tzinfo=UTC), trace_id=None)
    assert body_digest(a_step().to_wire()) == body_digest(resent.to_wire())
    assert body_digest(a_step().to_wire()) != body_digest(a_step(text="").to_wire())


_SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(),
    st.text(max_size=120),
    st.text(st.characters(codec=None, categories=["Cs", "Cc", "L"]), max_size=5),
    st.sampled_from(
        [
            *([], {}, ["x"], [UNIT], [UNIT] * 65, ["evt-1"] * 65, ["a b"], "", 1, 1.0, 99, 100),
            *("Actual", "Exercise", "core", "town", "sign", "B", "acknowledgement", UNIT),
            *(UNIT + "\n", "a" * 97, "a\n", "a b", " a", "x" * 4001, "\0"),
        ]
    ),
)


@settings(max_examples=1000)
@given(st.sampled_from([*PLAIN, "number", "until", "units", "mandatory", "extra"]), _SCALARS)
def test_any_field_may_hold_anything(name: str, value: Any) -> None:
    agree(dumped({**PLAIN, name: value}))
    agree(json.dumps({**PLAIN, name: value}, separators=(",", ":")).encode())


@given(st.sampled_from(list(PLAIN)))
def test_any_field_may_be_missing(name: str) -> None:
    agree(dumped({k: v for k, v in PLAIN.items() if k != name}))


_EARLY = FIRST_INSTANT.replace(tzinfo=None) + timedelta(days=1)
_LATE = END_OF_INSTANTS.replace(tzinfo=None) - timedelta(days=1)


@settings(max_examples=500)
@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60),
    st.datetimes(_EARLY, _LATE, timezones=st.timezones()),
    st.integers(1, 99),
)
def test_texts_and_moments_are_read_to_the_last_bit(
    text: str, when: datetime, attempt: int
) -> None:
    agree(a_step(text=text, occurred_at=when, sent_at=when, attempt=attempt).to_wire())
    assert agree(a_step(text=text, occurred_at=when.replace(tzinfo=UTC)).to_wire())


_TIMES = [
    "2020-08-19T11:25:00z",
    "2020-08-19 11:25:00Z",
    "2020-08-19T11:25:00+08:00",
    "2020-08-19T11:25:00+0800",
    "2020-08-19T11:25:00-00:00",
    "2020-08-19T11:25:00",
    "2020-08-19T24:00:00Z",
    "2020-08-19T23:59:60Z",
    "2020-02-30T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+23:00",
    "0001-01-01T00:00:00Z",
    "1999-12-31T23:59:59.999999Z",
    "2000-01-01T00:00:00Z",
    "2199-12-31T23:59:59.999999Z",
    "2200-01-01T00:00:00Z",
    "2020-08-19T11:25:00.1Z",
    "2020-08-19T11:25:00.000000Z",
    "2020-08-19T11:25:00.1234567Z",
    "1597836300",
]


@pytest.mark.parametrize("field", ["occurred_at", "sent_at"])
@pytest.mark.parametrize("text", _TIMES)
def test_every_way_to_write_a_time(field: str, text: str) -> None:
    agree(dumped({**PLAIN, field: text}))


@settings(max_examples=1000)
@given(st.integers(0, 2_000), st.binary(min_size=0, max_size=3), st.integers(0, 3))
def test_bytes_that_were_damaged(place: int, damage: bytes, width: int) -> None:
    place %= len(RAW)
    agree(RAW[:place] + damage + RAW[place + width :])


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"{}",
        b"\xff",
        b"{" * 100_000,
        b"\xef\xbb\xbf" + RAW,
        RAW + b" ",
        RAW[:-1] + b',"text":""}',
        RAW.replace(b'"id":', b'"id":"ack-2","id":'),
        RAW.replace(b"\\n", b"\\u000a"),
        RAW.replace("收".encode(), b"\\u6536"),
        RAW.replace("收".encode(), b"\\u0000"),
        dumped(dict(sorted(PLAIN.items()))),
        json.dumps(PLAIN).encode(),
    ],
)
def test_what_nobody_of_us_writes_is_left_to_the_contract(raw: bytes) -> None:
    assert plain_steps.read(raw) is None


@given(
    st.from_regex(r"[A-Za-z0-9._:\-٣é \n]{0,100}", fullmatch=True), st.sampled_from([*PLAIN][:-1])
)
def test_ids_that_look_right(text: str, name: str) -> None:
    agree(dumped({**PLAIN, name: text}))
    try:
        a_step(id=text)
    except ValidationError:
        assert not is_identifier(text)
    else:
        assert is_identifier(text)
