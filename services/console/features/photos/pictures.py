"""Uploads of photos, drawn again one at a time by a process (drawing.py).

A hostile picture can exhaust only that process: its memory is freed at its end, and an upload never
takes a second core from the screens.
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
    """Draws uploaded pictures, one at a time."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def remade(self, file: bytes) -> Picture:
        """Return the picture of a file. Raises NotAPhoto."""
        async with self._turns:
            return await _drawn(file)


async def _drawn(file: bytes) -> Picture:
    """Return the picture drawn by the process; a cancelled caller ends the process."""
    program = await asyncio.create_subprocess_exec(
        # Isolated: environment and working folder do not decide the imported modules.
        *(sys.executable, "-I", drawing.__file__),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env={},
    )
    try:
        out, errors = await program.communicate(file)
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()
    if program.returncode == 0:
        (length,) = struct.unpack_from(">I", out)
        full = out[4 : 4 + length]
        return Picture(full, out[8 + length :])
    reason = errors.decode("utf-8", "replace")[-200:]
    if program.returncode != drawing.NOT_A_PHOTO:
        log.warning("drawing_ended", code=program.returncode, errors=reason)
    raise NotAPhoto(reason)
