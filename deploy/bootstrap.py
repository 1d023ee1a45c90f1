"""Prepare a fresh checkout: environment, pinned packages, Kafka. Standard library only.

    python3 deploy/bootstrap.py run     packages, Kafka, compiled scoring: enough for the demo
    python3 deploy/bootstrap.py test    the same, and the tools that check the console's scripts
    python3 deploy/bootstrap.py lint    packages and those tools

Repeatable: a stamp (hash of the lock files and the interpreter) makes a second call return in a
fraction of a second without any network. Failures end in one sentence and exit code 1.
Package indexes come from the caller's own pip or uv configuration, never from this file.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
UV = VENV_PYTHON.with_name("uv")
LOCK = ROOT / "requirements.lock"
TOOL_LOCK = ROOT / "deploy" / "bootstrap.lock"
JAR_LIST = ROOT / "deploy" / "local" / "kafka-jars.sha256"
STAMP = VENV / ".fenghuo-stamp"
LOG = ROOT / "var" / "log" / "bootstrap.log"
MIN_PYTHON = (3, 11)
MIN_FREE_BYTES = 1_000_000_000
VERBS = ("run", "test", "lint")
_LAUNCHER = """import sys

from deploy.commands.fenghuo import main

sys.exit(main())
"""
SILENT_S = 8.0
"""Nobody waits longer than this without a line."""


class BootstrapError(Exception):
    """Carries the one sentence a person needs to go on."""


def main(argv: list[str]) -> int:
    """Run one verb; returns the process exit code (0 done, 1 failed, 2 wrong usage)."""
    verb = argv[0] if argv else "run"
    if verb not in VERBS:
        print(f"usage: python3 deploy/bootstrap.py {'|'.join(VERBS)}", file=sys.stderr)
        return 2
    try:
        check_python(sys.version_info[:2])
        if not _stamp_is("packages"):
            check_disk(shutil.disk_usage(ROOT).free)
            _make_venv()
            _install_packages()
            _write_stamp("packages")
        if verb != "lint" and not _stamp_is("kafka"):
            _fetch_kafka()
        # Tests that need the tools fail with the same sentence; all other tests can still run.
        has_tools = verb == "run" or _install_script_tools()
        if verb == "lint":
            return 0 if has_tools else 1
        _compile()
    except BootstrapError as error:
        print(f"fenghuo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("fenghuo: set-up interrupted; run it again to continue", file=sys.stderr)
        return 130
    return 0


def check_python(version: tuple[int, ...]) -> None:
    """Raise BootstrapError when `version` (major, minor) is below 3.11."""
    if version < MIN_PYTHON:
        have = ".".join(map(str, version))
        raise BootstrapError(
            f"Python 3.11 or newer is needed and this one is {have}; "
            "name another with `make PYTHON=python3.12 ...`."
        )


def check_disk(free_bytes: int) -> None:
    """Raise BootstrapError when fewer than 1 GB are free for packages, Kafka and data."""
    if free_bytes < MIN_FREE_BYTES:
        raise BootstrapError(
            f"only {free_bytes / 1e9:.1f} GB are free on the disk of this folder and "
            "1 GB is needed; free some space and run it again."
        )


def explain(output: str) -> str:
    """The sentence for a failed installation, judged by what the installer printed."""
    text = output.lower()
    if "no space left" in text:
        return "the disk filled up during installation; free 1 GB and run it again."
    if "hash" in text and "mismatch" in text:
        return (
            "a downloaded package does not have the hash that requirements.lock demands; "
            "it was not installed: check the package index or mirror you use."
        )
    network = ("could not find a version", "failed to fetch", "connection", "timed out", "resolve")
    if any(sign in text for sign in (*network, "dns", "certificate", "no solution found")):
        return (
            "the package index cannot be reached or lacks a pinned package; check the network, or "
            f"set PIP_INDEX_URL to a mirror you trust (details: {_display_path(LOG)})."
        )
    return f"installing the packages failed (details: {_display_path(LOG)})."


def fingerprint() -> str:
    """Hash over everything that decides what must be installed."""
    digest = hashlib.sha256()
    for part in (LOCK, TOOL_LOCK, JAR_LIST):
        digest.update(part.read_bytes())
    digest.update(f"{sys.version_info[:2]} {ROOT}".encode())
    return digest.hexdigest()


def _stamp_is(part: str) -> bool:
    try:
        lines = STAMP.read_text().splitlines()
    except OSError:
        return False
    return VENV_PYTHON.exists() and f"{part} {fingerprint()}" in lines


def _write_stamp(*parts: str) -> None:
    STAMP.write_text("".join(f"{part} {fingerprint()}\n" for part in parts))


def _make_venv() -> None:
    if VENV_PYTHON.exists() and _venv_version() == sys.version_info[:2]:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    print("creating the environment .venv", flush=True)
    with never_silent("creating the environment"):
        result = _run([sys.executable, "-m", "venv", str(VENV)])
    if result.returncode != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        if "ensurepip" in result.stdout or "No module named" in result.stdout:
            raise BootstrapError(
                "this Python lacks the venv module; on Debian and Ubuntu install it with "
                "`apt-get install python3-venv` and run it again."
            )
        raise BootstrapError(f"the environment cannot be created: {_last_line(result.stdout)}")


def _venv_version() -> tuple[int, ...]:
    code = "import sys; print(*sys.version_info[:2])"
    result = subprocess.run([VENV_PYTHON, "-c", code], capture_output=True, text=True, check=False)
    return tuple(int(number) for number in result.stdout.split())


def _install_packages() -> None:
    print("installing pinned packages", flush=True)
    with never_silent("installing"):
        _install()


def _install() -> None:
    pip = [str(VENV_PYTHON), "-m", "pip"]
    tool = _run([*pip, "install", "--quiet", "--require-hashes", "-r", str(TOOL_LOCK)])
    if tool.returncode == 0:
        # As pip does: a stack is ten processes, and each would compile every package it imports
        # anew where Python may not write bytecode (PYTHONDONTWRITEBYTECODE).
        compiled = ["--quiet", "--require-hashes", "--compile-bytecode"]
        command = [str(UV), "pip", "sync", *compiled, "--python"]
        result = _run([*command, str(VENV_PYTHON), str(LOCK)], extra_env=_index_for_uv(pip))
    if tool.returncode != 0 or result.returncode != 0:
        # uv reads no pip.conf beyond the index address: where it fails, pip itself may succeed.
        result = _run([*pip, "install", "--quiet", "--require-hashes", "-r", str(LOCK)])
    if result.returncode != 0:
        raise BootstrapError(explain(result.stdout))
    # The checkout itself is one path entry: no build, no network, edits take effect at once.
    for packages in VENV.glob("lib/python*/site-packages"):
        (packages / "fenghuo.pth").write_text(f"{ROOT}\n")
    launcher = VENV_PYTHON.with_name("fenghuo")
    launcher.write_text(f"#!{VENV_PYTHON}\n{_LAUNCHER}")
    launcher.chmod(0o755)


def _index_for_uv(pip: list[str]) -> dict[str, str]:
    """uv does not read pip's configuration; pass on the one setting that matters."""
    if any(os.environ.get(name) for name in ("UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX")):
        return {}
    address = os.environ.get("PIP_INDEX_URL", "")
    for scope in ("global", "install"):
        if not address:
            command = [*pip, "config", "get", f"{scope}.index-url"]
            result = subprocess.run(command, capture_output=True, text=True, check=False)
            address = result.stdout.strip()
    return {"UV_DEFAULT_INDEX": address} if address else {}


def _fetch_kafka() -> None:
    """Fetch Kafka; without it the stand-in broker remains, which is loud but no failure."""
    check_disk(shutil.disk_usage(ROOT).free)
    with never_silent("fetching"):
        result = subprocess.run([VENV_PYTHON, "-m", "deploy.local.jars"], cwd=ROOT, check=False)
    if result.returncode == 0:
        _write_stamp("packages", "kafka")
    elif os.environ.get("FENGHUO_BROKER") == "kafka":
        raise BootstrapError("FENGHUO_BROKER=kafka demands Apache Kafka and it cannot be fetched.")


def _install_script_tools() -> bool:
    """Install the tools for the console's scripts; they print why they cannot be installed."""
    with never_silent("installing"):
        command = [str(VENV_PYTHON), "-m", "deploy.javascript", "install"]
        return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def _compile() -> None:
    """Compile scoring's hot path where that can be done; it says itself when it cannot."""
    with never_silent("compiling"):
        subprocess.run([VENV_PYTHON, "-m", "deploy.native"], cwd=ROOT, check=False)


@contextmanager
def never_silent(step: str) -> Iterator[None]:
    """Say every few seconds what is being done, and for how long already."""
    over, began = threading.Event(), time.monotonic()

    def report() -> None:
        while not over.wait(SILENT_S):
            print(f"  {step}, {time.monotonic() - began:.0f} s", flush=True)

    thread = threading.Thread(target=report, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _run(
    command: list[str], extra_env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a set-up command; its output goes to the log and is returned, not printed."""
    try:
        result = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
            env={**os.environ, **(extra_env or {})},
            check=False,
        )
    except OSError as error:
        raise BootstrapError(f"`{command[0]}` cannot be started: {error.strerror}.") from None
    try:
        LOG.parent.mkdir(parents=True, exist_ok=True)
        with LOG.open("a", encoding="utf-8") as log:
            log.write(f"$ {' '.join(command)}\n{result.stdout}\n")
    except OSError as error:
        raise BootstrapError(f"{_display_path(LOG)} cannot be written: {error.strerror}.") from None
    return result


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no output"])[-1]


def _display_path(path: Path) -> str:
    return str(path.relative_to(ROOT))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
