"""Paths of a stack's files. One root folder per running stack; caches are shared by all."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent.parent


def cache_dir() -> Path:
    """Downloaded third-party files (Kafka's jars); FENGHUO_CACHE overrides."""
    return Path(os.environ.get("FENGHUO_CACHE") or REPO / "var" / "cache")


def temporary_root(purpose: str) -> Path:
    """A new folder below var/test for a stack of its own; `Stack.discard` removes it.

    Not the system's temporary folder: pytest's is closed to the user Postgres runs as under root.
    """
    parent = REPO / "var" / "test"
    parent.mkdir(parents=True, exist_ok=True)
    root = Path(tempfile.mkdtemp(prefix=f"{purpose}-", dir=parent))
    root.chmod(0o755)
    return root


@dataclass(frozen=True)
class Paths:
    """The folders below one stack's root."""

    root: Path

    @property
    def run(self) -> Path:
        """State of the running stack: ports, secrets, endpoints."""
        return self.root / "run"

    @property
    def data(self) -> Path:
        """Kafka's and Postgres' data: survives a stop."""
        return self.root / "data"

    @property
    def log(self) -> Path:
        """One log file per process."""
        return self.root / "log"

    @property
    def secrets(self) -> Path:
        """Generated passwords, one 0600 file each."""
        return self.run / "secrets"

    def create(self) -> None:
        """Make all folders; the secrets folder is private from its first moment."""
        for folder in (self.run, self.data, self.log):
            folder.mkdir(parents=True, exist_ok=True)
        self.secrets.mkdir(mode=0o700, exist_ok=True)
