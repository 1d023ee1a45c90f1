"""The page of administrators in a browser."""

from __future__ import annotations

from playwright.async_api import Page

from services.console.accounts import Grant, change_grant
from services.console.core.access import Right
from tests.browser.conftest import Served, Visitor
from tests.support.console_events import CITY

ADMIN = "o-city-a"
SCREENS = ((1920, 1080), (1366, 768), (390, 844), (360, 740))


def make_administrator(served: Served, officer: str = ADMIN, unit: str = CITY) -> None:
    """Give the right to administer a unit."""
    grant = Grant(right=Right.ADMINISTER, unit=unit)
    served.run(change_grant(served.dsn, officer, grant, give=True))


async def open_tab(
    visitor: Visitor, served: Served, tab: str, *, lang: str = "zh-CN", width: int = 1920
) -> Page:
    """Sign the administrator in, and open a tab of the page."""
    page = await visitor.open(ADMIN, lang=lang, width=width)
    await page.goto(f"{served.url}/admin#{tab}")
    return page
