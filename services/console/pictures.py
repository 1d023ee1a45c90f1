"""Photos from outside, made anew: what is kept are pixels that we have drawn, not a file that came in.

Where a photo was taken, with which device and whatever else hides in a file (EXIF, thumbnails, trailing
archives, scripts) ends here.
"""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageOps

_FORMATS = ("JPEG", "PNG", "WEBP")
_MAX_PIXELS = 40_000_000
_LONGEST_PX = 1_600
_SMALL_PX = 240
_PRINTED_PX = 800
_QUALITY = 80
_AT_ONCE = 1
_BROKEN = (OSError, ValueError, SyntaxError, EOFError, struct.error, Image.DecompressionBombError)
"""What Pillow raises for files that are none, broken or made to hurt."""


class NotAPhoto(Exception):
    """No JPEG, PNG or WebP that can be opened, or one with too many pixels."""


@dataclass(frozen=True, slots=True)
class Picture:
    """JPEG bytes: at most 1,600 px, and at most 240 px for lists."""

    whole: bytes
    small: bytes


class Pictures:
    """Makes pictures in a thread, one at a time: an upload never takes a second core from the screens."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def remade(self, file: bytes) -> Picture:
        """The picture in a file. Raises NotAPhoto."""
        async with self._turns:
            return await asyncio.to_thread(remade, file)


def remade(file: bytes) -> Picture:
    """The picture in a file, told by its content. Raises NotAPhoto."""
    try:
        with Image.open(BytesIO(file), formats=_FORMATS) as image:
            if image.width * image.height > _MAX_PIXELS:
                raise NotAPhoto(f"more than {_MAX_PIXELS} pixels")
            image.draft("RGB", (_LONGEST_PX, _LONGEST_PX))  # a large JPEG is decoded small
            drawn = _on_white(ImageOps.exif_transpose(image))
    except _BROKEN as error:
        raise NotAPhoto(str(error)) from error
    drawn.thumbnail((_LONGEST_PX, _LONGEST_PX))
    whole = _jpeg(drawn)
    drawn.thumbnail((_SMALL_PX, _SMALL_PX))
    return Picture(whole, _jpeg(drawn))


def printed(picture: bytes) -> bytes:
    """A picture of ours (JPEG) at most 800 px, for a document that holds many."""
    with Image.open(BytesIO(picture), formats=("JPEG",)) as image:
        image.draft("RGB", (_PRINTED_PX, _PRINTED_PX))
        drawn = _on_white(image)
    drawn.thumbnail((_PRINTED_PX, _PRINTED_PX))
    return _jpeg(drawn)


def _on_white(image: Image.Image) -> Image.Image:
    """A fresh image with the pixels of another and nothing else of it."""
    drawn = Image.new("RGB", image.size, "white")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        drawn.paste(layer, mask=layer)
    else:
        drawn.paste(image.convert("RGB"))
    return drawn


def _jpeg(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=_QUALITY, optimize=True)
    return out.getvalue()
