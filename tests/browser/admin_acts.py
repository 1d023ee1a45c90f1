"""Acts on the page of administration, which its own tests play."""

from __future__ import annotations

ADMIN_ACTS = {
    ("/api/limits/checks", ""): "test_limits.py",
    ("/api/limits/previews", ""): "reads; the screen previews stored drafts (test_limits.py)",
    ("/api/limits/drafts/{draft_id}", ""): "test_limits.py",
    ("/api/limits/drafts/{draft_id}/sign", ""): "test_limits.py",
    ("/api/limits/drafts/{draft_id}/withdraw", ""): "test_limits.py",
}
"""The tests that play an act, by its path and verb."""
