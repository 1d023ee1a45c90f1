"""Uploads of photos, drawn anew one at a time by another process (drawing.py).

What a hostile picture may take of memory and time, it takes there: the process ends, its memory with
it, and an upload never takes a second core from the screens.
"""

from __future__ import annotations

import asyncio
import struct
import sys
from asyncio.subprocess import PIPE

import structlog

from services.console.features.photos import drawing
from services.console.features.photos.drawing import NotAPhoto, Picture

log = structlog.get_logger("fenghuo.pictures")

_AT_ONCE = 1


class Pictures:
    """Makes pictures, one at a time."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def remade(self, file: bytes) -> Picture:
        """The picture in a file. Raises NotAPhoto."""
        async with self._turns:
            return await _drawn(file)


async def _drawn(file: bytes) -> Picture:
    """The picture as the other process drew it; whoever does not wait any longer ends the process."""
    program = await asyncio.create_subprocess_exec(
        # Isolated: neither the environment nor the working folder decides what is imported.
        *(sys.executable, "-I", drawing.__file__),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env={},
    )
    try:
        out, said = await program.communicate(file)
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()
    if program.returncode == 0:
        (length,) = struct.unpack_from(">I", out)
        whole = out[4 : 4 + length]
        return Picture(whole, out[8 + length :])
    reason = said.decode("utf-8", "replace")[-200:]
    if program.returncode != drawing.NOT_A_PHOTO:
        log.warning("drawing_ended", code=program.returncode, said=reason)
    raise NotAPhoto(reason)
