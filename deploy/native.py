"""Compile the hot path, once per version of its source: python -m deploy.native

Needs a C compiler and Python's headers, and nothing fails without them: the same source then runs
as plain Python, several times slower. Exit code 0 either way; `--demand` makes it 1 (the
Dockerfile).
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from shared.fastpath.loader import FLAGS, FOLDER, MODULES, ROOT, built, digest, file_of, source_of

_BUILDS = 3
"""So many builds stay: of other branches, of a version one goes back to."""


class CannotCompile(Exception):
    """Carries the reason in a sentence."""


def main(argv: list[str]) -> int:
    """Build what is not built; says on standard output what it did."""
    failed = FOLDER / f"{digest()}.failed"
    try:
        if os.environ.get("FENGHUO_COMPILED") == "0":
            return 0
        if built() is None:
            compiler, headers = _tools()
            if failed.exists() and "--demand" not in argv:
                return 0  # said when it happened; another source gets another try
            print("compiling the scoring engine (once per version)", flush=True)
            _build(compiler, headers)
            _forget_old()
    except CannotCompile as error:
        print(f"scoring runs as plain Python: {error}", flush=True)
        return 1 if "--demand" in argv else 0
    except subprocess.CalledProcessError as error:
        FOLDER.mkdir(parents=True, exist_ok=True)
        failed.write_text(f"$ {shlex.join(error.cmd)}\n{error.output}\n", encoding="utf-8")
        path = failed.relative_to(ROOT)
        print(f"scoring runs as plain Python: compiling failed (details: {path})", flush=True)
        return 1 if "--demand" in argv else 0
    return 0


def _tools() -> tuple[list[str], str]:
    """The compiler's command and the folder of Python's headers; raises CannotCompile."""
    named = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    compiler = next((c for c in (named, ["cc"], ["gcc"], ["clang"]) if shutil.which(c[0])), None)
    if compiler is None:
        raise CannotCompile("no C compiler here")
    headers = sysconfig.get_paths()["include"]
    if not Path(headers, "Python.h").is_file():
        raise CannotCompile("Python's headers are not installed")
    return compiler, headers


def _build(compiler: list[str], headers: str) -> None:
    """All modules, then the folder appears at once; raises subprocess.CalledProcessError."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER, prefix="building-") as place:
        path = Path(place, "made")
        path.mkdir()

        def compile_module(module: str) -> None:
            c_file = Path(place, f"{module}.c")
            _run(
                *(sys.executable, "-m", "cython", "-3", "-X", "annotation_typing=False"),
                *("-I", str(ROOT), "--module-name", module),
                *(str(source_of(module)), "-o", str(c_file)),
            )
            shared = sysconfig.get_config_var("LDSHARED") or ""
            link = shlex.split(shared)[1:] or ["-shared"]
            out = str(path / file_of(module))
            _run(*compiler, *FLAGS, "-fPIC", f"-I{headers}", *link, str(c_file), "-o", out)

        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            list(pool.map(compile_module, MODULES))
        try:
            path.rename(FOLDER / digest())
        except OSError:
            if built() is None:  # else another process was quicker
                raise


def _run(*command: str) -> None:
    subprocess.run(
        command,
        cwd=ROOT,
        check=True,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def _forget_old() -> None:
    """Builds of sources long gone; a process that has loaded one does not need its file."""
    builds = sorted(
        (path for path in FOLDER.iterdir() if not path.name.startswith("building-")),
        key=lambda item: item.stat().st_mtime,
    )
    for old in builds[:-_BUILDS]:
        if old.is_dir():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
