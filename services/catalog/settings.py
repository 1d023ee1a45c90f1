"""Settings of catalog."""

from __future__ import annotations

from shared.runtime.settings import DatabaseSettings


class Settings(DatabaseSettings):
    """From the environment, prefix FENGHUO_."""
