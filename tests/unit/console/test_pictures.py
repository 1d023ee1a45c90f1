"""Photos from outside: only pixels come through."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from services.console.pictures import NotAPhoto, remade

SECRET = b"29.1234N 105.5678E officer@home <script>alert(1)</script> PK\x03\x04"


def made(kind: str, size: tuple[int, int] = (64, 48), mode: str = "RGB", **more: object) -> bytes:
    out = BytesIO()
    Image.new(mode, size, "red" if mode != "P" else 3).save(out, kind, **more)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    with Image.open(BytesIO(data)) as image:
        image.load()
        return image


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_becomes_two_jpegs(kind: str) -> None:
    found = remade(made(kind, (3_000, 2_000)))
    whole, small = opened(found.whole), opened(found.small)
    assert (whole.format, small.format) == ("JPEG", "JPEG")
    assert max(whole.size) == 1_600
    assert max(small.size) == 240


def test_nothing_of_the_file_comes_through() -> None:
    exif = Image.Exif()
    exif[0x010F] = SECRET.decode("latin-1")
    exif[0x8825] = {1: "N", 2: (29.0, 7.0, 24.0)}
    file = made("JPEG", exif=exif, comment=SECRET) + SECRET
    found = remade(file)
    for data in (found.whole, found.small):
        assert b"29.1234" not in data
        assert b"script" not in data
        assert not opened(data).getexif()
        assert "comment" not in opened(data).info


def test_a_phone_held_upright_gives_an_upright_picture() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert opened(remade(made("JPEG", (64, 48), exif=exif)).whole).size == (48, 64)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "1"])
def test_other_ways_to_hold_pixels_are_drawn_on_white(mode: str) -> None:
    image = Image.new("RGBA", (8, 8), (0, 0, 0, 0)).convert(mode)
    out = BytesIO()
    image.save(out, "PNG")
    assert opened(remade(out.getvalue()).whole).mode == "RGB"
    clear = BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(clear, "PNG")
    assert opened(remade(clear.getvalue()).whole).getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"<html><script>alert(1)</script></html>",
        b"\xff\xd8\xff\xe0" + SECRET,
        b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        made("GIF"),
        made("TIFF"),
        made("BMP"),
        made("PNG")[:40],
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


@given(st.data())
def test_a_damaged_file_is_refused_or_drawn_and_never_breaks_us(data: st.DataObject) -> None:
    file = bytearray(made(data.draw(st.sampled_from(["JPEG", "PNG", "WEBP"])), (16, 16)))
    for _ in range(data.draw(st.integers(1, 8))):
        file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = remade(bytes(file))
    except NotAPhoto:
        return
    assert opened(found.whole).format == "JPEG"
