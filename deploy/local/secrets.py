"""Passwords of the local stack: generated once, kept in files only their owner can read."""

import os
import re
import secrets as stdlib_secrets
from pathlib import Path

_NAME = re.compile(r"[a-z][a-z0-9_-]*")


class Secrets:
    """A folder of 0600 files, one secret each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, name: str) -> str:
        """The secret called `name`, generated (32 random bytes, URL-safe) on first use.

        Raises ValueError for a name that is no plain lower-case word.
        """
        if not _NAME.fullmatch(name):
            raise ValueError(f"not a secret's name: {name!r}")
        path = self._folder / name
        try:
            return path.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            pass
        value = stdlib_secrets.token_urlsafe(32)
        # O_EXCL and the mode at creation: there is no moment in which others could read it.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(value + "\n")
        return value

    def exists(self, name: str) -> bool:
        """Return whether `name` was generated before."""
        return (self._folder / name).exists()
