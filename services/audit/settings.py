"""Settings of audit."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shared.contracts.fields import UnitId
from shared.runtime.settings import DatabaseSettings


class Settings(DatabaseSettings):
    """Read from environment variables with the prefix FENGHUO_."""

    audit_unit: UnitId = "500000000000"
    """The unit in whose name findings are entered in the trail."""
    audit_every_s: Annotated[float, Field(gt=0, le=60)] = 2.0
    """Seconds from one round to the next. A longer time delays all findings in proportion."""
    audit_count_share: Annotated[int, Field(ge=0, le=10_000)] = 40
    """Counting whole tables takes at most one part in this many of the time; 0 is no limit."""
    keep_days: Annotated[int, Field(ge=30, le=36_500)] = 400
    """Days for which resolved findings and the counts of a command or alert stay."""
