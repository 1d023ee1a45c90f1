"""Mutations of a good value: each is a class of hostile input, by name.

A byte mutation takes the encoded value, a field mutation the decoded JSON object. Both are pure:
chance is an argument.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

Json = dict[str, Any]
ByteMutation = Callable[[Random, bytes], bytes]
FieldMutation = Callable[[Random, Json], Json]

_NUMBER = re.compile(rb": -?[0-9.]+")
_TIMES = (
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-12:00",
    "1969-12-31T23:59:59.999999Z",
    "2016-12-31T23:59:60Z",
    "2026-02-30T00:00:00Z",
    "2026-03-29T02:30:00+02:00",
    "2026-01-01T00:00:00",
    "2026-01-01T00:00:00+99:99",
    "20260101T000000Z",
    "-2026-01-01T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "now",
)
_NUMBERS = (
    0, -0.0, -1, 1e-320, 1.7e308, -1.7e308, 2**31, -(2**31) - 1, 2**53 + 1, 2**63, -(2**63) - 1,
    10**40, 0.1,
)  # fmt: skip
_TEXTS = {
    "empty_text": "",
    "blank_text": " \t\u3000",
    "long_text": "长" * 70_000,
    "nul_text": "a\x00b",
    "control_text": "a\x1b[31m\r\nb\x7f",
    "bidirectional_text": "\u202egnp.exe\u202c\u2066",
    "combining_text": "e" + "\u0301" * 3_000,
    "astral_text": "\U0001f525" * 200,
    "noncharacter_text": "\ufffe\uffff\ufdd0",
    "markup_text": "<img src=x onerror=alert(1)><script>alert(1)</script>",
    "sql_text": "'; DROP TABLE command.command; --",
    "template_text": "{{7*7}}${7*7}%s%n{0}",
    "path_text": "../../../../etc/passwd\\..\\..",
    "formula_text": '=HYPERLINK("http://example.invalid","x")',
    "header_text": "x\r\nSet-Cookie: a=b",
    "number_text": "1e5",
    "full_width_text": "５００１１８",
}


def _bit_flip(chance: Random, value: bytes) -> bytes:
    data = bytearray(value or b"\0")
    for _ in range(chance.randint(1, 4)):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def _span(chance: Random, value: bytes) -> tuple[int, int]:
    first = chance.randrange(len(value) + 1)
    return first, min(len(value), first + chance.randint(1, 40))


def _deletion(chance: Random, value: bytes) -> bytes:
    first, last = _span(chance, value)
    return value[:first] + value[last:]


def _repeat(chance: Random, value: bytes) -> bytes:
    first, last = _span(chance, value)
    return value[:last] + value[first:]


def _insertion(chance: Random, value: bytes) -> bytes:
    place = chance.randrange(len(value) + 1)
    return value[:place] + chance.randbytes(chance.randint(1, 20)) + value[place:]


def _repeated_names(chance: Random, value: bytes) -> bytes:
    names = b",".join(b'"%x":%d' % (n % 500, n) for n in range(chance.choice((2, 500, 20_000))))
    return b"{" + names + b"," + value.lstrip()[1:] if value.lstrip()[:1] == b"{" else names


def _surrogate(_: Random, value: bytes) -> bytes:
    return value.replace(b'": "', b'": "\\ud800', 1).replace(b'":"', b'":"\\udc00', 1)


def _not_finite(chance: Random, value: bytes) -> bytes:
    word = chance.choice((b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999"))
    digits = [place for place in range(len(value)) if value[place : place + 1].isdigit()]
    if not digits:
        return word
    place = chance.choice(digits)
    return value[:place] + word + value[place + 1 :]


def _long_digits(chance: Random, value: bytes) -> bytes:
    numbers = list(_NUMBER.finditer(value))
    if not numbers:
        return value
    number = chance.choice(numbers)
    digits = chance.choice((b"9" * 5_000, b"1e400000", b"0." + b"1" * 5_000, b"1" + b"0" * 60_000))
    return value[: number.start()] + b": " + digits + value[number.end() :]


def _escaped_names(_: Random, value: bytes) -> bytes:
    """Return the object with a second id, whose name is written with an escape."""
    return (
        b'{"\\u0069d": "hst-second",' + value.lstrip()[1:] if value.lstrip()[:1] == b"{" else value
    )


BYTES: dict[str, ByteMutation] = {
    "bit_flip": _bit_flip,
    "truncation": lambda chance, value: value[: chance.randrange(len(value) + 1)],
    "deletion": _deletion,
    "repeat": _repeat,
    "insertion": _insertion,
    "noise": lambda chance, _: chance.randbytes(chance.randint(1, 400)),
    "empty": lambda _, __: b"",
    "blank": lambda _, __: b" \n\t ",
    "byte_order_mark": lambda _, value: b"\xef\xbb\xbf" + value,
    "utf_16": lambda _, value: value.decode(errors="replace").encode("utf-16"),
    "latin_1": lambda _, value: value.replace(b'"', b'"\xe9', 2),
    "gb18030": lambda _, value: value.decode(errors="replace").encode("gb18030"),
    "nul_bytes": lambda chance, value: value + b"\0" * chance.randint(1, 64),
    "two_documents": lambda _, value: value + value,
    "scalar": lambda chance, _: chance.choice((b"null", b"true", b"0", b'"text"', b"-")),
    "array": lambda _, value: b"[" + value + b"]",
    "deep_arrays": lambda chance, _: b"[" * chance.choice((50, 500, 5_000)),
    "deep_objects": lambda chance, _: b'{"a":' * chance.choice((50, 500, 5_000)) + b"1",
    "repeated_names": _repeated_names,
    "many_names": lambda chance, _: json.dumps(
        {f"n{n}": n for n in range(chance.choice((100, 3_000, 50_000)))}
    ).encode(),
    "long_number": lambda chance, value: value + b"9" * chance.choice((400, 5_000)),
    "long_digits": _long_digits,
    "escaped_names": _escaped_names,
    "not_finite": _not_finite,
    "surrogate": _surrogate,
    "comment": lambda _, value: b"/* */" + value + b"// end",
    "single_quotes": lambda _, value: value.replace(b'"', b"'"),
}
"""Mutations of encoded values."""


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield (*path, name)
            yield from _places(item, (*path, name))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield (*path, number)
            yield from _places(item, (*path, number))


def _set(value: Json, path: tuple[Any, ...], item: Any) -> Json:
    result = copy.deepcopy(value)
    target: Any = result
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = item
    return result


def _deep(levels: int) -> Json:
    value: Json = {}
    for _ in range(levels):
        value = {"a": value}
    return value


def _at_any_place(items: tuple[Any, ...]) -> FieldMutation:
    def mutate(chance: Random, value: Json) -> Json:
        return _set(value, chance.choice(list(_places(value)) or [("id",)]), chance.choice(items))

    return mutate


def _at_a_text(item: str) -> FieldMutation:
    def mutate(chance: Random, value: Json) -> Json:
        texts = [path for path in _places(value) if isinstance(_get(value, path), str)]
        return _set(value, chance.choice(texts or [("id",)]), item)

    return mutate


def _at_a_time(chance: Random, value: Json) -> Json:
    times = [path for path in _places(value) if str(path[-1]).endswith(("_at", "starts", "ends"))]
    return _set(value, chance.choice(times or [("occurred_at",)]), chance.choice(_TIMES))


def _get(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def _absent(chance: Random, value: Json) -> Json:
    result = copy.deepcopy(value)
    if result:
        del result[chance.choice(list(result))]
    return result


def _exchanged(chance: Random, value: Json) -> Json:
    places = list(_places(value))
    if len(places) < 2:
        return value
    first, second = chance.sample(places, 2)
    return _set(value, first, copy.deepcopy(_get(value, second)))


def _long_list(chance: Random, value: Json) -> Json:
    lists = [path for path in _places(value) if isinstance(_get(value, path), list)]
    path = chance.choice(lists or [("references",)])
    items = _get(value, path) if lists else ["evt-0"]
    return _set(value, path, (items or ["evt-0"]) * 3_000)


FIELDS: dict[str, FieldMutation] = {
    "absent_field": _absent,
    "unknown_field": lambda chance, value: {**value, f"x{chance.randrange(99)}": [1, {"a": None}]},
    "null_field": _at_any_place((None,)),
    "list_field": _at_any_place(([], [None], [[[]]])),
    "object_field": _at_any_place(({}, {"a": 1})),
    "deep_field": _at_any_place((_deep(200), _deep(900))),
    "boolean_field": _at_any_place((True, False)),
    "number_field": _at_any_place(_NUMBERS),
    "time_field": _at_a_time,
    "exchanged_field": _exchanged,
    "long_list": _long_list,
    "schema_version": lambda chance, value: {
        **value,
        "schema_version": chance.choice((0, 2, -1, "1", 1.5, None)),
    },
    "type": lambda chance, value: {**value, "type": chance.choice(("tick", "page", "", "type"))},
    "status": lambda chance, value: {
        **value,
        "status": chance.choice(("Exercise", "Test", "System", "actual", "Draft")),
    },
    "unit": lambda chance, value: {
        **value,
        "origin_unit": chance.choice(("500000000000", "000000000000", "1", "5" * 12, "9" * 40)),
        "tier": chance.choice(("city", "district", "town", "village", "grid", "micro_grid")),
    },
    "same_id": lambda chance, value: {**value, "trace_id": f"trace-{chance.randrange(10**9)}"},
    **{name: _at_a_text(text) for name, text in _TEXTS.items()},
}
"""Mutations of decoded JSON objects."""


def mutated(name: str, chance: Random, value: Json) -> bytes:
    """Return the encoded value with the mutation of this name."""
    if name in FIELDS:
        return json.dumps(FIELDS[name](chance, value), ensure_ascii=False).encode(
            "utf-8", "surrogatepass"
        )
    return BYTES[name](chance, json.dumps(value, ensure_ascii=False).encode())


def is_object(value: bytes | None) -> bool:
    """Return True if any JSON reader can see an object in the value."""
    try:
        return isinstance(json.loads(value or b"", parse_int=str), dict)
    except (ValueError, RecursionError):
        return False
