"""Feedback with text and photo from the phone, with a line and without one."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import FilePayload, Page, expect

from tests.browser.checks import OVERFLOW
from tests.browser.conftest import Served, Visitor, shot
from tests.browser.test_acts import sent
from tests.browser.test_offline import console, host, officer

__all__ = ["console", "host", "officer"]  # fixtures
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
WORDS = {
    "zh-CN": ("反馈", "说明", "照片", "照片反馈", "现场照片"),
    "en": ("Report", "Remark", "Photos", "Send photos", "Photos"),
}


def photo(name: str = "堤脚.jpg", shade: int = 90) -> FilePayload:
    """A picture as large as a phone takes them."""
    out = BytesIO()
    image = Image.linear_gradient("L").resize((3_200, 2_400)).convert("RGB")
    image.paste((shade, 60, 40), (400, 400, 1_600, 1_200))
    image.save(out, "JPEG")
    return {"name": name, "mimeType": "image/jpeg", "buffer": out.getvalue()}


async def rows(served: Served) -> Sequence[Any]:
    async with served.console.deps.database.transaction() as work:
        results: Sequence[Any] = await work.connection.fetch(
            "SELECT note, length(picture) AS size FROM console.photo ORDER BY received_at"
        )
    return results


async def tasks(officer: Visitor, lang: str) -> Page:
    page = await officer.open("o-songji-b", phone=True, lang=lang)
    await page.click("#tab-assignments")
    return page


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_a_report_is_sent_with_its_photo_and_the_issuer_sees_both(
    officer: Visitor, console: Served, lang: str
) -> None:
    report, remark, field, _, row = WORDS[lang]
    page = await tasks(officer, lang)
    await page.locator("#first").get_by_role("button", name=report, exact=True).first.click()
    dialog = page.locator("dialog")
    await dialog.get_by_label(remark).fill("堤脚渗水已处置")
    await dialog.get_by_label(field).set_input_files([photo()])
    await shot(page, f"phone-photo-{lang}")
    await dialog.get_by_role("button", name=report, exact=True).click()
    await expect(dialog).to_have_count(0)
    await expect(page.locator("#rest .sent").first).to_be_visible()
    step = sent(console, "acknowledgement")[-1]
    assert (step["step"], step["text"]) == ("report", "堤脚渗水已处置")
    (stored,) = console.run(rows(console))
    assert stored["size"] < 300_000
    await page.reload()
    await page.click("#tab-assignments")
    pictures = page.get_by_role("list", name=row)
    await expect(pictures.get_by_role("img")).to_have_count(1)
    loaded = "(img) => img.decode().then(() => img.naturalWidth)"
    assert await pictures.get_by_role("img").evaluate(loaded) == 240
    await shot(page, f"phone-photo-shown-{lang}", full=True)
    assert await page.evaluate(OVERFLOW) <= 0


async def test_photos_taken_without_a_line_are_kept_and_sent_once(
    officer: Visitor, console: Served
) -> None:
    page = await tasks(officer, "zh-CN")
    await page.locator("details.more summary").first.click()
    await page.context.set_offline(True)
    await page.get_by_role("button", name="照片反馈").first.click()
    dialog = page.locator("dialog")
    await dialog.get_by_label("说明").fill("水已漫过道路")
    await dialog.get_by_label("照片").set_input_files([photo("1.jpg", 10), photo("2.jpg", 200)])
    await dialog.get_by_role("button", name="照片反馈").click()
    await expect(page.locator("#unsent")).to_contain_text("2 项操作未发送")
    await expect(page.locator(".card .unsent").first).to_contain_text("照片")
    await shot(page, "phone-photo-unsent", full=True)
    await page.context.set_offline(False)
    await expect(page.locator(".unsent")).to_have_count(0, timeout=90_000)
    assert [row["note"] for row in console.run(rows(console))] == ["水已漫过道路"] * 2
    await expect(page.locator(".photos img")).to_have_count(2, timeout=90_000)


async def test_a_file_that_is_no_photo_is_said_at_once(officer: Visitor, console: Served) -> None:
    page = await tasks(officer, "zh-CN")
    await page.locator("details.more summary").first.click()
    await page.get_by_role("button", name="照片反馈").first.click()
    dialog = page.locator("dialog")
    bad: FilePayload = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"<script>1</script>"}
    await dialog.get_by_label("照片").set_input_files([bad])
    await dialog.get_by_role("button", name="照片反馈").click()
    await expect(dialog.locator(".problem")).to_contain_text("不是可用的照片")
    assert list(console.run(rows(console))) == []
