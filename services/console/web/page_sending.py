"""The settings that stand in the texts of pages, from those of the console."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from services.console.core.page_previews import Sending
from services.console.settings import Settings


def sending_of(settings: Settings) -> Sending:
    """Return the link and the time zone of texts; notify has the same variables."""
    return Sending(settings.console_url, ZoneInfo(settings.zone))
