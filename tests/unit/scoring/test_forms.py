"""Compiled or as plain Python: the same alarms, ids, refusals and states; and which it is, is known."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import get_args

import pytest

from services.scoring.core.baseline import Reason
from services.scoring.fastpath.modules import MODULES
from shared.fastpath.loader import ROOT, built, form

SAYINGS = tuple(f"reason='{kind}'" for kind in get_args(Reason))

INSTALL = """
from services.scoring.fastpath.modules import MODULES
from shared.fastpath.loader import install
install(MODULES)
"""
PROGRAM = f"{INSTALL}from tests.support.scored_streams import main\nmain()"

SERVICE = """
import atexit, runpy, sys
from services.scoring.fastpath.modules import MODULES

def report():
    print(*(sys.modules[name].__file__ for name in MODULES if name in sys.modules))

atexit.register(report)
runpy.run_module("services.{service}", run_name="__main__")
"""
"""Runs a service until its settings are refused; then its modules are loaded."""

AT_START = built(MODULES)
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
    done = ran(wanted, "-c", PROGRAM, "1", "60")
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
    done = ran("0", "-c", f"{INSTALL}import services.scoring.core.engine as e; print(e.__file__)")
    assert done.stdout.strip().endswith("core/engine.py")


@pytest.mark.usefixtures("both_forms")
@pytest.mark.parametrize(("service", "expected"), [("scoring", "compiled"), ("ingest", "plain")])
def test_the_service_of_scoring_runs_compiled_and_no_other(
    service: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FENGHUO_HTTP_PORT", "none")
    done = ran("", "-c", SERVICE.format(service=service))
    assert "http_port" in done.stderr.lower()
    files = done.stdout.split()
    assert {"plain" if file.endswith(".py") else "compiled" for file in files} == {expected}
    assert len(files) == len(MODULES) or expected == "plain"
