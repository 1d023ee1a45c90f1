"""JSON responses."""

from __future__ import annotations

from fastapi import Response
from pydantic_core import to_json


def as_json(body: object, status: int = 200) -> Response:
    """Return a JSON response that no cache stores."""
    return Response(to_json(body), status, media_type="application/json")
