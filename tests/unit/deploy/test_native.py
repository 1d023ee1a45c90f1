"""Compiling is optional: without a compiler everything works as plain Python, and says so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deploy import native as build
from shared.fastpath import loader as native


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout in which nothing is compiled yet."""
    for module in (build, native):
        monkeypatch.setattr(module, "FOLDER", tmp_path / "native")
    monkeypatch.setattr(build, "ROOT", tmp_path)
    monkeypatch.delenv("FENGHUO_COMPILED", raising=False)
    return tmp_path / "native"


def without_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)


def test_no_compiler_is_said_and_is_no_failure(
    empty: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    without_compiler(monkeypatch)
    assert build.main([]) == 0
    assert capsys.readouterr().out == "scoring runs as plain Python: no C compiler here\n"
    assert native.built() is None
    assert build.main(["--demand"]) == 1


def test_what_cannot_be_compiled_is_tried_once_and_not_half_installed(
    empty: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tried: list[Any] = []

    def broken(*command: str) -> None:
        tried.append(command)
        raise subprocess.CalledProcessError(1, command, output="no such header")

    monkeypatch.setattr(build, "_tools", lambda: (["cc"], "include"))
    monkeypatch.setattr(build, "_run", broken)
    assert build.main([]) == 0
    assert "compiling failed" in capsys.readouterr().out
    assert native.built() is None
    (reason,) = empty.glob("*.failed")
    assert "no such header" in reason.read_text()
    before = len(tried)
    assert build.main([]) == 0
    assert (len(tried), capsys.readouterr().out) == (before, "")


def test_another_source_is_another_build(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first = native.digest.__wrapped__()
    source = tmp_path / "scan.py"
    source.write_text("changed")
    source.with_suffix(".pxd").write_text("")
    original = native.source_of
    monkeypatch.setattr(
        native, "source_of", lambda m: source if m.endswith("scan") else original(m)
    )
    assert native.digest.__wrapped__() != first


def test_demanded_and_not_there_is_an_error(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENGHUO_COMPILED", "1")
    monkeypatch.setattr(sys, "meta_path", [])
    with pytest.raises(ImportError, match=r"deploy\.native"):
        native.prefer()
    monkeypatch.setenv("FENGHUO_COMPILED", "")
    native.prefer()
    assert native.form() == "plain"


def test_every_module_has_its_types_beside_it() -> None:
    for module in native.MODULES:
        assert native.source_of(module).with_suffix(".pxd").is_file(), module
