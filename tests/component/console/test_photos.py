"""Photos of a feedback: from the unit itself, for who is responsible for it, never more than pictures."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import httpx
import pytest
from PIL import Image

from services.console.store.forgetting import forget_commands
from services.console.web.guard import MAX_PHOTO_BYTES
from shared.contracts.commands import AssignmentEvent, AssignmentState, CommandState
from tests.support.console import Bench, bench
from tests.support.console_scene import VILLAGE, a_command, an_assignment
from tests.support.postgres import fresh_database


def photo(shade: int = 0, kind: str = "JPEG") -> bytes:
    out = BytesIO()
    Image.new("RGB", (320, 240), (40 * shade, 80, 80)).save(out, kind)
    return out.getvalue()


async def given(console: Bench) -> AssignmentEvent:
    command = a_command("flood")
    one = an_assignment(command, VILLAGE, AssignmentState.SIGNED, version=2)
    await console.project([command, one])
    return one


async def sent(
    console: Bench, officer: str | None, one: AssignmentEvent, file: bytes, note: str = ""
) -> httpx.Response:
    async with console.client(officer) as client:
        return await client.post(
            f"/api/assignments/{one.assignment_id}/photos",
            params={"note": note},
            content=file,
            headers={"content-type": "text/html"},
        )


async def got(console: Bench, officer: str | None, path: str) -> httpx.Response:
    async with console.client(officer) as client:
        return await client.get(path)


async def test_a_photo_is_shown_with_its_assignment_and_its_case(console: Bench) -> None:
    one = await given(console)
    answer = await sent(console, "o-village-b", one, photo(), "堤脚渗水")
    assert answer.status_code == 200, answer.text
    photo_id = answer.json()["photo_id"]
    for officer in ("o-village-b", "o-town-b", "o-district-b", "o-city-b"):
        shown = (await got(console, officer, f"/api/assignments/{one.assignment_id}")).json()
        (known,) = shown["photos"]
        assert (known["photo_id"], known["note"], known["unit"]) == (photo_id, "堤脚渗水", VILLAGE)
        case = (await got(console, officer, f"/api/cases/{one.command_id}/photos")).json()
        assert [row["photo_id"] for row in case["photos"]] == [photo_id]
        picture = await got(console, officer, f"/api/photos/{photo_id}")
        assert Image.open(BytesIO(picture.content)).size == (320, 240)
    listed = (await got(console, "o-village-b", "/api/assignments?open=1")).json()
    assert [row["photo_id"] for row in listed["assignments"][0]["photos"]] == [photo_id]


async def test_a_picture_is_served_as_nothing_else(console: Bench) -> None:
    one = await given(console)
    photo_id = (await sent(console, "o-village-b", one, photo())).json()["photo_id"]
    for size in ("whole", "small"):
        served = await got(console, "o-village-b", f"/api/photos/{photo_id}?size={size}")
        assert served.headers["content-type"] == "image/jpeg"
        assert served.headers["x-content-type-options"] == "nosniff"
        assert served.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert served.headers["cross-origin-resource-policy"] == "same-origin"
        assert served.headers["content-disposition"].startswith("inline")


@pytest.mark.parametrize(
    "file",
    [b"<script>alert(1)</script>", b"", b"GIF89a" + b"\0" * 20, b"\xff\xd8\xff" + b"<html>" * 9],
)
async def test_what_only_says_it_is_a_photo_is_refused(console: Bench, file: bytes) -> None:
    one = await given(console)
    answer = await sent(console, "o-village-b", one, file)
    assert (answer.status_code, answer.json()["reason"]) == (415, "photo_type")
    assert (await got(console, "o-village-b", f"/api/assignments/{one.assignment_id}")).json()[
        "photos"
    ] == []


async def test_only_the_unit_itself_sends_and_only_who_is_responsible_looks(console: Bench) -> None:
    one = await given(console)
    photo_id = (await sent(console, "o-village-b", one, photo())).json()["photo_id"]
    assert (await sent(console, "o-town-b", one, photo())).status_code == 403
    assert (await sent(console, "o-songji-b", one, photo())).status_code == 404
    assert (await sent(console, None, one, photo())).status_code == 401
    assert (await got(console, "o-songji-b", f"/api/photos/{photo_id}")).status_code == 404
    assert (await got(console, None, f"/api/photos/{photo_id}")).status_code == 401
    assert (await got(console, "o-village-b", "/api/photos/pho-nothing")).status_code == 404


async def test_a_look_granted_at_the_place_does_not_open_its_photos(console: Bench) -> None:
    one = await given(console)
    photo_id = (await sent(console, "o-village-b", one, photo())).json()["photo_id"]
    async with console.wiring.database.transaction() as work:
        await work.connection.execute(
            "INSERT INTO console.granted VALUES ('o-songji-b', 'see', $1)", VILLAGE
        )
    path = f"/api/assignments/{one.assignment_id}"
    looked = await got(console, "o-songji-b", path)
    assert (looked.status_code, looked.json()["photos"]) == (200, [])
    assert (await got(console, "o-songji-b", f"/api/photos/{photo_id}")).status_code == 404
    case = await got(console, "o-songji-b", f"/api/cases/{one.command_id}/photos?place={VILLAGE}")
    assert case.json()["photos"] == []


async def test_the_same_file_is_one_photo_and_a_day_has_a_limit() -> None:
    with fresh_database() as dsn:
        async with bench(dsn, photos_per_day=2) as console:
            one = await given(console)
            first = (await sent(console, "o-village-b", one, photo(1))).json()
            again = (await sent(console, "o-village-b", one, photo(1))).json()
            assert again == {"photo_id": first["photo_id"], "repeated": True}
            assert (await sent(console, "o-village-b", one, photo(2))).status_code == 200
            over = await sent(console, "o-village-b", one, photo(3))
            assert (over.status_code, over.json()["reason"]) == (403, "photo_quota")
            assert (await sent(console, "o-village-b", one, photo(1))).json()["repeated"]


async def test_a_file_that_is_too_large_is_refused_unread(console: Bench) -> None:
    one = await given(console)
    answer = await sent(console, "o-village-b", one, b"\xff" * (MAX_PHOTO_BYTES + 1))
    assert (answer.status_code, answer.json()["reason"]) == (413, "too_large")
    large = photo() + b"\0" * (200 * 1024)  # more than an act may have
    assert (await sent(console, "o-village-b", one, large)).status_code == 200


async def test_photos_go_with_their_command(console: Bench) -> None:
    command = a_command("flood", state=CommandState.CLOSED)
    one = an_assignment(command, VILLAGE, AssignmentState.DONE, version=2)
    await console.project([command, one])
    await sent(console, "o-village-b", one, photo())
    task = forget_commands(timedelta(0))
    async with console.wiring.database.transaction() as work:
        await work.connection.execute(
            "UPDATE console.command SET sent_at = now() - interval '1 day'"
        )
        await work.connection.fetch(task.statement, task.keep, task.limit)
        assert await work.connection.fetchval("SELECT count(*) FROM console.photo") == 0
