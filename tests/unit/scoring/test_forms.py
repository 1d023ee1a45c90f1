"""Compiled or as plain Python: the same alarms, ids, refusals and states; and which it is, is known."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import get_args

import pytest

from services.scoring.core.baseline import Reason
from shared.fastpath.loader import ROOT, built, form

SAYINGS = tuple(f"reason='{kind}'" for kind in get_args(Reason))

AT_START = built()
"""What there was when this process chose its form."""


def ran(wanted: str, *argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *argv],
        cwd=ROOT,
        env={**os.environ, "FENGHUO_COMPILED": wanted},
        capture_output=True,
        text=True,
        check=False,
    )


def streams(wanted: str) -> list[str]:
    done = ran(wanted, "-m", "tests.support.scored_streams", "1", "60")
    assert done.returncode == 0, done.stderr
    head, *rest = done.stdout.splitlines()
    assert head == ("plain" if wanted == "0" else "compiled")
    return rest


@pytest.fixture(scope="module")
def both_forms() -> None:
    """The compiled form is there, whatever this run was asked for; skips only where none can be made."""
    done = ran("", "-m", "deploy.native", "--demand")
    if done.returncode != 0:
        assert "compiling failed" not in done.stdout, done.stdout
        pytest.skip(done.stdout.strip())


@pytest.mark.usefixtures("both_forms")
def test_compiled_and_plain_say_the_same() -> None:
    plain, compiled = streams("0"), streams("1")
    assert len(plain) > 5_000
    for kind in ("scored", "late", "duplicate", "'raised'", "too_late", "id_conflict", *SAYINGS):
        assert any(kind in line for line in plain), kind
    for name, other in zip(plain, compiled, strict=True):
        assert name == other


def test_what_runs_is_what_was_built() -> None:
    """Of this very source: an older build is never loaded."""
    expected = (
        "plain" if AT_START is None or os.environ.get("FENGHUO_COMPILED") == "0" else "compiled"
    )
    assert form() == expected


def test_plain_can_be_asked_for() -> None:
    done = ran("0", "-c", "import services.scoring.core.engine as e; print(e.__file__)")
    assert done.stdout.strip().endswith("core/engine.py")
