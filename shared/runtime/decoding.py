"""Decode one record at a time: a bad one never takes its batch along, a header never matters."""

from __future__ import annotations

from typing import Any

from aiokafka import ConsumerRecord
from pydantic import TypeAdapter, ValidationError

from shared.contracts.dead_letter import Reason
from shared.runtime.errors import Reject

MAX_VALUE_BYTES = 1_048_576


def decode(model: TypeAdapter[Any], record: ConsumerRecord) -> Any:
    """The record's value as its contract model; raises Reject with reason and place."""
    return decode_value(model, record.value)


def decode_value(model: TypeAdapter[Any], value: bytes | None) -> Any:
    """The bytes as a contract model; raises Reject with reason and place."""
    if value is None:
        raise Reject(Reason.SCHEMA, "the record has no value")
    if len(value) > MAX_VALUE_BYTES:
        raise Reject(Reason.TOO_LARGE, f"{len(value)} bytes, at most {MAX_VALUE_BYTES}")
    try:
        return model.validate_json(value)
    except ValidationError as error:
        raise Reject(*explain(error)) from None


def explain(error: ValidationError) -> tuple[Reason, str]:
    """The bounded reason and a text that names each field and what is wrong with it."""
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
