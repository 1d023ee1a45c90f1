"""Row `first_load`: an officer opens the console for the first time over a slow link."""

from __future__ import annotations

import asyncio
import statistics
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser

from services.console.web.sessions import COOKIE
from tests.bench.console.alarms import source
from tests.bench.console.plan import Plan, Say
from tests.bench.console.screens import screens
from tests.support.chromium import chromium

DELAY_MS = 300
BYTES_PER_S = 1_000_000 / 8
"""The link of the aim: every answer begins 300 ms after its request, 1 Mbit/s both ways."""
_ALARMS_PER_S, _ALARMS_S, _DRAIN_S = 20.0, 3.0, 5.0
_AFTER_S = 1.0
"""What comes so soon after the first picture still counts as bytes of the first load."""
_READY_S = 30.0
_LOOK_S = 0.1
_PAGES = {"wall": ("/", 1920, 1080, "#alerts .card"), "phone": ("/m", 360, 740, "#first > li")}
"""Page: address, window, and what is there when a person sees what there is to do."""
# The moment a frame with it has been drawn, on the clock that begins with the navigation.
_WATCH = """(() => {
  const look = new MutationObserver(() => {
    if (!document.querySelector("%s")) return;
    look.disconnect();
    requestAnimationFrame(() => {
      const drawn = new MessageChannel();
      drawn.port1.onmessage = () => { window.benchShown = performance.now(); };
      drawn.port2.postMessage(null);
    });
  });
  look.observe(document, { childList: true, subtree: true });
})()"""


async def first_load(plan: Plan, say: Say) -> dict[str, Any]:
    """Seconds and compressed bytes per page, the median of some loads with nothing in the cache.

    `seconds` and `kb` are those of the slower and of the larger page.
    """
    async with screens() as running, source(running.kafka) as alarms, chromium() as browser:
        (token,) = await running.officers(1)
        await alarms.run(_ALARMS_PER_S, _ALARMS_S, _DRAIN_S)
        pages = {}
        for name in _PAGES:
            loads = [await _load(browser, running.url, token, name) for _ in range(plan.loads)]
            pages[name] = {
                "seconds": statistics.median(load["seconds"] for load in loads),
                "slowest_s": max(load["seconds"] for load in loads),
                "kb": statistics.median(load["kb"] for load in loads),
                "requests": loads[0]["requests"],
            }
            say(
                f"{name}: {pages[name]['seconds']:.2f} s, {pages[name]['kb']:.0f} KB "
                f"in {pages[name]['requests']} requests"
            )
    return {
        "seconds": max(page["seconds"] for page in pages.values()),
        "kb": max(page["kb"] for page in pages.values()),
        "loads": plan.loads,
        "pages": pages,
    }


async def _load(browser: Browser, url: str, token: str, name: str) -> dict[str, float]:
    """One load in a profile of its own, signed in."""
    path, width, height, condition = _PAGES[name]
    context = await browser.new_context(viewport={"width": width, "height": height})
    try:
        host = urlsplit(url).hostname
        assert host is not None
        await context.add_cookies([{"name": COOKIE, "value": token, "domain": host, "path": "/"}])
        page = await context.new_page()
        await page.add_init_script(_WATCH % condition)
        link = await context.new_cdp_session(page)
        await link.send("Network.enable")
        await link.send(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "latency": DELAY_MS,
                "downloadThroughput": BYTES_PER_S,
                "uploadThroughput": BYTES_PER_S,
            },
        )
        received: list[float] = []
        link.on(
            "Network.loadingFinished", lambda event: received.append(event["encodedDataLength"])
        )
        await page.goto(url + path, wait_until="commit")
        async with asyncio.timeout(_READY_S):
            # Not wait_for_function: it evaluates text, which the page's policy forbids.
            while (shown_ms := await page.evaluate("window.benchShown ?? 0")) == 0:
                await asyncio.sleep(_LOOK_S)
        await asyncio.sleep(_AFTER_S)
    finally:
        await context.close()
    return {"seconds": shown_ms / 1_000, "kb": sum(received) / 1_000, "requests": len(received)}
