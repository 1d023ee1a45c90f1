"""Settings of alerting; authority, windows and scores are data of its core, not settings."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shared.contracts.duty import ZoneName
from shared.domain.local_time import ZONE
from shared.runtime.settings import DatabaseSettings


class Settings(DatabaseSettings):
    """Environment variables FENGHUO_*; see also shared.runtime.settings."""

    keep_days: Annotated[int, Field(ge=30, le=36_500)] = 400
    """Days for which ended alerts stay in the database with their evidence; topics have retention
    of their own."""
    zone: ZoneName = ZONE
    """Time zone of the seasons and hours of rules, the same as notify's."""
