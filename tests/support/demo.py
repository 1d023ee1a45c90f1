"""The demo as users run the program: a process and a folder of its own."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from deploy.local.paths import temporary_root
from deploy.local.stack import Stack

ROOT = Path(__file__).parents[2]
LIMIT_S = 1_800
"""The last resort, far beyond what a slow machine needs: the demo ends by itself when nothing
moves.
"""


@dataclass(frozen=True)
class Run:
    """The result of a demo."""

    code: int
    summary: dict[str, Any]
    tail: str

    @property
    def why(self) -> str:
        """Return the demo's explanations of failed checks and of its officers' refusals."""
        explanations = {name: self.summary.get(name) for name in ("reasons", "unsettled", "acts")}
        return json.dumps(explanations, ensure_ascii=False, indent=1) + "\n" + self.tail


class Playing:
    """A running demo; `root` is the demo's folder."""

    def __init__(self, root: Path, *arguments: str) -> None:
        self.root = root
        self._output = root / "output.txt"
        self._file: IO[str] = self._output.open("w", encoding="utf-8")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "deploy.demo", "--root", str(root), *arguments],
            cwd=ROOT,
            stdout=self._file,
            stderr=subprocess.STDOUT,
        )

    @property
    def text(self) -> str:
        """Return the demo's output so far."""
        return self._output.read_text(encoding="utf-8")

    def until(self, fact: Callable[[], object], description: str) -> None:
        """Return when `fact` holds; fails when the demo ends first."""
        deadline = time.monotonic() + LIMIT_S
        while not fact():
            assert self.process.poll() is None, f"ended before {description}: {self.tail}"
            assert time.monotonic() < deadline, f"{description} did not happen: {self.tail}"
            time.sleep(0.1)

    def ended(self, signum: signal.Signals | None = None) -> Run:
        """Wait for the end of the demo, after sending `signum` if given."""
        if signum is not None:
            self.process.send_signal(signum)
        code = self.process.wait(LIMIT_S)
        path = self.root / "demo" / "summary.json"
        assert path.exists(), self.tail
        return Run(code, json.loads(path.read_text(encoding="utf-8")), self.tail)

    @property
    def tail(self) -> str:
        """Return the folder of the demo's logs and the end of its output."""
        return f"{self.root}\n{self.text[-4_000:]}"

    def close(self) -> None:
        """End the process if running."""
        if self.process.poll() is None:
            self.process.kill()  # what it has started ends with it
            self.process.wait()
        self._file.close()


@contextmanager
def playing(*arguments: str, root: Path | None = None) -> Iterator[Playing]:
    """Run a demo; the folder with the logs stays after a failure."""
    root = root or temporary_root("demo")
    demo = Playing(root, *arguments)
    try:
        yield demo
    finally:
        demo.close()
    if demo.process.returncode == 0:
        Stack(root / "demo" / "stack").discard()
        shutil.rmtree(root)


def play(*arguments: str) -> Run:
    """Run the demo once, to the end."""
    with playing("--once", *arguments) as demo:
        return demo.ended()
