"""Retention of duty: entries of plans whose effect ended long ago."""

from __future__ import annotations

from datetime import timedelta

from shared.runtime.retention import RetentionTask, delete_rows


def delete_ended_entries(keep: timedelta) -> RetentionTask:
    """Delete entries that have been without effect for so long; a standing rule stays."""
    return delete_rows("ended_entries", "duty.entry", "over_at < now() - $1::interval", keep)
