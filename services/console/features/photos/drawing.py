"""Photos from outside, drawn again by a process with bounds on memory and time.

The stored bytes are pixels drawn by this program, never an uploaded file. Metadata and hidden
content (EXIF with place and device, thumbnails, trailing archives, scripts) end here. The program
reads a file from standard input and writes two JPEG files to standard output, each after its length
(4 bytes, big-endian). It imports only Pillow and the standard library, and starts in a few
hundredths of a second.
"""

from __future__ import annotations

import resource
import struct
import sys
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageOps

NOT_A_PHOTO = 3
"""Exit code for a file that cannot be drawn; the reason is on standard error."""
MEMORY_BYTES = 512 * 1_048_576
CPU_S = 20
_FORMATS = ("JPEG", "PNG", "WEBP")
MOST_PIXELS = {"JPEG": 40_000_000, "PNG": 12_000_000, "WEBP": 12_000_000}
"""The most pixels by format.

A large JPEG is decoded at a smaller size; the formats PNG and WebP hold each pixel in memory (WebP:
16 bytes).
"""
_LONGEST_PX = 1_600
_SMALL_PX = 240
_PRINTED_PX = 800
_QUALITY = 80
_BROKEN = (
    *(OSError, ValueError, SyntaxError, EOFError, MemoryError, OverflowError, struct.error),
    Image.DecompressionBombError,
)
"""Errors of Pillow for broken or hostile files."""


class NotAPhoto(Exception):
    """The file is no readable JPEG, PNG or WebP, or has too many pixels."""


@dataclass(frozen=True, slots=True)
class Picture:
    """JPEG bytes: `full` of at most 1,600 px, `small` of at most 240 px for lists."""

    full: bytes
    small: bytes


def remade(file: bytes) -> Picture:
    """Return the picture of a file; the content decides the format. Raises NotAPhoto."""
    try:
        with Image.open(BytesIO(file), formats=_FORMATS) as image:
            most = MOST_PIXELS[image.format or ""]
            if image.width * image.height > most:
                raise NotAPhoto(f"more than {most} pixels")
            image.draft("RGB", (_LONGEST_PX, _LONGEST_PX))
            drawn = _on_white(ImageOps.exif_transpose(_reduced(image)))
    except _BROKEN as error:
        raise NotAPhoto(str(error) or type(error).__name__) from error
    full = _jpeg(drawn)
    drawn.thumbnail((_SMALL_PX, _SMALL_PX))
    return Picture(full, _jpeg(drawn))


def printed(picture: bytes) -> bytes:
    """Return a stored JPEG with sides of at most 800 px, for a document with many pictures."""
    with Image.open(BytesIO(picture), formats=("JPEG",)) as image:
        image.draft("RGB", (_PRINTED_PX, _PRINTED_PX))
        drawn = _on_white(image)
    drawn.thumbnail((_PRINTED_PX, _PRINTED_PX))
    return _jpeg(drawn)


def _reduced(image: Image.Image) -> Image.Image:
    """Return the picture with sides of at most 1,600 px, before any copy is made."""
    if image.mode not in ("RGB", "RGBA", "L", "LA"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    image.thumbnail((_LONGEST_PX, _LONGEST_PX))
    return image


def _on_white(image: Image.Image) -> Image.Image:
    """Return a fresh image with the pixels only."""
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


def main() -> int:
    """Draw the file on standard input; return the exit code."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        picture = remade(sys.stdin.buffer.read())
    except NotAPhoto as error:
        sys.stderr.write(str(error)[:200])
        return NOT_A_PHOTO
    for part in (picture.full, picture.small):
        sys.stdout.buffer.write(struct.pack(">I", len(part)) + part)
    return 0


if __name__ == "__main__":
    sys.exit(main())
