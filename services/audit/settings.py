"""Settings of audit."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shared.contracts.fields import UnitId
from shared.runtime.settings import DatabaseSettings


class Settings(DatabaseSettings):
    """From the environment, prefix FENGHUO_."""

    audit_unit: UnitId = "500000000000"
    """The unit in whose name findings are entered in the trail."""
    audit_every_s: Annotated[float, Field(gt=0, le=60)] = 2.0
    """Seconds from one check to the next; what is found within 15 s at 2 s takes longer at more."""
    audit_count_share: Annotated[int, Field(ge=0, le=10_000)] = 40
    """Counting whole tables takes at most one part in so many of the time; 0 = no limit."""
