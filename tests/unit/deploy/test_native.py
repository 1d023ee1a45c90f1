"""Compiling is optional: without a compiler everything works as plain Python, and says so."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from deploy import native
from services.scoring.fastpath.modules import MODULES
from shared.fastpath import loader

_LOCALS = re.compile(r"@cython\.locals\((.*?)\)\s*\n\s*cp?def [^(]*?(\w+)\(", re.DOTALL)
_NAME = re.compile(r"(\w+)=")
_SIGNATURE = re.compile(r"^\s*cp?def [^(\n]*?(\w+)\(([^)]+)\)", re.MULTILINE)


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout in which nothing is compiled yet."""
    for module in (native, loader):
        monkeypatch.setattr(module, "FOLDER", tmp_path / "native")
    monkeypatch.setattr(native, "ROOT", tmp_path)
    monkeypatch.delenv("FENGHUO_COMPILED", raising=False)
    return tmp_path / "native"


def without_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)


def test_no_compiler_is_said_and_is_no_failure(
    empty: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    without_compiler(monkeypatch)
    assert native.main([]) == 0
    assert capsys.readouterr().out == "scoring runs as plain Python: no C compiler here\n"
    assert loader.built(MODULES) is None
    assert native.main(["--demand"]) == 1


def test_a_failing_compilation_is_tried_once_and_not_half_installed(
    empty: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tried: list[Any] = []

    def broken(*command: str) -> None:
        tried.append(command)
        raise subprocess.CalledProcessError(1, command, output="no such header")

    monkeypatch.setattr(native, "_tools", lambda: (["cc"], "include"))
    monkeypatch.setattr(native, "_run", broken)
    assert native.main([]) == 0
    assert "compiling failed" in capsys.readouterr().out
    assert loader.built(MODULES) is None
    (reason,) = empty.glob("*.failed")
    assert "no such header" in reason.read_text()
    before = len(tried)
    assert native.main([]) == 0
    assert (len(tried), capsys.readouterr().out) == (before, "")


def test_another_source_is_another_build(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first = loader.digest.__wrapped__(MODULES)
    source = tmp_path / "scan.py"
    source.write_text("changed")
    source.with_suffix(".pxd").write_text("")
    source_of = loader.source_of
    monkeypatch.setattr(
        loader, "source_of", lambda m: source if m.endswith("scanner") else source_of(m)
    )
    assert loader.digest.__wrapped__(MODULES) != first


def test_a_demanded_but_absent_build_is_an_error(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FENGHUO_COMPILED", "1")
    monkeypatch.setattr(sys, "meta_path", [])
    with pytest.raises(ImportError, match=r"deploy\.native"):
        loader.install(MODULES)
    monkeypatch.setenv("FENGHUO_COMPILED", "")
    loader.install(MODULES)
    assert loader.form() == "plain"


def test_a_loaded_module_is_not_replaced(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the modules compiled and half of them plain would not fit together."""
    monkeypatch.setattr(sys, "meta_path", [])
    monkeypatch.setitem(sys.modules, MODULES[0], ModuleType(MODULES[0]))
    (empty / loader.digest(MODULES)).mkdir(parents=True)
    with pytest.raises(ImportError, match="too late"):
        loader.install(MODULES)
    assert loader.form() == "plain"


def test_every_module_has_its_types_beside_it() -> None:
    for module in MODULES:
        assert loader.source_of(module).with_suffix(".pxd").is_file(), module


def test_every_typed_name_is_a_name_of_its_function() -> None:
    """Cython ignores the type of a name that does not exist: the code would only become slower."""
    for module in MODULES:
        source = loader.source_of(module)
        functions: dict[str, set[str]] = defaultdict(set)
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.FunctionDef):
                children = list(ast.walk(node))
                names = {child.id for child in children if isinstance(child, ast.Name)}
                arguments = {child.arg for child in children if isinstance(child, ast.arg)}
                functions[node.name] |= names | arguments
        types = source.with_suffix(".pxd").read_text()
        for typed, function in _LOCALS.findall(types):
            unknown = set(_NAME.findall(typed)) - functions[function]
            assert not unknown, f"{module}.{function}: {unknown}"
        for function, signature in _SIGNATURE.findall(types):
            parts = [part.strip() for part in signature.split(",") if part.strip()]
            typed_names = {part.split()[-1].split("=")[0].lstrip("*") for part in parts}
            unknown = typed_names - functions[function]
            assert not unknown, f"{module}.{function}: {unknown}"
