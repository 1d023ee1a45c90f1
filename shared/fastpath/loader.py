"""The compiled form of the hot path, where a machine could build it; the same source either way.

The modules named here are plain Python and run as such. Beside each lies a `.pxd` that gives its names C
types, and `python -m deploy.native` compiles both with Cython into `var/native/DIGEST`. The digest is of
all of these files, of Cython and of the interpreter, so what was compiled from another source is never
loaded: it is all of them or none. `FENGHUO_COMPILED=0` asks for plain Python, `=1` makes it an error when
there is nothing compiled (docs/adr/0014). Standard library only.
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
MODULES = (
    "shared.fastpath.raw_batches",
    "shared.fastpath.murmur2",
    "services.scoring.core.scan",
    "services.scoring.core.gist",
    "services.scoring.core.baseline_tail",
    "services.scoring.core.baseline_memory",
    "services.scoring.core.baseline_season",
    "services.scoring.core.baseline",
    "services.scoring.core.marks",
    "services.scoring.core.state",
    "services.scoring.core.windows",
    "services.scoring.core.ladder",
    "services.scoring.core.history",
    "services.scoring.core.quiet",
    "services.scoring.core.judge",
    "services.scoring.core.change",
    "services.scoring.core.revise",
    "services.scoring.core.engine",
    "services.scoring.loop",
)
"""What is compiled, dependencies first."""
FLAGS = ("-O2", "-fno-strict-aliasing", "-fwrapv", "-ffp-contract=off", "-w")
"""For the C compiler; nothing that ties the result to this processor, nothing that changes arithmetic:
a multiplication and an addition made one instruction would (ARM has it)."""
_SWITCH = "FENGHUO_COMPILED"


class _Finder(MetaPathFinder):
    """Finds the compiled form of MODULES, nothing else."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in MODULES:
            return None
        place = str(self._folder / file_of(fullname))
        return spec_from_file_location(fullname, place, loader=ExtensionFileLoader(fullname, place))


def source_of(module: str) -> Path:
    """The Python file of a module."""
    return ROOT / f"{module.replace('.', '/')}.py"


def file_of(module: str) -> str:
    """The name of a module's compiled form; the suffix names interpreter and platform."""
    return module + EXTENSION_SUFFIXES[0]


@cache
def digest() -> str:
    """Of everything that decides what the compiled form does."""
    try:
        cython = version("cython")
    except PackageNotFoundError:
        cython = "none"
    result = hashlib.sha256(f"{cython} {sys.version} {EXTENSION_SUFFIXES[0]} {FLAGS}".encode())
    for module in MODULES:
        source = source_of(module)
        for part in (source, source.with_suffix(".pxd")):
            result.update(part.read_bytes())
    return result.hexdigest()[:32]


def built() -> Path | None:
    """Where the compiled form of this source lies, None when there is none."""
    folder = FOLDER / digest()
    return folder if folder.is_dir() else None


def prefer() -> None:
    """Let what is imported from now on be the compiled form, where it is there and wanted.

    Raises ImportError when it is demanded and not there.
    """
    wanted = os.environ.get(_SWITCH, "")
    if wanted == "0" or any(
        isinstance(finder_protocol, _Finder) for finder_protocol in sys.meta_path
    ):
        return
    folder = built()
    if folder is not None:
        sys.meta_path.insert(0, _Finder(folder))
    elif wanted == "1":
        raise ImportError(f"{_SWITCH}=1, and nothing is compiled: run python -m deploy.native")


def form() -> str:
    """`compiled` or `plain`: how the modules of this process run."""
    return (
        "compiled"
        if any(isinstance(finder_protocol, _Finder) for finder_protocol in sys.meta_path)
        else "plain"
    )
