"""Compile the fast path of scoring, once per version of its source: python -m deploy.native

The command needs a C compiler and Python's headers. Nothing fails without them: the same source
then runs as plain Python, several times slower. The exit code is 0 in both cases; `--demand` makes
it 1 (the Dockerfile).
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

from services.scoring.fastpath.modules import MODULES
from shared.fastpath.loader import FLAGS, FOLDER, ROOT, built, digest, file_of, source_of

_MOST_BUILDS = 3
"""Older builds are deleted. Those of other branches stay."""


class CannotCompile(Exception):
    """Carries the reason in a sentence."""


def main(argv: list[str]) -> int:
    """Build the modules unless they are built; print each step to standard output."""
    failed = FOLDER / f"{digest(MODULES)}.failed"
    try:
        if os.environ.get("FENGHUO_COMPILED") == "0":
            return 0
        if built(MODULES) is None:
            compiler, headers = _tools()
            if failed.exists() and "--demand" not in argv:
                return 0  # reported when it failed; another source is tried anew
            print("compiling the scoring engine (once per version)", flush=True)
            _build(compiler, headers)
            _delete_old_builds()
    except CannotCompile as error:
        print(f"scoring runs as plain Python: {error}", flush=True)
        return 1 if "--demand" in argv else 0
    except subprocess.CalledProcessError as error:
        FOLDER.mkdir(parents=True, exist_ok=True)
        failed.write_text(f"$ {shlex.join(error.cmd)}\n{error.output}\n", encoding="utf-8")
        log_file = failed.relative_to(ROOT)
        print(f"scoring runs as plain Python: compiling failed (details: {log_file})", flush=True)
        return 1 if "--demand" in argv else 0
    return 0


def _tools() -> tuple[list[str], str]:
    """Return the compiler's command and the folder of Python's headers; raises CannotCompile."""
    preferred = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    compiler = next(
        (c for c in (preferred, ["cc"], ["gcc"], ["clang"]) if shutil.which(c[0])), None
    )
    if compiler is None:
        raise CannotCompile("no C compiler here")
    headers = sysconfig.get_paths()["include"]
    if not Path(headers, "Python.h").is_file():
        raise CannotCompile("Python's headers are not installed")
    return compiler, headers


def _build(compiler: list[str], headers: str) -> None:
    """Compile all modules, then rename their folder; raises subprocess.CalledProcessError."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER, prefix="building-") as building:
        path = Path(building, "modules")
        path.mkdir()

        def compile_module(module: str) -> None:
            c_file = Path(building, f"{module}.c")
            _run(
                *(sys.executable, "-m", "cython", "-3", "-X", "annotation_typing=False"),
                *("-I", str(ROOT), "--module-name", module),
                *(str(source_of(module)), "-o", str(c_file)),
            )
            linker = sysconfig.get_config_var("LDSHARED") or ""
            link = shlex.split(linker)[1:] or ["-shared"]
            out = str(path / file_of(module))
            _run(*compiler, *FLAGS, "-fPIC", f"-I{headers}", *link, str(c_file), "-o", out)

        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            list(pool.map(compile_module, MODULES))
        try:
            path.rename(FOLDER / digest(MODULES))
        except OSError:
            if built(MODULES) is None:  # else another process has built them
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


def _delete_old_builds() -> None:
    """Delete the oldest builds; a process that has loaded a module does not need the file."""
    builds = sorted(
        (path for path in FOLDER.iterdir() if not path.name.startswith("building-")),
        key=lambda item: item.stat().st_mtime,
    )
    for old in builds[:-_MOST_BUILDS]:
        if old.is_dir():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
