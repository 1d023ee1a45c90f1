"""One real browser before the console: when an alarm is painted, on the benchmark's own clock."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Page

from tests.bench.console.alarms import MARK
from tests.support.chromium import chromium

_READY_MS = 30_000
_CLOCK_READINGS = 25
# A line is painted in the frame after its node is there: the message comes once that frame is
# drawn.
_WATCH = """(mark) => {
  const number = new RegExp(`${mark}(\\\\d+)`, "g");
  const painted = (window.benchPainted = { feed: {}, alerts: {} });
  for (const where of Object.keys(painted)) {
    const seen = new Set();
    const take = (records) => {
      const fresh = [];
      for (const record of records)
        for (const node of record.addedNodes)
          for (const [, found] of node.textContent.matchAll(number))
            if (!seen.has(found)) {
              seen.add(found);
              fresh.push(found);
            }
      if (!fresh.length) return;
      requestAnimationFrame(() => {
        const drawn = new MessageChannel();
        drawn.port1.onmessage = () => {
          const at = performance.now();
          for (const one of fresh) painted[where][one] = at;
          drawn.port1.close();
        };
        drawn.port2.postMessage(null);
      });
    };
    new MutationObserver(take).observe(
      document.getElementById(where), { childList: true, subtree: true });
  }
}"""


class Watcher:
    """A signed-in screen of the district."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._offset_s = 0.0
        self.clock_error_s = float("inf")
        """How far our reading of the browser's clock may be off."""

    async def read_clock(self) -> None:
        """Tie the browser's clock to CLOCK_MONOTONIC by the quickest of some questions."""
        for _ in range(_CLOCK_READINGS):
            before = time.monotonic()
            now_ms = await self._page.evaluate("performance.now()")
            after = time.monotonic()
            if (error := (after - before) / 2) < self.clock_error_s:
                self.clock_error_s = error
                self._offset_s = (before + after) / 2 - now_ms / 1_000

    async def painted(self, where: str) -> dict[int, float]:
        """Moments of CLOCK_MONOTONIC at which alarms were first painted: in the `feed` (the line of
        the alarm itself), among the `alerts` (the card of the alert that became of it).
        """
        result = await self._page.evaluate(f"window.benchPainted.{where}")
        return {int(number): at / 1_000 + self._offset_s for number, at in result.items()}


@asynccontextmanager
async def watcher(link: str) -> AsyncIterator[Watcher]:
    """A browser that shows the live screen; raises RuntimeError where there is no Chromium."""
    async with chromium() as browser:
        context = await browser.new_context(viewport={"width": 1920, "height": 1080})
        page = await context.new_page()
        await page.goto(link)
        await page.wait_for_selector(".link.live", timeout=_READY_MS)
        await page.wait_for_selector("#feed", timeout=_READY_MS)
        await page.evaluate(_WATCH, MARK)
        observer = Watcher(page)
        await observer.read_clock()
        yield observer
