"""What a lenient parser lets through: repeated keys, NaN and Infinity, bottomless nesting.

Every common parser keeps the last of two equal keys in silence; two readers of one body may then see
two readings. So the body is read once for its form; the contract then validates the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from services.ingest.core.refusals import Refusal, refuse

MAX_DEPTH = 32
"""Levels of objects and arrays; a reading in a batch needs three."""
MOST_NAMES = 20_000
"""Names in all objects together; a thousand readings have nine thousand and one."""


def check(body: bytes) -> None:
    """Raises Refused when the bytes are not JSON of the strict kind."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise refuse(
            Refusal.NOT_JSON, f"byte {error.start}", "not UTF-8", "JSON in UTF-8"
        ) from None
    try:
        result = json.loads(text, object_pairs_hook=Names().read, parse_constant=_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise refuse(Refusal.NOT_JSON, where, error.msg) from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:  # an integer of thousands of digits
        raise refuse(Refusal.NOT_JSON, "body", str(error)) from None
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


class Names:
    """The names of a body, object by object: each once in its object, and not without end.

    What is wrong with a name costs about a kilobyte until the body is refused.
    """

    def __init__(self) -> None:
        self._count = 0

    def read(self, pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        """The object of these pairs; raises Refused."""
        self._count += len(pairs)
        if self._count > MOST_NAMES:
            raise refuse(
                Refusal.TOO_LARGE, "body", "holds too many names", f"at most {MOST_NAMES} names"
            )
        results: dict[str, Any] = {}
        for name, value in pairs:
            if name in results:
                raise refuse(
                    Refusal.DUPLICATE_KEY, name[:80], "this key occurs twice", "each key once"
                )
            results[name] = value
        return results


def _constant(name: str) -> Any:
    raise refuse(Refusal.NOT_JSON, name, f"{name} is not JSON", "a finite number")


def _too_deep() -> Exception:
    return refuse(Refusal.TOO_DEEP, "body", "nested too deeply", f"at most {MAX_DEPTH} levels")
