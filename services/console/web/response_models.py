"""Models of responses: they describe the JSON that the routes have prepared.

The models are documentation. The OpenAPI document is made of them, and the tests compare every
response with that document. No response is built or serialized through a model.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from services.console.core.record import Json
from shared.runtime.asyncapi import field_words

Responses = dict[int | str, dict[str, Any]]
"""Responses of a route by status, in the form of FastAPI's argument `responses`."""

WORDS = Path(__file__).with_name("response_words.json")


class ResponseModel(BaseModel):
    """Base of all models of responses: closed, with a description of each field in two languages.

    `contract` names the message whose descriptions apply to fields of the same name.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    contract: ClassVar[str] = ""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Add the description of each field to the schema."""
        reference = handler(schema)
        bases = [base.__name__ for base in cls.__mro__ if issubclass(base, ResponseModel)]
        describe_fields(handler.resolve_ref_schema(reference), bases, cls.contract)
        return reference


class RecordedAction(ResponseModel):
    """Kafka has the action; the service that owns the subject applies or refuses it."""

    id: str
    repeated: bool


def describe_fields(schema: Json, models: Sequence[str] = (), contract: str = "") -> None:
    """Add to each field of a model's schema its description in English and Chinese, if any.

    For a response model (`models`: the model and its bases) the words of responses come first, for
    a contract the words of contracts.
    """
    title = schema.get("title", "")
    for name, field_schema in schema.get("properties", {}).items():
        if "description" in field_schema:
            continue
        own = next((pair for model in models or [title] if (pair := _words(model, name))), None)
        texts = [own, _words("", name), field_words(contract or title, name)]
        if not models:
            texts = [own, texts[2], texts[1]]
        text = next((text for text in texts if text is not None), None)
        if text is not None:
            field_schema["description"] = text


def _words(model: str, field: str) -> str | None:
    """Return the words for a field of a model, or for a field of any model if that is empty."""
    pair = _table().get(f"{model}.{field}" if model else field)
    return None if pair is None else " · ".join(pair)


@cache
def _table() -> dict[str, list[str]]:
    table: dict[str, list[str]] = json.loads(WORDS.read_text(encoding="utf-8"))
    return table


def optional(alias: str | None = None) -> Any:
    """Return a field that a response may leave out; if present, it is not null.

    `alias` is the name in the response if it is not that of the field.
    """
    return Field(default=None, alias=alias, json_schema_extra=_remove_default)


def _remove_default(schema: Json) -> None:
    schema.pop("default", None)


def json_response(model: type[BaseModel], status: int = 200) -> Responses:
    """Return the description of a JSON response."""
    text = " ".join(inspect.cleandoc(model.__doc__ or "").split())
    return {status: {"model": model, "description": text}}


def recorded(model: type[ResponseModel] = RecordedAction) -> Responses:
    """Return the description of the response to an action: 202 once Kafka has the record."""
    return json_response(model, 202)


def file_response(description: str, *media_types: str) -> Responses:
    """Return the description of a response that is a file in one of these media types."""
    content = {media_type: {"schema": _schema_of_file(media_type)} for media_type in media_types}
    return {200: {"description": description, "content": content}}


def _schema_of_file(media_type: str) -> Json:
    if media_type.startswith("text/"):
        return {"type": "string"}
    return {"type": "string", "format": "binary"}
