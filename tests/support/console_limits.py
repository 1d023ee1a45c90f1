"""Limits in a console under test: documents on the topic, officers who administer, bodies."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from services.console.accounts import Grant, change_grant
from services.console.core.access import Right
from services.console.features.limits.limits_parts import LimitParts
from shared.contracts.limits import LimitsDocument
from shared.runtime.clock import SystemClock
from tests.support.console_events import DISTRICT
from tests.support.console_harness import ConsoleHarness
from tests.support.limits import shipped

AUTHOR, SECOND, STRANGER = "o-district-b", "o-city-a", "o-town-b"
DRAFTS = "/api/limits/drafts"
TOMORROW = SystemClock().now() + timedelta(days=1)


async def administering(
    console: ConsoleHarness,
    dsn: str,
    unit: str = DISTRICT,
    officers: tuple[str, ...] = (AUTHOR, SECOND),
) -> None:
    """Put the shipped documents on the topic, and let officers administer a unit."""
    for name in ("assignments-standard", "reports-standard"):
        put(console, shipped(name))
    for officer in officers:
        await change_grant(dsn, officer, Grant(right=Right.ADMINISTER, unit=unit), give=True)


def put(console: ConsoleHarness, document: LimitsDocument) -> None:
    """Let the console read a document from the topic."""
    console.deps.part(LimitParts).book.put(document)


def draft_body(of: str = "assignments-standard", **change: Any) -> dict[str, Any]:
    """Return the body of a draft with the values of a shipped document, for the district."""
    document = shipped(of)
    subject = "assignments" if document.assignments is not None else "reports"
    body = {
        "subject": subject,
        "unit": DISTRICT,
        "name_zh": "永川区时限",
        "name_en": "Limits of Yongchuan",
        "in_force_from": TOMORROW.isoformat(),
        "source": "区应急委会议纪要",
        subject: getattr(document, subject).model_dump(mode="json", exclude_none=True),
    }
    return {**body, **change}


def with_sign_s(seconds: float, **change: Any) -> dict[str, Any]:
    """Return the body of a draft in which every first time to sign is so long."""
    body = draft_body(**change)
    for row in body["assignments"]["sign"]:
        row["within_s"] = seconds
    return body
