"""Every card and line says when its words are not open to a viewer's unit, and none is empty."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.console.accounts import Grant, change_grant
from services.console.core.access import Right
from shared.contracts.fields import DataGrade
from shared.contracts.supervision import SupervisionKind
from tests.browser.conftest import Served, Visitor, a_console
from tests.support.console_duty_records import a_duty
from tests.support.console_events import (
    DISTRICT,
    SONGJI,
    ZHUTUO,
    a_command,
    a_supervision,
    an_alert,
    an_assignment,
)

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
WORDS = "尾矿坝渗漏"
I18N = Path(__file__).resolve().parents[2] / "services" / "console" / "static" / "i18n"
SPOTS = {
    "overview": [
        "#alerts .card h3",
        "#commands .card h3",
        "#supervision li .description",
        "#feed li .description",
    ],
    "command": ["#command-list .card h3"],
    "supervision": ["#supervision li .description", "#report-duties li .description a"],
    "reports": ["#report-duties .card h3 a"],
}
"""Where the words stand, by board."""


async def a_graded_case(served: Served) -> None:
    """An alert, its command, what the timer said of it and the duty to report it, all graded."""
    now = datetime.now(UTC)
    alert = an_alert("dam", headline=WORDS, at=now)
    order = a_command("dam", ZHUTUO, alert=alert.alert_id, issuer=DISTRICT, at=now, title=WORDS)
    own = an_assignment(order, ZHUTUO)
    late = a_supervision(own, SupervisionKind.OVERDUE)
    duty = a_duty(now, "dam", ZHUTUO, DISTRICT, title=WORDS)
    graded: list[Any] = [alert, order, own, late, duty]
    await served.console.project(
        [message.model_copy(update={"data_grade": DataGrade.CORE}) for message in graded]
    )
    # An officer without sight of their own unit has the first granted place on the screen.
    for unit, give in ((DISTRICT, True), (SONGJI, False)):
        await change_grant(served.dsn, "o-songji-b", Grant(right=Right.SEE, unit=unit), give=give)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """A console with nothing but that case."""
    with a_console(a_graded_case) as running:
        yield running


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
@pytest.mark.parametrize(("officer", "may"), [("o-songji-b", False), ("o-district-b", True)])
async def test_cards_show_their_words_or_that_the_words_are_not_open(
    visitor: Visitor, officer: str, may: bool, lang: str
) -> None:
    page = await visitor.open(officer, lang=lang)
    expected = WORDS if may else json.loads((I18N / f"{lang}.json").read_text())["masked"]
    for board, spots in SPOTS.items():
        await page.evaluate("(hash) => { location.hash = hash; }", board)
        for spot in spots:
            await page.wait_for_selector(spot)
            texts = await page.locator(spot).all_inner_texts()
            assert all(expected in text for text in texts), (board, spot, texts)
        assert may or WORDS not in await page.content()
