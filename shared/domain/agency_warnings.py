"""The time in which a warning of another agency 外部预警 holds."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.contracts.reports import ExternalWarning

DEFAULT_VALIDITY = timedelta(hours=24)
"""The validity of a warning whose agency states no end."""
WARNINGS = frozenset({"Alert", "Update"})
"""The kinds of messages that are warnings themselves."""
WITHDRAWALS = frozenset({"Cancel", "Error"})
FOLLOW_UPS = WITHDRAWALS | {"Update"}
"""The kinds of messages that end the warnings in their references."""


def validity(event: ExternalWarning, observed_at: datetime) -> tuple[datetime, datetime]:
    """Return from when a warning holds, and until before which moment."""
    starts_at = max(observed_at, event.effective_at or observed_at)
    return starts_at, event.expires_at or starts_at + DEFAULT_VALIDITY


def areas_of(event: ExternalWarning) -> tuple[str, ...]:
    """Return the areas of a warning; without areas, the unit that received it."""
    return event.areas or (event.origin_unit,)
