"""Settings of scoring (environment, prefix FENGHUO_)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shared.contracts.duty import ZoneName
from shared.domain.local_time import ZONE
from shared.runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """Settings of the scoring service."""

    lateness_s: Annotated[float, Field(ge=0, le=7 * 86_400)] = 300
    """A reading may be this much older than its sensor's newest reading, in seconds, where the
    catalogue states no other limit; older readings are refused."""
    flush_interval_s: Annotated[float, Field(gt=0, le=60)] = 1.0
    """Changed states are stored at this interval in seconds, or up to every 5 s where there are
    many; a restart processes at most the input of one interval again."""
    flush_states: Annotated[int, Field(ge=1, le=100_000)] = 20_000
    """Changed states of a partition are stored earlier when this number has changed."""
    zone: ZoneName = ZONE
    """Time zone of the seasons and hours of rules, the same as notify's."""
    batch_records: Annotated[int, Field(ge=1, le=10_000)] = 5_000
    """About this many records are handled at once."""
