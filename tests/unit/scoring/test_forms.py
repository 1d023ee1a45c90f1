"""The compiled form and plain Python give the same alarms, ids, refusals and states."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import get_args

import pytest

from services.scoring.core.baseline.memory import Reason
from services.scoring.fastpath.modules import MODULES
from shared.fastpath.loader import ROOT, built, form

REASONS = tuple(f"reason='{kind}'" for kind in get_args(Reason))

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
"""The build, if any, when this process chose its form."""


def run_python(switch: str, *argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *argv],
        cwd=ROOT,
        env={**os.environ, "FENGHUO_COMPILED": switch},
        capture_output=True,
        text=True,
        check=False,
    )


def streams(switch: str) -> list[str]:
    process = run_python(switch, "-c", PROGRAM, "1", "60")
    assert process.returncode == 0, process.stderr
    head, *lines = process.stdout.splitlines()
    assert head == ("plain" if switch == "0" else "compiled")
    return lines


@pytest.fixture(scope="module")
def both_forms() -> None:
    """Build the compiled form in any case; skip only where none can be built."""
    process = run_python("", "-m", "deploy.native", "--demand")
    if process.returncode != 0:
        assert "compiling failed" not in process.stdout, process.stdout
        pytest.skip(process.stdout.strip())


@pytest.mark.usefixtures("both_forms")
def test_compiled_and_plain_give_the_same() -> None:
    plain, compiled = streams("0"), streams("1")
    assert len(plain) > 5_000
    for kind in ("scored", "late", "duplicate", "'raised'", "too_late", "id_conflict", *REASONS):
        assert any(kind in line for line in plain), kind
    for plain_line, compiled_line in zip(plain, compiled, strict=True):
        assert plain_line == compiled_line


def test_what_runs_is_what_was_built() -> None:
    """The build is of this source: an older build is never loaded."""
    expected = (
        "plain" if AT_START is None or os.environ.get("FENGHUO_COMPILED") == "0" else "compiled"
    )
    assert form() == expected


def test_plain_can_be_asked_for() -> None:
    process = run_python(
        "0", "-c", f"{INSTALL}import services.scoring.fastpath.loop as m; print(m.__file__)"
    )
    assert process.stdout.strip().endswith("fastpath/loop.py")


@pytest.mark.usefixtures("both_forms")
@pytest.mark.parametrize(("service", "expected"), [("scoring", "compiled"), ("ingest", "plain")])
def test_the_service_of_scoring_runs_compiled_and_no_other(
    service: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FENGHUO_HTTP_PORT", "none")
    process = run_python("", "-c", SERVICE.format(service=service))
    assert "http_port" in process.stderr.lower()
    files = process.stdout.split()
    assert {"plain" if file.endswith(".py") else "compiled" for file in files} == {expected}
    assert len(files) == len(MODULES) or expected == "plain"
