"""Models of the response with what is still missing."""

from __future__ import annotations

from datetime import datetime

from services.console.web.response_models import ResponseModel
from shared.definitions.self_check import MissingKind


class MissingView(ResponseModel):
    """A lack in both languages; `ids` are the first of `count`."""

    kind: MissingKind
    zh: str
    en: str
    count: int
    ids: list[str]


class SelfCheck(ResponseModel):
    """The lacks of a unit and its subtree; none: ready to go live."""

    unit: str
    unit_name: str
    at: datetime
    ready: bool
    missing: list[MissingView]
