"""A console with a full screen, served by uvicorn in a thread, and the system's Chromium."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import uvicorn
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Page,
    expect,
)

from deploy.example.units import all_units
from services.console.accounts import import_accounts, make_link
from shared.runtime.stream_connection import server_config
from tests.support.chromium import MISSING, chromium, program
from tests.support.console_duty_records import duty_records, slots
from tests.support.console_harness import ConsoleHarness, accounts, console_harness
from tests.support.console_history import history
from tests.support.console_screen_records import screen_records
from tests.support.postgres import fresh_database
from tests.support.push_service import PUSH_KEY

SHOTS = Path(__file__).resolve().parents[2] / "var" / "screenshots"
_WAIT_MS = 60_000
expect.set_options(timeout=_WAIT_MS)


@dataclass
class Served:
    """A console that answers at `url`; `run` executes something in its loop."""

    url: str
    dsn: str
    console: ConsoleHarness
    loop: asyncio.AbstractEventLoop

    def run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(600)

    def link(self, officer: str, *, phone: bool = False) -> str:
        return str(self.run(make_link(self.dsn, officer, self.url, "/m" if phone else "/")))


class Host:
    """A console in a thread of its own, with a port it keeps when it is started again."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self._port = 0

    def start(self) -> Served:
        """Serve until `stop`; the people of tests/support/console_harness.py have accounts."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self._port))
        self._port = listener.getsockname()[1]
        console = console_harness(self.dsn, broker_name="noida-db stand-in", web_push_key=PUSH_KEY)
        self._server = uvicorn.Server(
            server_config(
                console.app, log_config=None, access_log=False, timeout_graceful_shutdown=3
            )
        )
        loop = asyncio.new_event_loop()

        async def serve() -> None:
            await import_accounts(self.dsn, accounts())
            await self._server.serve(sockets=[listener])

        self._thread = threading.Thread(
            target=lambda: loop.run_until_complete(serve()), daemon=True
        )
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive()
            time.sleep(0.02)
        return Served(f"http://127.0.0.1:{self._port}", self.dsn, console, loop)

    def stop(self) -> None:
        """End it; whoever asks then is refused a connection."""
        self._server.should_exit = True
        self._thread.join(15)


@contextmanager
def a_console(fill: Callable[[Served], Awaitable[None]]) -> Iterator[Served]:
    """A console on a database of its own, filled by `fill`."""
    with fresh_database() as dsn:
        host = Host(dsn)
        result = host.start()
        try:
            result.run(fill(result))
            yield result
        finally:  # before its database goes: a console that loses it ends the process
            host.stop()


async def fill_console(served: Served) -> None:
    """Fill a console with the records of tests/support/console_history.py, hostile texts too."""
    now = datetime.now(UTC)
    units = [unit_entry.unit for unit_entry in all_units() if unit_entry.unit.startswith("500118")]
    for slot in slots(now):
        served.console.deps.directory.apply(slot)
    records = [*history(units, now, hostile=True), *screen_records(now), *duty_records(now)]
    await served.console.project(records)


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    """A console with these records, shared by the whole run."""
    with a_console(fill_console) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Chromium of the distribution; skips, saying so, where there is none."""
    if program() is None:
        pytest.skip(MISSING)
    async with chromium() as launched:
        yield launched


class Visitor:
    """Opens pages as an officer and collects what a browser complains about."""

    def __init__(self, browser: Browser, served: Served) -> None:
        self._browser = browser
        self._served = served
        self._contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    async def page(self, *, phone: bool = False, lang: str = "zh-CN", width: int = 0) -> Page:
        """An empty page of a fresh browser profile."""
        size = {"width": width or (360 if phone else 1920), "height": 740 if phone else 1080}
        context = await self._browser.new_context(
            viewport=size,  # type: ignore[arg-type]
            has_touch=phone,
            locale=lang,
            device_scale_factor=2 if phone else 1,
        )
        context.set_default_timeout(_WAIT_MS)
        self._contexts.append(context)
        page = await context.new_page()
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("dialog", self._dialog)
        return page

    async def open(
        self, officer: str, *, phone: bool = False, lang: str = "zh-CN", width: int = 0
    ) -> Page:
        """Sign `officer` in by a one-time link and wait for the live state."""
        page = await self.page(phone=phone, lang=lang, width=width)
        await page.goto(self._served.link(officer, phone=phone))
        if lang != "zh-CN":
            await page.wait_for_selector(".link.live")
            await page.click("#language")
            await page.wait_for_selector(f"html[lang='{lang}']")
        await page.wait_for_selector(".link.live", timeout=60_000)
        return page

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text}")

    async def _dialog(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        await dialog.dismiss()

    async def close(self) -> None:
        for context in self._contexts:
            await context.close()


@pytest_asyncio.fixture(loop_scope="module")
async def visitor(browser: Browser, served: Served) -> AsyncIterator[Visitor]:
    """A visitor whose browser had nothing to complain about in the end."""
    guest = Visitor(browser, served)
    yield guest
    await guest.close()
    assert guest.complaints == []


@pytest_asyncio.fixture(loop_scope="module")
async def troubled(browser: Browser, served: Served) -> AsyncIterator[Visitor]:
    """A visitor whose requests fail; a browser complains of each, and of nothing else."""
    visitor = Visitor(browser, served)
    yield visitor
    await visitor.close()
    assert [
        complaint for complaint in visitor.complaints if "Failed to load resource" not in complaint
    ] == []


async def until_true(page: Page, function: str, timeout_ms: float = _WAIT_MS) -> None:
    """Wait until a function of the page returns true. Raises TimeoutError.

    Playwright's own `wait_for_function` evaluates text inside the page from its second try on, and
    our content policy forbids that.
    """
    async with asyncio.timeout(timeout_ms / 1_000):
        while not await page.evaluate(function):
            await asyncio.sleep(0.05)


async def shot(page: Page, name: str, *, full: bool = False) -> None:
    """Keep a picture in var/screenshots (not in git) for people to look at."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=SHOTS / f"{name}.png", full_page=full)
