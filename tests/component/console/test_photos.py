"""Photos of a feedback: from the unit itself, for responsible units, never more than pixels."""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from io import BytesIO

import httpx2
import pypdfium2
import pytest
from PIL import Image
from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE

from services.console.features.cases.photo_sheet import MOST_PHOTOS
from services.console.features.photos.drawing import printed, remade
from services.console.retention import forget_commands
from services.console.web.guard import MAX_PHOTO_BYTES
from shared.contracts.assignments import AssignmentEvent, AssignmentState
from shared.contracts.commands import CommandState
from shared.contracts.fields import Status
from tests.component.console.test_case_exports import read_pdf, visible_text
from tests.support.console_events import VILLAGE, a_command, an_assignment
from tests.support.console_harness import ConsoleHarness, running_console
from tests.support.postgres import fresh_database


def photo(shade: int = 0, kind: str = "JPEG") -> bytes:
    out = BytesIO()
    Image.new("RGB", (320, 240), (40 * shade, 80, 80)).save(out, kind)
    return out.getvalue()


async def fields(console: ConsoleHarness) -> AssignmentEvent:
    command = a_command("flood")
    assignment = an_assignment(command, VILLAGE, AssignmentState.SIGNED, version=2)
    await console.project([command, assignment])
    return assignment


async def sent(
    console: ConsoleHarness,
    officer: str | None,
    assignment_event: AssignmentEvent,
    file: bytes,
    note: str = "",
) -> httpx2.Response:
    async with console.client(officer) as client:
        return await client.post(
            f"/api/assignments/{assignment_event.assignment_id}/photos",
            params={"note": note},
            content=file,
            headers={"content-type": "text/html"},
        )


async def got(console: ConsoleHarness, officer: str | None, path: str) -> httpx2.Response:
    async with console.client(officer) as client:
        return await client.get(path)


async def test_a_photo_is_shown_with_its_assignment_and_its_case(console: ConsoleHarness) -> None:
    assignment = await fields(console)
    answer = await sent(console, "o-village-b", assignment, photo(), "堤脚渗水")
    assert answer.status_code == 200, answer.text
    photo_id = answer.json()["photo_id"]
    for officer in ("o-village-b", "o-town-b", "o-district-b", "o-city-b"):
        view = (await got(console, officer, f"/api/assignments/{assignment.assignment_id}")).json()
        (listed_photo,) = view["photos"]
        assert (listed_photo["photo_id"], listed_photo["note"], listed_photo["unit"]) == (
            photo_id,
            "堤脚渗水",
            VILLAGE,
        )
        case = (await got(console, officer, f"/api/cases/{assignment.command_id}/photos")).json()
        assert [row["photo_id"] for row in case["photos"]] == [photo_id]
        picture = await got(console, officer, f"/api/photos/{photo_id}")
        assert Image.open(BytesIO(picture.content)).size == (320, 240)
    listed = (await got(console, "o-village-b", "/api/assignments?open=1")).json()
    assert [row["photo_id"] for row in listed["assignments"][0]["photos"]] == [photo_id]


async def test_a_picture_is_served_as_nothing_else(console: ConsoleHarness) -> None:
    assignment = await fields(console)
    photo_id = (await sent(console, "o-village-b", assignment, photo())).json()["photo_id"]
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
async def test_what_only_says_it_is_a_photo_is_refused(
    console: ConsoleHarness, file: bytes
) -> None:
    assignment = await fields(console)
    answer = await sent(console, "o-village-b", assignment, file)
    assert (answer.status_code, answer.json()["reason"]) == (415, "photo_type")
    assert (
        await got(console, "o-village-b", f"/api/assignments/{assignment.assignment_id}")
    ).json()["photos"] == []


async def test_only_the_unit_itself_sends_and_only_who_is_responsible_looks(
    console: ConsoleHarness,
) -> None:
    assignment = await fields(console)
    photo_id = (await sent(console, "o-village-b", assignment, photo())).json()["photo_id"]
    assert (await sent(console, "o-town-b", assignment, photo())).status_code == 403
    assert (await sent(console, "o-songji-b", assignment, photo())).status_code == 404
    assert (await sent(console, None, assignment, photo())).status_code == 401
    assert (await got(console, "o-songji-b", f"/api/photos/{photo_id}")).status_code == 404
    assert (await got(console, None, f"/api/photos/{photo_id}")).status_code == 401
    assert (await got(console, "o-village-b", "/api/photos/pho-nothing")).status_code == 404


async def test_a_look_granted_at_the_place_does_not_open_its_photos(
    console: ConsoleHarness,
) -> None:
    assignment = await fields(console)
    photo_id = (await sent(console, "o-village-b", assignment, photo())).json()["photo_id"]
    async with console.deps.database.transaction() as work:
        await work.connection.execute(
            "INSERT INTO console.officer_grant VALUES ('o-songji-b', 'see', $1)", VILLAGE
        )
    path = f"/api/assignments/{assignment.assignment_id}"
    looked = await got(console, "o-songji-b", path)
    assert (looked.status_code, looked.json()["photos"]) == (200, [])
    assert (await got(console, "o-songji-b", f"/api/photos/{photo_id}")).status_code == 404
    case = await got(
        console, "o-songji-b", f"/api/cases/{assignment.command_id}/photos?place={VILLAGE}"
    )
    assert case.json()["photos"] == []


async def test_the_same_file_is_one_photo_and_a_day_has_a_limit() -> None:
    with fresh_database() as dsn:
        async with running_console(dsn, photos_per_day=2) as console:
            assignment = await fields(console)
            first = (await sent(console, "o-village-b", assignment, photo(1))).json()
            repeated = (await sent(console, "o-village-b", assignment, photo(1))).json()
            assert repeated == {"photo_id": first["photo_id"], "repeated": True}
            assert (await sent(console, "o-village-b", assignment, photo(2))).status_code == 200
            over = await sent(console, "o-village-b", assignment, photo(3))
            assert (over.status_code, over.json()["reason"]) == (403, "photo_quota")
            assert (await sent(console, "o-village-b", assignment, photo(1))).json()["repeated"]


async def test_a_file_that_is_too_large_is_refused_unread(console: ConsoleHarness) -> None:
    assignment = await fields(console)
    answer = await sent(console, "o-village-b", assignment, b"\xff" * (MAX_PHOTO_BYTES + 1))
    assert (answer.status_code, answer.json()["reason"]) == (413, "too_large")
    large = photo() + b"\0" * (200 * 1024)  # more than an act may have
    assert (await sent(console, "o-village-b", assignment, large)).status_code == 200


async def test_photos_go_with_their_command(console: ConsoleHarness) -> None:
    command = a_command("flood", state=CommandState.CLOSED)
    assignment = an_assignment(command, VILLAGE, AssignmentState.DONE, version=2)
    await console.project([command, assignment])
    await sent(console, "o-village-b", assignment, photo())
    task = forget_commands(timedelta(0))
    async with console.deps.database.transaction() as work:
        await work.connection.execute(
            "UPDATE console.command SET sent_at = now() - interval '1 day'"
        )
        await work.connection.fetch(task.statement, task.keep, task.limit)
        assert await work.connection.fetchval("SELECT count(*) FROM console.photo") == 0


async def a_case_with_records(
    console: ConsoleHarness, status: Status = Status.ACTUAL
) -> AssignmentEvent:
    """Return a command with the signed assignment of a village."""
    command = a_command("flood", status=status)
    assignment = an_assignment(command, VILLAGE, AssignmentState.SIGNED, version=2)
    await console.project([command, assignment])
    return assignment


async def files(
    console: ConsoleHarness, officer: str, assignment_event: AssignmentEvent
) -> tuple[httpx2.Response, httpx2.Response]:
    """Return its case as HTML and as PDF."""
    path = f"/api/cases/{assignment_event.command_id}/export"
    return await got(console, officer, path), await got(console, officer, f"{path}?format=pdf")


def in_html(page: httpx2.Response) -> list[bytes]:
    return [
        base64.b64decode(entry)
        for entry in re.findall(r'src="data:image/jpeg;base64,([^"]+)"', page.text)
    ]


def in_pdf(paper: httpx2.Response) -> int:
    sheets = pypdfium2.PdfDocument(paper.content)
    return sum(
        1
        for sheet in sheets
        for page_object in sheet.get_objects()
        if page_object.type == FPDF_PAGEOBJ_IMAGE
    )


async def test_a_case_is_handed_on_with_its_photos(console: ConsoleHarness) -> None:
    assignment = await a_case_with_records(console)
    hostile = "堤脚渗水\n\n<img src=x onerror=alert(1)>"
    await sent(console, "o-village-b", assignment, photo(1), hostile)
    await sent(console, "o-village-b", assignment, photo(2, "PNG"), "已加固")
    for officer in ("o-village-b", "o-city-b"):
        page, paper = await files(console, officer, assignment)
        results = [Image.open(BytesIO(file)) for file in in_html(page)]
        assert [(image.format, image.size) for image in results] == [("JPEG", (320, 240))] * 2
        newest, older = (image.getpixel((9, 9))[0] for image in results)  # type: ignore[index]
        assert (round(newest, -1), round(older, -1)) == (80, 40)
        assert in_pdf(paper) == 2
        for text in (visible_text(page.content), read_pdf(paper.content)[0]):
            for words in ("现场照片", "已加固", "堤脚渗水<imgsrc=xonerror=alert(1)>"):
                assert words in text, words
    tags = re.findall(r"<img[^>]*>", page.text)
    assert len(tags) == 2
    assert not any("onerror=alert" in re.sub(r'"[^"]*"', "", tag) for tag in tags)
    assert not re.search(r"\b(src|href)\s*=\s*\"(?!data:image/jpeg;base64,)", page.text)


async def test_photos_of_a_file_are_small_and_bounded(console: ConsoleHarness) -> None:
    assignment = await a_case_with_records(console)
    out = BytesIO()
    Image.effect_noise((1_600, 1_200), 90).convert("RGB").save(out, "JPEG", quality=95)
    await sent(console, "o-village-b", assignment, out.getvalue(), "大图")
    for shade in range(1, MOST_PHOTOS + 2):
        await sent(console, "o-village-b", assignment, sized(10 + shade))
    page, paper = await files(console, "o-city-b", assignment)
    assert len(in_html(page)) == in_pdf(paper) == MOST_PHOTOS
    for text in (visible_text(page.content), read_pdf(paper.content)[0]):
        assert "另有2张照片未列出" in text
    assert max(Image.open(BytesIO(printed(remade(out.getvalue()).full))).size) == 800


def sized(width: int) -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, 20), "green").save(out, "JPEG")
    return out.getvalue()


async def test_photos_of_a_file_are_those_of_the_screen(console: ConsoleHarness) -> None:
    """An officer with a right to see the place only, and an officer beside it, receive no photo."""
    assignment = await a_case_with_records(console)
    await sent(console, "o-village-b", assignment, photo(), "堤脚")
    async with console.deps.database.transaction() as work:
        await work.connection.execute(
            "INSERT INTO console.officer_grant (officer_id, granted_right, unit) "
            "VALUES ('o-songji-b', 'see', $1)",
            VILLAGE,
        )
    looked = await got(
        console, "o-songji-b", f"/api/cases/{assignment.command_id}/export?place={VILLAGE}"
    )
    assert looked.status_code == 200, looked.text
    assert in_html(looked) == []
    assert "堤脚" not in looked.text


async def test_photos_of_a_drill_say_so(console: ConsoleHarness) -> None:
    assignment = await a_case_with_records(console, Status.EXERCISE)
    await sent(console, "o-village-b", assignment, photo(), "堤脚")
    page, paper = await files(console, "o-city-b", assignment)
    assert "【演练】现场照片" in visible_text(page.content)
    for text in (visible_text(page.content), read_pdf(paper.content)[0]):
        assert re.search(r"【演练】[^【]*堤脚", text)
