"""Pages about faults of the system itself: a category of their own, on phone and desk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.async_api import expect

from services.audit.core.findings.detection import AuditFinding
from services.audit.core.findings.faults import fault_of
from services.audit.core.findings.snapshot import FindingKind
from services.notify.core.wording import digests
from services.notify.core.wording import faults as wording
from shared.contracts.faults import FaultState
from shared.contracts.fields import Level, Status
from shared.contracts.pages import SubjectKind
from shared.domain.page_texts.names import Names
from shared.domain.roster.post_holders import Roster
from shared.domain.selection.tree import UnitTree
from shared.domain.wording import SYSTEM
from tests.browser.conftest import Served, Visitor, a_console, fill_console, shot
from tests.support.console_events import SONGJI, a_page

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
DOWN = AuditFinding(
    FindingKind.COMPONENT_DOWN,
    "kafka",
    Status.ACTUAL,
    "no broker answers: KafkaConnectionError, since 2026-07-01T08:00:00+00:00",
)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """A console of the module's own: other tests count the pages of this officer."""
    with a_console(fill_console) as running:
        yield running


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_a_fault_and_a_digest_of_faults_are_readable(
    visitor: Visitor, served: Served, lang: str
) -> None:
    now = datetime.now(UTC)
    fault = fault_of(DOWN, "fnd-1", FaultState.RAISED, SONGJI, now)
    line = digests.DigestLine(SYSTEM, 1, fault.headline)
    served.run(
        served.console.project(
            [
                a_page(
                    "o-village-b",
                    SONGJI,
                    name=f"fault {lang}",
                    level=Level.NOTICE,
                    at=now,
                    headline=fault.headline,
                    text=wording.of_fault(fault, Names(UnitTree(), Roster()), now),
                    subject=SubjectKind.FAULT,
                ),
                a_page(
                    "o-village-b",
                    SONGJI,
                    name=f"faults {lang}",
                    level=Level.NOTICE,
                    at=now,
                    headline=digests.fault_digest_headline(23),
                    text=digests.of_digest([line] * 5, 18),
                    subject=SubjectKind.FAULT_DIGEST,
                ),
            ]
        )
    )
    name = "系统" if lang == "zh-CN" else "System"
    headline = "组件无应答：kafka" if lang == "zh-CN" else "Component does not answer: kafka"
    page = await visitor.open("o-village-b", phone=True, lang=lang)
    card = page.locator("#first .card", has_text=headline).first
    await expect(card.locator(".chip.system")).to_have_text(name)
    await card.locator("summary").click()
    await shot(page, f"phone-system-{lang}", full=True)
    desk = await visitor.open("o-village-b", lang=lang)
    await desk.locator(".boards a[href='#command']").click()
    await expect(desk.locator("#own-pages .chip.system")).not_to_have_count(0)
    await expect(desk.locator("#own-pages h3", has_text=headline).first).to_be_visible()
    await shot(desk, f"desk-system-{lang}", full=True)
