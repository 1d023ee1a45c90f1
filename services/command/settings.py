"""Settings of the command service."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shared.runtime.settings import DatabaseSettings


class Settings(DatabaseSettings):
    """Environment variables FENGHUO_*; see also shared.runtime.settings."""

    batch_records: Annotated[int, Field(ge=1, le=10_000)] = 4_000
    """Most records handled in one transaction; more of them cost fewer round trips each."""
    keep_days: Annotated[int, Field(ge=30, le=36_500)] = 400
    """How long closed and withdrawn commands and reported incidents stay in the database; the log
    keeps its own time."""
    fast_path: bool = True
    """Read plain acknowledgements and write alike records without the contract model, with equal
    results (services/command/fastpath/README.md); `false` lets the contract do all of it."""
