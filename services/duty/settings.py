"""Settings of duty."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shared.runtime.settings import DatabaseSettings


class Settings(DatabaseSettings):
    """From the environment, prefix FENGHUO_."""

    keep_days: Annotated[int, Field(ge=30, le=36_500)] = 400
    """Days for which the entries of a duty plan stay after their end."""
