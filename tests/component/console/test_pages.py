"""The two HTML pages: their start data, their viewers, and the caching by browsers."""

from __future__ import annotations

import gzip
import html
import json
import re
from typing import Any

import cramjam
import httpx2
import pytest

from tests.support.console_events import HOSTILE_TEXT, SONGJI, ZHUTUO, a_page, an_alert
from tests.support.console_harness import ConsoleHarness


async def got(
    console: ConsoleHarness, officer: str | None, path: str, **headers: str
) -> httpx2.Response:
    async with console.client(officer) as client:
        return await client.get(path, headers=headers)


def boot(page: httpx2.Response) -> dict[str, Any]:
    (result,) = re.findall(r"<meta name=\"boot\" content='([^']*)'>", page.text)
    boot_data: dict[str, Any] = json.loads(html.unescape(result))
    return boot_data


async def test_the_first_answers_come_with_the_page_and_are_those_of_the_api(
    console: ConsoleHarness,
) -> None:
    await console.project(
        [
            an_alert("flood", headline=HOSTILE_TEXT[:200] + "'>\"&amp;"),
            an_alert("elsewhere", SONGJI),
            a_page("o-town-b", ZHUTUO, headline="'><script>alert(1)</script>"),
            a_page("o-songji-b", SONGJI),
        ]
    )
    for path in ("/", "/m"):
        boot_data = boot(await got(console, "o-town-b", path))
        assert boot_data["me"]["officer_id"] == "o-town-b"
        assert boot_data["first"]
        for address, answer in boot_data["first"].items():
            api = (await got(console, "o-town-b", address)).json()
            moving = dict.fromkeys({"now", "feed_seq"} & api.keys())
            assert {**answer, **moving} == {**api, **moving}, address
    drill = boot(await got(console, "o-town-b", "/?status=Exercise"))
    assert sorted(drill["first"]) == [
        "/api/alerts?status=Exercise&open=1&limit=100",
        "/api/overview?status=Exercise",
    ]


async def test_nothing_of_anybody_comes_with_the_page_of_a_stranger(
    console: ConsoleHarness,
) -> None:
    await console.project([an_alert("flood")])
    for path in ("/", "/m", "/admin"):
        page = await got(console, None, path)
        assert page.headers["cache-control"] == "no-store"
        assert (boot(page)["me"], boot(page)["first"]) == (None, {})
    async with console.deps.database.transaction() as work:
        await work.connection.execute(
            "DELETE FROM console.officer_grant WHERE officer_id = 'o-town-b'"
        )
    blind = boot(await got(console, "o-town-b", "/"))
    assert (blind["me"]["officer_id"], blind["first"]) == ("o-town-b", {})


@pytest.mark.parametrize(("path", "scripts"), [("/", 2), ("/m", 1), ("/admin", 1)])
async def test_what_a_page_needs_is_packed_and_kept_for_ever(
    console: ConsoleHarness, path: str, scripts: int
) -> None:
    page = await got(console, None, path, cookie="lang=en")
    assert '<html lang="en">' in page.text
    asset_paths = re.findall(r"/assets/[\w.\-]+", page.text)
    assert len(set(asset_paths)) == scripts + 3  # style and the words of two languages
    for address in set(asset_paths):
        packed = await got(console, None, address, **{"accept-encoding": "gzip, br;q=0"})
        plain = await got(console, None, address, **{"accept-encoding": "identity"})
        assert packed.headers["content-encoding"] == "gzip"
        smallest = await got(console, None, address, **{"accept-encoding": "gzip, deflate, br"})
        assert smallest.headers["content-encoding"] == "br"
        length = int(smallest.headers["content-length"])
        assert length < int(packed.headers["content-length"])
        if len(smallest.content) == length:  # the client does not know Brotli
            assert bytes(cramjam.brotli.decompress(smallest.content)) == plain.content
        assert "content-encoding" not in plain.headers
        assert packed.content == plain.content  # httpx2 unpacks
        assert int(packed.headers["content-length"]) < len(gzip.compress(plain.content, 1))
        for response in (packed, plain):
            assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert response.headers["vary"].lower() == "accept-encoding"
            assert response.headers["x-content-type-options"] == "nosniff"
    assert (await got(console, None, "/assets/wall-0000000000000000.js")).status_code == 404
    assert (await got(console, None, "/assets/..%2fapp.py")).status_code == 404
