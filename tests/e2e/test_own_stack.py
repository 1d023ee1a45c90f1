"""An installation without the example: it starts, it is ready, no screen breaks, and its first
administrator gets in.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx2
import pytest

from deploy.local.__main__ import admin, link, main
from deploy.local.errors import StackError
from deploy.local.own_stack import FIRST_OFFICER, OwnStack, is_own
from deploy.local.paths import temporary_root
from deploy.local.records import is_empty
from deploy.local.services import SERVICES
from shared.contracts.topics import CATALOG, PLANS, ROSTER, RULES

pytestmark = [pytest.mark.e2e, pytest.mark.real_kafka]
OFFICE = "510100000000"
PASSWORD = "烽火 first start 2026"
SCREENS = ("/", "/m", "/account")


@pytest.fixture
async def stack() -> AsyncIterator[OwnStack]:
    own = OwnStack(temporary_root("own"), services=SERVICES)
    try:
        await own.up()
        yield own
    finally:
        await own.down()
        own.discard()


async def test_an_empty_installation_starts_and_lets_its_first_administrator_in(
    stack: OwnStack,
) -> None:
    assert is_own(stack.paths)
    for spec in (CATALOG, ROSTER, RULES, PLANS):
        assert await is_empty(stack.kafka_bootstrap, spec), spec.name
    console = stack.endpoints.console_url
    async with httpx2.AsyncClient(base_url=console, timeout=30, trust_env=False) as http:
        assert (await http.get("/login")).status_code == httpx2.codes.OK
        assert (await http.get("/api/overview?status=Actual")).status_code == 401
        await no_source_may_send(stack)
        await the_administrator_signs_in(stack, http)
        await every_screen_and_list_answers(http)
    with pytest.raises(StackError, match="accounts already"):
        await asyncio.to_thread(admin, stack.paths, "second", "王芳", OFFICE)
    address = await asyncio.to_thread(link, stack.paths, FIRST_OFFICER)
    async with httpx2.AsyncClient(timeout=30, trust_env=False, follow_redirects=True) as http:
        assert (await http.get(address)).status_code == httpx2.codes.OK
    await stack.wait_ready()
    for log in stack.paths.log.glob("*.log"):
        assert "Traceback" not in log.read_text(encoding="utf-8", errors="replace"), log.name


async def no_source_may_send(stack: OwnStack) -> None:
    async with httpx2.AsyncClient(base_url=stack.url("ingest"), trust_env=False) as http:
        answer = await http.post(
            "/v1/readings", headers={"authorization": "Bearer nobody"}, content=b"{}"
        )
        assert answer.status_code == httpx2.codes.UNAUTHORIZED


async def the_administrator_signs_in(stack: OwnStack, http: httpx2.AsyncClient) -> None:
    """The one-time address sets a password and signs in; a wrong office is refused in words."""
    for unit in ("510000000000", "5101", "nowhere"):
        with pytest.raises(StackError, match="no division code"):
            admin(stack.paths, FIRST_OFFICER, "李明", unit)
    with pytest.raises(StackError, match="name the administrator"):
        admin(stack.paths, FIRST_OFFICER, "李明", None)
    address = await asyncio.to_thread(admin, stack.paths, FIRST_OFFICER, "李明", OFFICE)
    parts = urlsplit(address)
    assert f"{parts.scheme}://{parts.netloc}" == stack.endpoints.console_url
    form = {"new": PASSWORD, "again": PASSWORD}
    answer = await http.post(
        f"{parts.path}?{parts.query}", data=form, headers={"origin": stack.endpoints.console_url}
    )
    assert answer.status_code == 303, answer.text


async def every_screen_and_list_answers(http: httpx2.AsyncClient) -> None:
    for screen in SCREENS:
        answer = await http.get(screen)
        assert answer.status_code == httpx2.codes.OK, (screen, answer.text[:300])
    document = (await http.get("/openapi.json")).json()
    lists = [
        path
        for path, verbs in document["paths"].items()
        if "get" in verbs and "{" not in path and path.startswith("/api/")
    ]
    assert len(lists) > 15
    answers = {path: await read(http, path) for path in lists}
    assert not {path: code for path, code in answers.items() if code >= 500}
    assert answers["/api/overview"] == httpx2.codes.OK
    assert answers["/api/alerts"] == httpx2.codes.OK


async def read(http: httpx2.AsyncClient, path: str) -> int:
    async with http.stream("GET", f"{path}?status=Actual") as answer:
        return answer.status_code


def test_the_example_and_an_office_do_not_share_a_folder(
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = temporary_root("example")
    (root / "data").mkdir()
    (root / "data" / "seed.sha256").write_text("x", encoding="ascii")
    try:
        assert main(["up", "--empty", "--root", str(root)]) == 1
        assert "holds the example" in capsys.readouterr().err
    finally:
        OwnStack(root).discard()
