"""Decoding record by record: a bad record never affects its batch, a header never matters.

Doors refuse unknown fields (shared/contracts/fields.py); readers of Kafka ignore them. A record of
a later version with an additional field is thus readable for an earlier version.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any, Literal

from aiokafka import ConsumerRecord
from pydantic import TypeAdapter, ValidationError

from shared.contracts.dead_letter import Reason
from shared.contracts.record_keys import RECORD_KEYS
from shared.contracts.topics import TopicSpec
from shared.runtime.errors import Reject

MAX_VALUE_BYTES = 1_048_576
MOST_NAMES = 20_000
"""The most names in all objects of a record together, twice those of the largest contract: each may
be wrong, and the description of its error takes a kilobyte."""
_KEY_BYTES = 200
"""The most bytes of a wrong key in a refusal."""
MAX_LETTER_BYTES = 2 * MAX_VALUE_BYTES
"""A dead letter holds the value of a record of the size above as text, which is a third longer."""


def decode(spec: TopicSpec, record: ConsumerRecord) -> Any:
    """Return the record's value as the contract of its topic; raises Reject with reason and place.

    On a compacted topic the key has to be that of the message.
    """
    message = decode_value(spec.model, record.value)
    key_of = RECORD_KEYS.get(spec.name)
    if key_of is not None and record.key != (key := key_of(message)).encode():
        raise Reject(Reason.KEY_MISMATCH, f"key {_key_text(record.key)}, not {key}")
    return message


def _key_text(key: bytes | None) -> str:
    return repr(key if key is None else key[:_KEY_BYTES])


def decode_value(
    model: TypeAdapter[Any],
    value: bytes | None,
    limit: int = MAX_VALUE_BYTES,
    *,
    unknown_fields: Literal["ignore", "forbid"] = "ignore",
) -> Any:
    """Return at most `limit` bytes as a contract model; raises Reject with reason and place."""
    if value is None:
        raise Reject(Reason.SCHEMA, "the record has no value")
    if len(value) > limit:
        raise Reject(Reason.TOO_LARGE, f"{len(value)} bytes, at most {limit}")
    if _has_too_many_names(value):
        raise Reject(Reason.SCHEMA, f"body: more than {MOST_NAMES} names")
    try:
        return model.validate_json(value, extra=unknown_fields)
    except ValidationError as error:
        reason, detail = explain(error)
    # Outside of the except, or the refusal would hold the error with all its details as its
    # context.
    raise Reject(reason, detail)


class _TooManyNames(Exception):
    pass


def _has_too_many_names(value: bytes) -> bool:
    if value.count(b":") <= MOST_NAMES:
        return False
    count = 0

    def count_names(pairs: list[tuple[str, Any]]) -> None:
        nonlocal count
        count += len(pairs)
        if count > MOST_NAMES:
            raise _TooManyNames

    with suppress(ValueError, RecursionError):  # no JSON: decoding says so
        try:
            json.loads(value, object_pairs_hook=count_names)
        except _TooManyNames:
            return True
    return False


def explain(error: ValidationError) -> tuple[Reason, str]:
    """Return the bounded reason and a text that names each field and its error."""
    items = error.errors(include_input=False, include_url=False, include_context=False)
    kinds = {item["type"] for item in items}
    text = "; ".join(
        f"{'.'.join(str(part) for part in item['loc']) or 'body'}: {item['msg']}"
        for item in items[:8]
    )
    if "json_invalid" in kinds:
        return Reason.NOT_JSON, text
    if "finite_number" in kinds:
        return Reason.NOT_FINITE, text
    return Reason.SCHEMA, text
