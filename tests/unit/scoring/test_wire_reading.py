"""The fast readers and the contract: a reading accepted by one is accepted by both, alike."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.scoring.fastpath import wire_reading
from services.scoring.fastpath.reading_scanner import ReadingScanner
from shared.contracts.fields import END_OF_INSTANTS, FIRST_INSTANT
from shared.contracts.readings import Reading
from shared.contracts.topics import READINGS
from shared.contracts.units import is_unit
from shared.runtime.outbound_records import encode
from tests.support.scoring import a_reading

PLAIN = json.loads(encode(a_reading(213.5, 60)))


def decoded(raw: bytes) -> wire_reading.WireReading | None:
    """Return the reading as the loop over a batch reads it; None = left to the contract."""
    try:
        reading = wire_reading.decode_reading(raw)
    except ValueError:
        return None
    checked = wire_reading.is_id(reading.id) and is_unit(reading.origin_unit)
    return reading if checked else None


def contract(raw: bytes) -> Any:
    """Return the reading of the contract; None for a refusal."""
    try:
        return READINGS.model.validate_json(raw)
    except ValidationError:
        return None


def scanned(reading_bytes: bytes) -> bool:
    """Return whether the scanner accepts; fails unless the msgspec reader reads the same.

    The reading lies among other bytes, as in a batch: later bytes must never complete it.
    """
    scanner = ReadingScanner()
    prefix, suffix = b'{"id":"x', b'"}\x00{"id":"y","value":1}'
    raw = prefix + reading_bytes + suffix
    is_plain = scanner.read(raw, len(prefix), len(prefix) + len(reading_bytes))
    assert is_plain == ReadingScanner().read(reading_bytes, 0, len(reading_bytes))
    if not is_plain:
        return False
    datum = raw[scanner.datum_from : scanner.datum_to]
    facts = (
        raw[scanner.sensor_from : scanner.sensor_to],
        raw[scanner.metric_from : scanner.metric_to],
        raw[scanner.unit_from : scanner.unit_to],
        datum or None,
    )
    unit_of = raw[scanner.origin_from : scanner.origin_to].decode("utf-8", "replace")
    if facts != (b"zhutuo-3", b"water_level", b"m", "吴淞".encode()) or not is_unit(unit_of):
        return False
    plain_reading = decoded(reading_bytes)
    assert plain_reading is not None, raw
    assert raw[scanner.id_from : scanner.id_to].decode() == plain_reading.id
    assert (scanner.at, scanner.synthetic) == (
        plain_reading.occurred_at.timestamp(),
        plain_reading.synthetic,
    ), raw
    assert repr(scanner.value) == repr(plain_reading.value), raw
    assert unit_of == plain_reading.origin_unit
    return True


def agree(raw: bytes) -> bool:
    """Return whether the msgspec reader accepts; fails unless the contract reads the same."""
    plain_reading = decoded(raw)
    if scanned(raw):
        assert plain_reading is not None
    if plain_reading is None:
        return False
    reading = contract(raw)
    # What is compared with the catalogue (sensor, metric, unit, datum) is refused there when it
    # differs.
    catalogued = ("zhutuo-3", "water_level", "m", "吴淞")
    if (
        plain_reading.sensor_id,
        plain_reading.metric,
        plain_reading.unit,
        plain_reading.datum,
    ) != catalogued:
        return False
    assert isinstance(reading, Reading), raw
    assert (plain_reading.id, plain_reading.value, plain_reading.status) == (
        reading.id,
        reading.value,
        reading.status.value,
    )
    # Beyond six decimals one rounds and the other cuts off; the loop keeps to one of them.
    assert abs(plain_reading.occurred_at - reading.occurred_at) <= timedelta(microseconds=1), raw
    assert plain_reading.synthetic == reading.synthetic
    assert plain_reading.origin_unit == reading.origin_unit
    assert not reading.areas
    assert not reading.references
    assert reading.trace_id is None
    assert reading.data_grade.value == "general"
    return True


def agree_on(fields: dict[str, Any]) -> None:
    """As JSON usually is, and without blanks and escapes: only so the scanner takes it."""
    agree(json.dumps(fields).encode())
    plain = json.dumps(fields, separators=(",", ":"), ensure_ascii=False)
    agree(plain.encode("utf-8", "surrogatepass"))


def test_a_plain_reading_goes_the_quick_way() -> None:
    assert agree(encode(a_reading(213.5, 60)))
    required = {k: v for k, v in PLAIN.items() if k not in _OPTIONAL}
    assert agree(json.dumps(required).encode())


@pytest.mark.parametrize(
    "reading",
    [
        a_reading(213.5, 60),
        a_reading(-0.001, 0.25, synthetic=True),
        a_reading(1e14 - 1, 86_400.123456, event_id="A" * 96),
    ],
)
def test_what_our_own_doors_write_is_taken_by_the_scanner(reading: Reading) -> None:
    """Else nothing above compares it with anything, and nothing is gained by it."""
    assert scanned(encode(reading))


_FIRST_MICROS = int(FIRST_INSTANT.replace(year=2001).timestamp()) * 1_000_000
_END_MICROS = int(END_OF_INSTANTS.timestamp()) * 1_000_000


def _moment(micros: int) -> datetime:
    """So many microseconds after 1970."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)


@settings(max_examples=600)
@given(
    st.decimals(-(10**11), 10**11, places=3, allow_nan=False),
    st.integers(_FIRST_MICROS, _END_MICROS - 1).map(_moment),
)
def test_numbers_and_moments_are_read_to_the_last_bit(value: Any, when: datetime) -> None:
    raw = encode(a_reading(213.5, 60)).replace(b"213.5", str(value).encode())
    moment = json.loads(raw)["occurred_at"].encode()
    assert (
        scanned(raw.replace(moment, when.isoformat().replace("+00:00", "Z").encode())) or value == 0
    )


_OPTIONAL = {"schema_version", "status", "areas", "references", "data_grade", "synthetic"}
_SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False),
    st.text(max_size=120),
    st.sampled_from(
        [[], {}, ["x"], "", "1", 1, 1.0, "Actual", "actual", "general", "town", "reading"]
    ),
)


@settings(max_examples=600)
@given(st.sampled_from([*PLAIN, "trace_id", "extra", "lateness"]), _SCALARS)
def test_any_field_may_hold_anything(name: str, value: Any) -> None:
    agree_on({**PLAIN, name: value})


@given(st.sampled_from(list(PLAIN)))
def test_any_field_may_be_missing(name: str) -> None:
    agree_on({k: v for k, v in PLAIN.items() if k != name})


_TIMES = [
    "2020-08-19T11:25:00Z",
    "2020-08-19T11:25:00z",
    "2020-08-19t11:25:00Z",
    "2020-08-19 11:25:00Z",
    "2020-08-19_11:25:00Z",
    "2020-08-19T11:25:00+08:00",
    "2020-08-19T11:25:00+0800",
    "2020-08-19T11:25:00+08",
    "2020-08-19T11:25:00-00:00",
    "2020-08-19T11:25:00+24:00",
    "2020-08-19T11:25:00+23:59",
    "2020-08-19T11:25:00",
    "2020-08-19T11:25Z",
    "2020-08-19",
    "2020-08-19T24:00:00Z",
    "2020-08-19T23:59:60Z",
    "2020-02-30T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "0000-00-00T00:00:01Z",
    "0001-01-01T00:00:00+23:00",
    "9999-12-31T23:59:59.999999-23:00",
    "1999-12-31T23:59:59.999999Z",
    "1999-12-31T23:59:59.9999999Z",
    "2000-01-01T00:00:00Z",
    "2000-01-01T00:00:00.000001Z",
    "2000-01-01T07:59:59+08:00",
    "2199-12-31T23:59:59.999999Z",
    "2199-12-31T23:59:59.9999999Z",
    "2199-12-31T23:59:59-00:01",
    "2200-01-01T00:00:00Z",
    "10000-01-01T00:00:00Z",
    "2020-08-19T11:25:00.1Z",
    "2020-08-19T11:25:00.123456Z",
    "2020-08-19T11:25:00.1234567Z",
    "2020-08-19T11:25:00.9999999Z",
    "2020-08-19T11:25:00,5Z",
    "2020-08-19T11:25:00.Z",
    " 2020-08-19T11:25:00Z",
    "1597836300",
    "20200819T112500Z",
    "",
]


@pytest.mark.parametrize("field", ["occurred_at", "sent_at"])
@pytest.mark.parametrize("text", _TIMES)
def test_every_way_to_write_a_time(field: str, text: str) -> None:
    agree_on({**PLAIN, field: text})


@settings(max_examples=300)
@given(st.datetimes(timezones=st.timezones()), st.integers(0, 9), st.sampled_from("Tt _"))
def test_times_of_any_precision(when: Any, digits: int, between: str) -> None:
    text = when.isoformat(sep=between)
    if "." in text and digits:
        text = text.replace(".", "." + "9" * digits)
    agree_on({**PLAIN, "occurred_at": text})


_NUMBERS = [
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "-1e999",
    "1e308",
    "1e-400",
    "-0",
    "-0.0",
    "01",
    "1.",
    ".5",
    "+1",
    "1_000",
    "0x10",
    "1" * 400,
    "9" * 19,
    "1" + "0" * 25,
    "true",
    "null",
    '"5"',
    "213.49999999999997",
    "0.1",
    "5e-324",
    "1.7976931348623157e308",
    "123456789012345678",
    "9007199254740993",
]


@pytest.mark.parametrize("number", _NUMBERS)
def test_every_way_to_write_a_number(number: str) -> None:
    raw = encode(a_reading(213.5, 60)).replace(b'"value":213.5', b'"value":' + number.encode())
    assert b"213.5" not in raw
    agree(raw)


@settings(max_examples=600)
@given(st.integers(0, 2_000), st.binary(min_size=0, max_size=3), st.integers(0, 3))
def test_bytes_that_were_damaged(place: int, damage: bytes, width: int) -> None:
    raw = encode(a_reading(213.5, 60))
    place %= len(raw)
    agree(raw[:place] + damage + raw[place + width :])


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'"x"',
        b"\xff",
        b"{" * 100_000,
        b"\xef\xbb\xbf" + encode(a_reading(1, 1)),
        encode(a_reading(1, 1)) + b" ",
        encode(a_reading(1, 1)) + b"x",
        encode(a_reading(1, 1)).replace(b'"type":"reading"', b'"type":"tick"'),
        encode(a_reading(1, 1)).replace(b'"type":"reading",', b""),
        encode(a_reading(1, 1))[:-1] + b',"value":2}',
        encode(a_reading(1, 1))[:-1] + b',"id":"\\ud800"}',
        encode(a_reading(1, 1))[:-1] + b',"id":"a\\u0000"}',
    ],
)
def test_what_is_hardly_a_reading(raw: bytes) -> None:
    agree(raw)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=100))
def test_ids(text: str) -> None:
    agree_on({**PLAIN, "id": text})
    agree_on({**PLAIN, "origin_unit": text})


@given(st.from_regex(r"[A-Za-z0-9._:\-٣é]{1,100}", fullmatch=True))
def test_ids_that_look_right(text: str) -> None:
    agree_on({**PLAIN, "id": text})
