"""Lint step: no tracked file names a package index or a path of the machine it was written on.

Index and mirror addresses belong to each user's own configuration; in a commit they break builds
elsewhere and leak how somebody's network is set up. Exit code 1 lists each offending line.
"""

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Words that mark an index, a mirror or an artefact store when they stand in an address's host or
# path. Put together here, so that this file itself holds no such name.
_HOSTS = ("py" + "pi", "python" + "hosted", "npm" + "js", "npm" + "mirror")
_WORDS = (*_HOSTS, "mav" + "en", "artifactory", "nexus", "registry", r"/simple\b")
_INDEX = re.compile(rf"://[^\s\"'<>]*({'|'.join(_WORDS)})", re.IGNORECASE)
_BARE = re.compile(rf"\b({'|'.join(_HOSTS)})\.(org|com|cn)\b", re.IGNORECASE)


def offences(name: str, text: str, machine_paths: Iterable[str] = ()) -> Iterator[str]:
    """Yield `name:line: reason` for each line that must not be committed."""
    for number, line in enumerate(text.splitlines(), start=1):
        if _INDEX.search(line) or _BARE.search(line):
            yield f"{name}:{number}: address of a package index"
        elif _is_locked_address(name, line):
            yield f"{name}:{number}: address in a lock file"
        elif any(path in line for path in machine_paths):
            yield f"{name}:{number}: absolute path of this machine"


def _is_locked_address(name: str, line: str) -> bool:
    if name.endswith("package-lock.json"):
        return '"resolved":' in line  # Other addresses there are pages of authors.
    return name.endswith(".lock") and "://" in line


def tracked_files() -> list[str]:
    """Files git knows or would add, relative to the root; empty outside a git checkout."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return [name for name in result.stdout.split("\0") if name]


def check_tree() -> list[str]:
    """All offences in the checkout."""
    results: list[str] = []
    for name in tracked_files():
        path = ROOT / name
        if path.is_file():
            text = path.read_text(encoding="utf-8", errors="ignore")
            results += offences(name, text, machine_paths=[str(ROOT)])
    return results


if __name__ == "__main__":
    problems = check_tree()
    print("\n".join(problems) or "no package index or machine path in the tree")
    sys.exit(1 if problems else 0)
