"""The fields of a subject of limits, from the model of the contract: the form has no other list.

A subject has parts; a part is a row or a list of rows; a row has plain fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from services.console.core.record import Json
from shared.contracts.fields import Level, Post, ResponseMode, Tier
from shared.contracts.limits import SUBJECTS, LimitsDocument
from shared.contracts.pages import Channel

Kind = Literal["seconds", "share", "count", "number", "boolean", "text", "choice", "choices"]
_SECONDS = "_s"
_CHOICES: dict[type[StrEnum], str] = {
    Level: "level",
    Tier: "tier",
    ResponseMode: "mode",
    Post: "post",
    Channel: "channel",
}
"""What is chosen; the screens have a word for each value under this name."""


def subject_fields() -> list[Json]:
    """Return the description of every subject. Raises TypeError for a field of another kind."""
    return [{"subject": subject, "parts": _parts(_model_of(subject))} for subject in SUBJECTS]


def _model_of(subject: str) -> type[BaseModel]:
    _, kind = _plain(LimitsDocument.model_fields[subject])
    if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
        raise TypeError(f"{subject} has no model")
    return kind


def _parts(model: type[BaseModel]) -> list[Json]:
    return [_part(name, field) for name, field in model.model_fields.items()]


def _part(name: str, field: FieldInfo) -> Json:
    _, kind = _plain(field)
    many = get_origin(kind) is tuple
    row = get_args(kind)[0] if many else kind
    if not (isinstance(row, type) and issubclass(row, BaseModel)):
        raise TypeError(f"{name} is no row and no list of rows")
    return {
        "name": name,
        "many": many,
        "required": field.is_required(),
        "fewest": _bound(field, "min_length") or 0,
        "most": _bound(field, "max_length"),
        "fields": [_field(f"{name}.{key}", key, item) for key, item in row.model_fields.items()],
    }


def _field(place: str, name: str, field: FieldInfo) -> Json:
    nullable, kind = _plain(field)
    many = get_origin(kind) is tuple
    value = get_args(kind)[0] if many else kind
    choice = _CHOICES.get(value)
    return {
        "name": name,
        "kind": _kind(place, name, value, many=many),
        "required": field.is_required() and not nullable,
        "of": choice,
        "options": _options(value) if value in _CHOICES else [],
        "low": _bound(field, "ge", "gt"),
        "high": _bound(field, "le", "lt"),
        "fewest": _bound(field, "min_length") or 0,
        "most": _bound(field, "max_length"),
    }


def _options(choice: type[StrEnum]) -> list[str]:
    """Return what may be chosen, in the order of the screens: the gravest level first."""
    names = [str(item) for item in choice]
    return names[::-1] if choice is Level else names


def _kind(place: str, name: str, value: Any, *, many: bool) -> Kind:
    if value in _CHOICES:
        return "choices" if many else "choice"
    if not many:
        if value is bool:
            return "boolean"
        if value is int:
            return "count"
        if value is float:
            if name.endswith(_SECONDS):
                return "seconds"
            return "share" if name == "share" or name.endswith("_share") else "number"
        if value is str:
            return "text"
    raise TypeError(f"{place}: no kind of field for {value}")


def _plain(field: FieldInfo) -> tuple[bool, Any]:
    """Return whether a field may be null, and its type without null and notes."""
    kind = field.annotation
    nullable = False
    while True:
        if get_origin(kind) in {Union, UnionType}:
            kinds = [item for item in get_args(kind) if item is not type(None)]
            if len(kinds) != 1:
                raise TypeError(f"{field} has several types")
            nullable, kind = True, kinds[0]
        elif hasattr(kind, "__metadata__"):
            kind = get_args(kind)[0]
        else:
            return nullable, kind


def _bound(field: FieldInfo, *attributes: str) -> float | None:
    for note in _notes(field):
        for attribute in attributes:
            bound: float | None = getattr(note, attribute, None)
            if bound is not None:
                return bound
    return None


def _notes(field: FieldInfo) -> Iterator[Any]:
    """Yield the bounds of a field, those of its nested types as well."""
    waiting: list[Any] = [*field.metadata, field.annotation]
    while waiting:
        note = waiting.pop()
        if isinstance(note, FieldInfo):
            yield from note.metadata
        elif hasattr(note, "__metadata__"):
            waiting += [*note.__metadata__, get_args(note)[0]]
        elif get_origin(note) in {Union, UnionType}:
            waiting += get_args(note)
        else:
            yield note
