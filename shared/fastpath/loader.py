"""Load the compiled form of modules that have one; the source is the same in both forms.

Each module is plain Python and runs as such. A `.pxd` file beside the module gives C types to its
names, and `python -m deploy.native` compiles both with Cython into `var/native/DIGEST`. The digest
covers all of these files, Cython and the interpreter, so a build of another source is never loaded,
and either all modules of a list are compiled or none. A program that wants the compiled form calls
`install` with its list before it imports any of the modules; nothing happens at import.
`FENGHUO_COMPILED=0` asks for plain Python; `=1` makes a missing build an error (docs/adr/0014).
This module uses the standard library only.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Sequence
from functools import cache
from importlib.abc import MetaPathFinder
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, ModuleSpec
from importlib.metadata import PackageNotFoundError, version
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "var" / "native"
SHARED_MODULES = (
    "shared.runtime.fetching.batch_reader",
    "shared.fastpath.raw_batches",
    "shared.runtime.murmur2",
)
"""The modules of shared that have a compiled form, dependencies first."""
FLAGS = ("-O2", "-fno-strict-aliasing", "-fwrapv", "-ffp-contract=off", "-w")
"""Flags of the C compiler. None of them ties the result to this processor, and none changes
arithmetic: a multiplication and an addition fused into one instruction would (ARM has that)."""
_SWITCH = "FENGHUO_COMPILED"


class CompiledModuleFinder(MetaPathFinder):
    """Finds the compiled form of the listed modules, and no other module."""

    def __init__(self, folder: Path, modules: Sequence[str]) -> None:
        self._folder = folder
        self._modules = frozenset(modules)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where the compiled form of a listed module lies; None for any other module."""
        if fullname not in self._modules:
            return None
        file = str(self._folder / file_of(fullname))
        return spec_from_file_location(fullname, file, loader=ExtensionFileLoader(fullname, file))


def source_of(module: str) -> Path:
    """Return the Python file of a module."""
    return ROOT / f"{module.replace('.', '/')}.py"


def file_of(module: str) -> str:
    """Return the file name of a compiled module; the suffix names interpreter and platform."""
    return module + EXTENSION_SUFFIXES[0]


@cache
def digest(modules: tuple[str, ...]) -> str:
    """Return a digest of everything that decides how the compiled form behaves."""
    try:
        cython = version("cython")
    except PackageNotFoundError:
        cython = "none"
    result = hashlib.sha256(f"{cython} {sys.version} {EXTENSION_SUFFIXES[0]} {FLAGS}".encode())
    for module in modules:
        source = source_of(module)
        for part in (source, source.with_suffix(".pxd")):
            result.update(part.read_bytes())
    return result.hexdigest()[:32]


def built(modules: tuple[str, ...]) -> Path | None:
    """Return the folder of the compiled form of these sources; None when there is no build."""
    folder = FOLDER / digest(modules)
    return folder if folder.is_dir() else None


def install(modules: tuple[str, ...]) -> None:
    """Let later imports of these modules load the compiled form, if there is a build of them.

    A second call changes nothing. Raises ImportError when the compiled form is demanded and there
    is no build, and when one of the modules is loaded as plain Python already.
    """
    switch = os.environ.get(_SWITCH, "")
    if switch == "0" or form() == "compiled":
        return
    folder = built(modules)
    if folder is not None:
        if loaded := [module for module in modules if module in sys.modules]:
            raise ImportError(f"install() comes too late: {loaded[0]} is loaded as plain Python")
        sys.meta_path.insert(0, CompiledModuleFinder(folder, modules))
    elif switch == "1":
        raise ImportError(f"{_SWITCH}=1, and nothing is compiled: run python -m deploy.native")


def form() -> str:
    """Return `compiled` or `plain`: the form in which this process loads such modules."""
    installed = any(isinstance(finder, CompiledModuleFinder) for finder in sys.meta_path)
    return "compiled" if installed else "plain"
