"""The demo run as a user runs it: a process of its own, in a folder of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.paths import temporary_root
from deploy.local.stack import Stack

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Run:
    """How a demo ended."""

    code: int
    summary: dict[str, Any]
    tail: str

    @property
    def why(self) -> str:
        """What the demo says about the checks that failed, and what its people met with."""
        told = {name: self.summary.get(name) for name in ("reasons", "unsettled", "acts")}
        return json.dumps(told, ensure_ascii=False, indent=1) + "\n" + self.tail


def play(*arguments: str, limit_s: float = 360) -> Run:
    """Run the demo once; its folder is kept when it fails, for a look at the logs."""
    root = temporary_root("demo")
    done = subprocess.run(
        [sys.executable, "-m", "deploy.local.demo", "--once", "--root", str(root), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=limit_s,
        check=False,
    )
    tail = f"{root}\n" + (done.stdout + done.stderr)[-4_000:]
    path = root / "demo" / "summary.json"
    assert path.exists(), tail
    run = Run(done.returncode, json.loads(path.read_text(encoding="utf-8")), tail)
    if run.code == 0:
        Stack(root / "demo" / "stack").discard()
        shutil.rmtree(root)
    return run
