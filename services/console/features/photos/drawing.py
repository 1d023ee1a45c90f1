"""Photos from outside, drawn anew, in a process of their own with bounds on memory and time.

What is kept are pixels that this program has drawn, not a file that came in: where a photo was taken,
with which device and whatever else hides in a file (EXIF, thumbnails, trailing archives, scripts) ends
here. As a program it reads a file from standard input and writes two JPEG files to standard output, each
behind its length (4 bytes, big-endian). It imports Pillow and the standard library only, so that it
starts in a few hundredths of a second.
"""

from __future__ import annotations

import resource
import struct
import sys
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageOps

NOT_A_PHOTO = 3
"""Exit code for a file that cannot be drawn; the reason stands on standard error."""
MEMORY_BYTES = 512 * 1_048_576
CPU_S = 20
_FORMATS = ("JPEG", "PNG", "WEBP")
MOST_PIXELS = {"JPEG": 40_000_000, "PNG": 12_000_000, "WEBP": 12_000_000}
"""A large JPEG is decoded small; of the other formats each pixel lies in memory (WebP: 16 bytes)."""
_LONGEST_PX = 1_600
_SMALL_PX = 240
_PRINTED_PX = 800
_QUALITY = 80
_BROKEN = (
    *(OSError, ValueError, SyntaxError, EOFError, MemoryError, OverflowError, struct.error),
    Image.DecompressionBombError,
)
"""What Pillow raises for files that are none, broken or made to hurt."""


class NotAPhoto(Exception):
    """No JPEG, PNG or WebP that can be opened, or a picture with too many pixels."""


@dataclass(frozen=True, slots=True)
class Picture:
    """JPEG bytes: at most 1,600 px, and at most 240 px for lists."""

    whole: bytes
    small: bytes


def remade(file: bytes) -> Picture:
    """The picture in a file, judged by its content. Raises NotAPhoto."""
    try:
        with Image.open(BytesIO(file), formats=_FORMATS) as image:
            most = MOST_PIXELS[image.format or ""]
            if image.width * image.height > most:
                raise NotAPhoto(f"more than {most} pixels")
            image.draft("RGB", (_LONGEST_PX, _LONGEST_PX))
            drawn = _on_white(ImageOps.exif_transpose(_reduced(image)))
    except _BROKEN as error:
        raise NotAPhoto(str(error) or type(error).__name__) from error
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


def _reduced(image: Image.Image) -> Image.Image:
    """The picture at most 1,600 px, before anything is copied from it."""
    if image.mode not in ("RGB", "RGBA", "L", "LA"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    image.thumbnail((_LONGEST_PX, _LONGEST_PX))
    return image


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


def main() -> int:
    """Draw the file on standard input; returns the exit code."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        picture = remade(sys.stdin.buffer.read())
    except NotAPhoto as error:
        sys.stderr.write(str(error)[:200])
        return NOT_A_PHOTO
    for part in (picture.whole, picture.small):
        sys.stdout.buffer.write(struct.pack(">I", len(part)) + part)
    return 0


if __name__ == "__main__":
    sys.exit(main())
