"""Settings of alerting; authority, windows and scores are data of its core, not settings."""

from __future__ import annotations

from shared.runtime.settings import DatabaseSettings


class Settings(DatabaseSettings):
    """What every service with a database needs, and nothing else."""
