"""The hour of moving in 上线: an empty installation becomes the office of an invented city.

The first administrator works in a real browser, in Chinese, on the real stack: 4 districts, 60
towns, 900 villages, 30,000 sensors; then a test alarm goes from its first sensor to the last
micro-grid. Units and sensors come by the command of the guide, officers by the API.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from playwright.async_api import Locator, Page, expect

from deploy.local.__main__ import admin, link
from deploy.local.own_stack import FIRST_OFFICER, OwnStack
from deploy.local.paths import REPO, temporary_root
from deploy.local.services import SERVICES
from tests.support import invented_city
from tests.support.chromium import MISSING, chromium, program
from tests.support.waiting import PATIENCE_S

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.real_kafka]
CITY = invented_city.CITY
DISTRICT, TOWN, VILLAGE = "990102000000", "990102001000", "990102001201"
GRID = f"{VILLAGE}/grid/001"
UNITS = {
    "li-district": (DISTRICT, "陈区长"),
    "li-town": (TOWN, "周镇"),
    "li-village": (VILLAGE, "吴村"),
    "li-grid": (GRID, "郑网格"),
    "li-micro-1": (f"{GRID}/01", "王一格"),
    "li-micro-2": (f"{GRID}/02", "王二格"),
}
PASSWORD = "临江 moving in 2026"
GAUGE = f"rain-{VILLAGE}-02"
_WAIT_MS = PATIENCE_S * 1_000
RULE = """\
- rule_id: rain.burst
  name_zh: 短时强降雨
  name_en: Heavy rain
  event_type: 11B03
  sensor_kind: rain_gauge
  metric: rainfall
  unit: mm
  source: 临江市应急局会议纪要
  body:
    kind: threshold
    rungs:
      - {level: orange, raise_at: 50.0, clear_at: 40.0, source: 会议纪要第三条}
"""
PLAN = """\
- plan_id: rain-orange
  name_zh: 暴雨橙色预案
  name_en: Heavy rain, orange
  events: ["11B03"]
  levels: [orange]
  source: 临江市防汛预案
  orders:
    - key: move
      role: lead
      who:
        include:
          - {kind: subtree, of: "@place", tiers: [village, grid, microgrid]}
          - {kind: subtree, of: "@town", tiers: [town]}
      title_zh: 暴雨橙色指令：组织转移
      title_en: "Heavy rain orange: move people"
      instruction_zh: 立即转移低洼地段群众，逐户清点后反馈。
      instruction_en: Move people from low ground, count every household, report.
"""


@pytest.fixture
async def stack() -> AsyncIterator[OwnStack]:
    own = OwnStack(temporary_root("moving"), services=SERVICES)
    try:
        await own.up()
        yield own
    finally:
        await own.down()
        own.discard()


@pytest.mark.timeout(1_800)
@pytest.mark.skipif(program() is None, reason=MISSING)
async def test_an_office_moves_in(stack: OwnStack, tmp_path: Path) -> None:
    expect.set_options(timeout=_WAIT_MS)
    address = await asyncio.to_thread(admin, stack.paths, FIRST_OFFICER, "李明", CITY)
    began = time.monotonic()
    async with chromium() as browser:
        context = await browser.new_context(viewport={"width": 1366, "height": 900}, locale="zh-CN")
        context.set_default_timeout(_WAIT_MS)
        page = await context.new_page()
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        office = Office(stack, page)
        await office.sign_in(address)
        await office.lacks("units", "编目中还没有单位")
        await office.import_ledger(tmp_path)
        await office.lacks("posts", "无人值班的单位")
        await office.create_first_account()
        officers = await office.create_officers()
        key = await office.create_source()
        await office.receive_reading(key)
        await office.publish("rule", "rain.burst", RULE)
        await office.publish("plan", "rain-orange", PLAN)
        await office.lacks("test_alarm", "测试告警")
        await office.send_test_alarm(officers)
        await office.go("start")
        await expect(page.locator("[data-kind=test_alarm]")).to_have_count(0)
        assert complaints == []
    sys.stdout.write(f"moved in within {time.monotonic() - began:.0f} s\n")


class Office:
    """The first administrator at the page of administration."""

    def __init__(self, stack: OwnStack, page: Page) -> None:
        self._stack = stack
        self._page = page
        self._url = stack.endpoints.console_url

    async def go(self, tab: str) -> None:
        """Open a tab afresh."""
        await self._page.goto(f"{self._url}/admin#{tab}")
        await self._page.reload()
        await self._page.locator(f"nav a[href='#{tab}'], nav a[href$='#{tab}']").first.wait_for()

    async def sign_in(self, address: str) -> None:
        """Set the first password at the one-time address."""
        await self._page.goto(address)
        await self._page.locator("input[name=new]").fill(PASSWORD)
        await self._page.locator("input[name=again]").fill(PASSWORD)
        await self._page.keyboard.press("Enter")
        await self._page.locator("#admin").click()

    async def lacks(self, kind: str, words: str) -> None:
        """Wait until the check before going live names a lack."""
        await self.go("start")
        lack = self._page.locator(f"[data-kind={kind}]")
        await expect(lack).to_contain_text(words)

    async def import_ledger(self, folder: Path) -> None:
        """Import the units and the sensors of the city by the command of the guide."""
        for name, rows in (
            ("单位.csv", invented_city.unit_rows()),
            ("传感器.csv", invented_city.sensor_rows()),
        ):
            file = folder / name
            file.write_bytes(invented_city.csv_file(rows))
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "deploy.commands.catalog", "import", str(file), "--json",
                "--unit", CITY, "--reason", "首次编目", "--kafka", self._stack.kafka_bootstrap,
                cwd=REPO, stdout=asyncio.subprocess.PIPE,
                env={**os.environ, "LC_ALL": "zh_CN.UTF-8"},
            )  # fmt: skip
            out, _ = await process.communicate()
            document = json.loads(out)
            assert (process.returncode, document["refused"], document["undecided"]) == (0, [], 0)
        await self.go("ledger")
        await self._page.locator("#board select[name=kind]").select_option("sensor")
        await self._page.locator("#board input[name=q]").fill(GAUGE)
        await expect(self._page.locator("#ledger-list .card")).to_have_count(1)

    async def create_first_account(self) -> None:
        """Make an account on the screen, in the district."""
        await self.go("start")
        await self._page.locator("#new-account").click()
        dialog = self._page.locator("dialog")
        await dialog.locator("[name=officer_id]").fill("li-screen")
        await dialog.locator("[name=name]").fill("林萍")
        await dialog.locator(".unit-picker select").first.select_option(DISTRICT)
        await self._confirm(dialog)
        await expect(self._page.locator("#account-list")).to_contain_text("林萍")

    async def create_officers(self) -> dict[str, httpx2.AsyncClient]:
        """Make an account for each unit of the alarm; return a signed-in client by unit."""
        officers = {CITY: await self._own_client()}
        for officer_id, (unit, name) in UNITS.items():
            answer = await officers[CITY].put(
                f"/api/accounts/{officer_id}", json={"name": name, "unit": unit, "post": "B"}
            )
            assert answer.status_code == 200, answer.text
            answer = await officers[CITY].post(f"/api/accounts/{officer_id}/password-link")
            officers[unit] = await self._client(self._url + answer.json()["path"])
        return officers

    async def _own_client(self) -> httpx2.AsyncClient:
        """Return a second session of the administrator."""
        client = self._new_client()
        answer = await client.get(await asyncio.to_thread(link, self._stack.paths, FIRST_OFFICER))
        assert answer.status_code == 303, answer.text
        return client

    def _new_client(self) -> httpx2.AsyncClient:
        headers = {"origin": self._url, "x-fenghuo": "1"}
        return httpx2.AsyncClient(base_url=self._url, timeout=60, trust_env=False, headers=headers)

    async def _client(self, address: str) -> httpx2.AsyncClient:
        """Return a client that has set a password at a one-time address."""
        client = self._new_client()
        parts = urlsplit(address)
        form = {"new": PASSWORD, "again": PASSWORD}
        answer = await client.post(f"{parts.path}?{parts.query}", data=form)
        assert answer.status_code == 303, answer.text
        return client

    async def create_source(self) -> str:
        """Make a source on the screen, and return its key."""
        await self.go("sources")
        await self._page.locator("[data-focus='new-source']").click()
        dialog = self._page.locator("dialog")
        await dialog.locator("[name=source]").fill("rain-network")
        await dialog.locator("[name=name]").fill("雨量监测平台")
        await dialog.locator("[name=sensors]").fill("rain-*")
        await dialog.locator("[name=reason]").fill("接入雨量站")
        await self._confirm(dialog)
        key = (await self._page.locator("#source-key").inner_text()).strip()
        await expect(self._page.locator("#source-list .card")).to_have_count(1)
        return key

    async def receive_reading(self, key: str) -> None:
        """Send a first reading with the key of the source, until the check sees it."""
        reading = {
            "id": "first",
            "sensor_id": GAUGE,
            "metric": "rainfall",
            "value": 1.5,
            "unit": "mm",
            "occurred_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        async with (
            asyncio.timeout(PATIENCE_S),
            httpx2.AsyncClient(base_url=self._stack.url("ingest"), trust_env=False) as http,
        ):
            headers = {"authorization": f"Bearer {key}"}
            while True:
                answer = await http.post("/v1/readings", json=reading, headers=headers)
                if answer.status_code == 202:
                    break
                assert answer.status_code in (401, 422, 503), answer.text
                await asyncio.sleep(0.5)
        await self.go("start")
        await expect(self._page.locator("[data-kind=readings]")).to_have_count(0)

    async def publish(self, kind: str, name: str, content: str) -> None:
        """Check a rule or a plan, publish its trial, and put it in force."""
        await self.go("rules")
        await self._page.locator("select[name=kind]").select_option(kind)
        await self._page.locator("textarea[name=text]").fill(content)
        await self._page.locator("[data-focus=publish]").click()
        dialog = self._page.locator("dialog")
        await dialog.locator("textarea").fill("会议纪要")
        await self._confirm(dialog)
        results = self._page.locator("#definition-results")
        await expect(results).to_contain_text(f"{name}-candidate")
        force = self._page.locator(f"[data-focus='{name}-candidate-put_in_force']")
        await force.click()
        await dialog.locator("textarea").fill("核对无误")
        await self._confirm(dialog)
        await expect(self._page.locator("#definition-list")).to_contain_text(name)

    async def send_test_alarm(self, officers: dict[str, httpx2.AsyncClient]) -> None:
        """Send the test alarm on the screen; officers decide and sign until the last has signed."""
        await self.go("start")
        await self._page.locator("#test-alarm input[name=q]").fill(GAUGE)
        level = self._page.locator("#test-alarm select[name=level]")
        await level.select_option("50")
        await self._page.locator("#test-alarm button.primary").click()
        course = self._page.locator("#test-course")
        await expect(course.locator("[data-step=alarm]")).to_have_class("done")
        working = asyncio.create_task(work(officers))
        try:
            await expect(course.locator("[data-step=last_signed]")).to_have_class("done")
            await expect(course).to_contain_text("全程完成")
        finally:
            working.cancel()
        await self._equals_recount(officers[CITY])

    async def _equals_recount(self, city: httpx2.AsyncClient) -> None:
        """Compare the signatures with the units that the plan names."""
        answer = await city.get(f"/api/assignments?status=Exercise&unit={CITY}&subtree=1&limit=500")
        rows = answer.json()["assignments"]
        signed = {row["unit"] for row in rows if row["state"] in ("signed", "reported")}
        assert signed == {unit for unit, _ in UNITS.values()} - {DISTRICT}

    async def _confirm(self, dialog: Locator) -> None:
        await dialog.locator("[type=submit]").click()
        await expect(dialog).to_have_count(0)


async def work(officers: dict[str, httpx2.AsyncClient]) -> None:
    """Decide on each alert of the drill, and sign each assignment, as its unit."""
    city = officers[CITY]
    while True:
        alerts = (await city.get("/api/alerts?status=Exercise&open=1")).json()["alerts"]
        for alert in alerts:
            if (coming := alert["next"]) is not None and coming["unit"] in officers:
                await officers[coming["unit"]].post(
                    f"/api/alerts/{alert['alert_id']}/decisions",
                    json={
                        "verb": coming["verb"],
                        "level": alert["proposed_level"],
                        "version": alert["version"],
                        "reason": "测试",
                    },
                )
        path = f"/api/assignments?status=Exercise&unit={CITY}&subtree=1&state=delivered&limit=500"
        rows: list[dict[str, Any]] = (await city.get(path)).json()["assignments"]
        for row in rows:
            await officers[row["unit"]].post(
                f"/api/assignments/{row['assignment_id']}/acknowledgements",
                json={"step": "sign", "attempt": row["attempt"], "text": ""},
            )
        await asyncio.sleep(0.5)
