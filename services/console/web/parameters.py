"""Query parameters that several routes have."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from shared.contracts.fields import DoorStatus

StatusQuery = Annotated[DoorStatus, Query()]
Limit = Annotated[int, Query(ge=1, le=500)]
Cursor = Annotated[str, Query(pattern=r"^[A-Za-z0-9._:\-]{0,96}$")]
"""The id after which a list by id continues; an empty cursor is the beginning."""
Seq = Annotated[int, Query(ge=0, le=2**62)]
