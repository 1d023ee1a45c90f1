"""Photos from outside: only pixels come through."""

from __future__ import annotations

import asyncio
import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from services.console.features.photos.drawing import NotAPhoto, remade
from services.console.features.photos.pictures import Pictures

SECRET = b"29.1234N 105.5678E officer@home <script>alert(1)</script> PK\x03\x04"


def created(
    kind: str, size: tuple[int, int] = (64, 48), mode: str = "RGB", **more: object
) -> bytes:
    out = BytesIO()
    Image.new(mode, size, "red" if mode != "P" else 3).save(out, kind, **more)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    with Image.open(BytesIO(data)) as image:
        image.load()
        return image


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_becomes_two_jpegs(kind: str) -> None:
    result = remade(created(kind, (3_000, 2_000)))
    complete, small = opened(result.full), opened(result.small)
    assert (complete.format, small.format) == ("JPEG", "JPEG")
    assert max(complete.size) == 1_600
    assert max(small.size) == 240


def test_nothing_of_the_file_comes_through() -> None:
    exif = Image.Exif()
    exif[0x010F] = SECRET.decode("latin-1")
    exif[0x8825] = {1: "N", 2: (29.0, 7.0, 24.0)}
    file = created("JPEG", exif=exif, comment=SECRET) + SECRET
    result = remade(file)
    for data in (result.full, result.small):
        assert b"29.1234" not in data
        assert b"script" not in data
        assert not opened(data).getexif()
        assert "comment" not in opened(data).info


def test_a_phone_held_upright_gives_an_upright_picture() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert opened(remade(created("JPEG", (64, 48), exif=exif)).full).size == (48, 64)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "1"])
def test_other_ways_to_hold_pixels_are_drawn_on_white(mode: str) -> None:
    image = Image.new("RGBA", (8, 8), (0, 0, 0, 0)).convert(mode)
    out = BytesIO()
    image.save(out, "PNG")
    assert opened(remade(out.getvalue()).full).mode == "RGB"
    clear = BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(clear, "PNG")
    assert opened(remade(clear.getvalue()).full).getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"<html><script>alert(1)</script></html>",
        b"\xff\xd8\xff\xe0" + SECRET,
        b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        created("GIF"),
        created("TIFF"),
        created("BMP"),
        created("PNG")[:40],
    ],
    ids=["empty", "html", "false head", "svg", "gif", "tiff", "bmp", "cut"],
)
def test_what_is_no_photo_is_refused(file: bytes) -> None:
    with pytest.raises(NotAPhoto):
        remade(file)


def test_a_small_file_with_a_huge_picture_is_refused_before_it_is_drawn() -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    for side in (7_000, 60_000):
        head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
        bomb = (
            b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
        )
        with pytest.raises(NotAPhoto, match="pixels"):
            remade(bomb)


def peak_kib(*, reset: bool = False) -> int:
    """Return the largest memory of this process since the last reset."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])


LARGE = [
    ("JPEG", (7_300, 5_470), "RGB", {}),
    ("JPEG", (7_300, 5_470), "RGB", {"progressive": True}),
    ("PNG", (4_000, 3_000), "RGBA", {}),
    ("PNG", (4_000, 3_000), "P", {}),
    ("PNG", (1_000, 12_000), "LA", {}),
    ("WEBP", (4_000, 3_000), "RGBA", {"lossless": True}),
]


@pytest.mark.parametrize(("kind", "size", "mode", "more"), LARGE)
async def test_the_largest_pictures_are_drawn_within_the_bound_and_cost_us_nothing(
    kind: str, size: tuple[int, int], mode: str, more: dict[str, object]
) -> None:
    file = created(kind, size, mode, **more)
    before = peak_kib(reset=True)
    picture = await Pictures().remade(file)
    assert max(opened(picture.full).size) == 1_600
    assert max(opened(picture.small).size) == 240
    assert peak_kib() - before < 16 * 1_024, "the picture itself takes more than 40 MiB"


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
async def test_a_small_file_that_takes_half_a_gigabyte_is_refused(kind: str) -> None:
    with pytest.raises(NotAPhoto, match="pixels"):
        await Pictures().remade(created(kind, (6_320, 6_320), "RGB"))


async def test_what_is_no_photo_is_refused_by_the_other_process_too() -> None:
    pictures = Pictures()
    for file in (b"", b"\x00" * 100_000, created("PNG")[:40]):
        with pytest.raises(NotAPhoto):
            await pictures.remade(file)
    assert opened((await pictures.remade(created("PNG"))).full).size == (64, 48)


async def test_whoever_goes_away_ends_the_drawing() -> None:
    pictures = Pictures()
    task = asyncio.create_task(pictures.remade(created("JPEG", (7_300, 5_470))))
    while pictures._turns.locked() is False:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await pictures.remade(created("PNG"))).small


@given(st.data())
def test_a_damaged_file_is_refused_or_drawn_and_never_breaks_us(data: st.DataObject) -> None:
    file = bytearray(created(data.draw(st.sampled_from(["JPEG", "PNG", "WEBP"])), (16, 16)))
    for _ in range(data.draw(st.integers(1, 8))):
        file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.integers(0, 255))
    try:
        result = remade(bytes(file))
    except NotAPhoto:
        return
    assert opened(result.full).format == "JPEG"
