"""The strict form of JSON: no repeated keys, no NaN or Infinity, limited nesting.

Common parsers silently use the last of two equal keys, so two readers of one body may get different
readings. Therefore the form of the body is checked first; then the contract validates the same
bytes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from services.ingest.core.refusals import ProblemKind, refusal

MAX_DEPTH = 32
"""The most levels of objects and arrays; a reading in a batch needs three."""
MAX_NAMES = 20_000
"""The most names in all objects together; a thousand readings have nine thousand and one."""


def check(body: bytes) -> None:
    """Raise RequestRefused if the bytes are not JSON in the strict form."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise refusal(
            ProblemKind.NOT_JSON, f"byte {error.start}", "not UTF-8", "JSON in UTF-8"
        ) from None
    try:
        result = json.loads(
            text, object_pairs_hook=NameCheck().make_object, parse_constant=_constant
        )
    except json.JSONDecodeError as error:
        location = f"line {error.lineno}, column {error.colno}"
        raise refusal(ProblemKind.NOT_JSON, location, error.msg) from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:  # an integer of thousands of digits
        raise refusal(ProblemKind.NOT_JSON, "body", str(error)) from None
    level = [result] if isinstance(result, dict | list) else []
    depth = 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise _too_deep()
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]


class NameCheck:
    """Checks the names of a body, object by object: each is unique in its object, all are limited.

    The problem of a name costs about a kilobyte of memory until the body is refused.
    """

    def __init__(self) -> None:
        self._count = 0

    def make_object(self, pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        """Return the object with these pairs. Raises RequestRefused."""
        self._count += len(pairs)
        if self._count > MAX_NAMES:
            raise refusal(
                ProblemKind.TOO_LARGE, "body", "holds too many names", f"at most {MAX_NAMES} names"
            )
        values: dict[str, Any] = {}
        for name, value in pairs:
            if name in values:
                raise refusal(
                    ProblemKind.DUPLICATE_KEY, name[:80], "this key occurs twice", "each key once"
                )
            values[name] = value
        return values


def _constant(name: str) -> Any:
    raise refusal(ProblemKind.NOT_JSON, name, f"{name} is not JSON", "a finite number")


def _too_deep() -> Exception:
    return refusal(ProblemKind.TOO_DEEP, "body", "nested too deeply", f"at most {MAX_DEPTH} levels")
