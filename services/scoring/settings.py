"""Settings of scoring (environment, prefix FENGHUO_)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shared.runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """What can be set."""

    lateness_s: Annotated[float, Field(ge=0, le=7 * 86_400)] = 300
    """How much older than its sensor's newest reading one may be, where the catalogue says nothing;
    older ones are refused."""
    flush_interval_s: Annotated[float, Field(gt=0, le=60)] = 1.0
    """Changed states are stored this often, up to 5 s where there are many; a restart replays as much
    input at most."""
    flush_states: Annotated[int, Field(ge=1, le=100_000)] = 20_000
    """Changed states of a partition are stored earlier when there are this many."""
    batch_records: Annotated[int, Field(ge=1, le=10_000)] = 5_000
    """About so many records are handled at once."""
