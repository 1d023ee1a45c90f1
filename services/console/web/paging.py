"""Pages of lists: the cursor as a query parameter and in the response."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import asyncpg
from fastapi import Query

from services.console.core import paging
from services.console.store.ordering import Order, position_of
from services.console.web.problems import ApiProblem

AfterCursor = Annotated[str, Query(pattern=paging.PATTERN, max_length=paging.LONGEST)]
"""The `next` of the previous page; an empty cursor is the beginning."""


def position_after(after: str, order: Order) -> paging.ListPosition | None:
    """Return the position of a cursor. Raises 422 for a cursor of another list."""
    try:
        return paging.place_of(after, len(order.numbers))
    except ValueError:
        raise ApiProblem(
            422, "The request is not valid", "`after` is no cursor.", reason="invalid"
        ) from None


def next_of(rows: Sequence[asyncpg.Record], limit: int) -> str | None:
    """Return the cursor after these rows; None when the list ends with them."""
    return paging.cursor_of(position_of(rows[-1])) if len(rows) == limit else None
