"""Small volumes for the data of Kafka and Postgres, which can be filled. Needs root on Linux."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from deploy.local.errors import StackError

_BALLAST = "ballast"
_PIECE = 1_048_576


class Volume:
    """A file system in memory with a limit, mounted on an empty folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def mount(self, mebibytes: int) -> None:
        """Mount the volume. Raises StackError where that is not allowed."""
        self.folder.mkdir(exist_ok=True)
        options = f"size={mebibytes}m,mode=0755"
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.folder)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise StackError(f"a full disk needs a volume of its own: {result.stderr.strip()}.")

    def fill(self) -> None:
        """Take all space that is free."""
        with (self.folder / _BALLAST).open("ab") as file, contextlib.suppress(OSError):
            while free := self._free_bytes():
                file.write(bytes(min(free, _PIECE)))
                file.flush()

    def empty(self) -> None:
        """Give the space back."""
        (self.folder / _BALLAST).unlink(missing_ok=True)

    def _free_bytes(self) -> int:
        facts = os.statvfs(self.folder)
        return facts.f_bavail * facts.f_frsize


def mounted(root: Path) -> Iterator[Path]:
    """Yield the folders below `root` on which a volume is mounted."""
    mounts = Path("/proc/mounts")
    if mounts.exists():
        for line in mounts.read_text(encoding="utf-8").splitlines():
            folder = Path(line.split()[1])
            if folder.is_relative_to(root.resolve()):
                yield folder


def unmount(root: Path) -> None:
    """Unmount every volume below `root`."""
    for folder in [*mounted(root)]:
        subprocess.run(["umount", str(folder)], check=False)
