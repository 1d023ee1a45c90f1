"""A few bytes that a run shares with one of its processes: a clock's error, an armed failpoint."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

_SIZE = 512
_CLOCK = struct.Struct("<d")
_COUNTER = _CLOCK.size
_POINT = slice(_COUNTER + 1, _SIZE)
FOLDER_VARIABLE = "FAULTS_FOLDER"
"""The environment variable with the folder of the control files."""


class ControlFile:
    """One file per process; both sides see a change at once, and neither waits for the other."""

    def __init__(self, folder: Path, process: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / process
        if not path.exists():
            path.write_bytes(bytes(_SIZE))
        with path.open("r+b") as file:
            self._bytes = mmap.mmap(file.fileno(), _SIZE)

    @property
    def clock_error_s(self) -> float:
        """The seconds by which the clock of the process is ahead."""
        return float(_CLOCK.unpack_from(self._bytes)[0])

    @clock_error_s.setter
    def clock_error_s(self, seconds: float) -> None:
        _CLOCK.pack_into(self._bytes, 0, seconds)

    @property
    def counter(self) -> int:
        """A number that changes whenever another failpoint is armed."""
        return self._bytes[_COUNTER]

    @property
    def point(self) -> str:
        """The armed failpoint; empty without one."""
        return self._bytes[_POINT].rstrip(b"\0").decode()

    @point.setter
    def point(self, name: str) -> None:
        self._bytes[_POINT] = name.encode().ljust(_SIZE - _COUNTER - 1, b"\0")
        self._bytes[_COUNTER] = (self._bytes[_COUNTER] + 1) % 256
