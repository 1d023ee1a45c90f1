"""Acts on the page of administration, which its own tests play."""

from __future__ import annotations

ADMIN_ACTS = {
    ("/api/sources", ""): "has no screen yet (component/console/test_sources.py)",
    ("/api/sources/{source_id}/limits", ""): "has no screen yet (as above)",
    ("/api/sources/{source_id}/rotation", ""): "has no screen yet (as above)",
    ("/api/sources/{source_id}/revocation", ""): "has no screen yet (as above)",
    ("/api/ledger/requests", ""): "test_ledger.py",
    ("/api/limits/checks", ""): "test_limits.py",
    ("/api/limits/previews", ""): "reads; the screen previews stored drafts (test_limits.py)",
    ("/api/limits/drafts/{draft_id}", ""): "test_limits.py",
    ("/api/limits/drafts/{draft_id}/sign", ""): "test_limits.py",
    ("/api/limits/drafts/{draft_id}/withdraw", ""): "test_limits.py",
    ("/api/drills/readings", ""): "test_admin_start.py",
    ("/api/definitions/acts", ""): "test_admin_rules.py",
    ("/api/definitions/backtest", ""): "test_admin_rules.py",
    ("/api/definitions/check", ""): "test_admin_rules.py",
    ("/api/definitions/publish", ""): "test_admin_rules.py",
    ("/api/definitions/test", ""): "test_admin_rules.py",
    ("/api/accounts/{officer_id}", ""): "test_admin_start.py",
    ("/api/accounts/{officer_id}/acts", ""): "test_admin_start.py",
    ("/api/accounts/{officer_id}/password-link", ""): "test_admin_start.py",
}
"""The tests that play an act, by its path and verb."""
