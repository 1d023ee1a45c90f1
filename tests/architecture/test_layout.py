"""The layout is executable: same files in every service, small files, topics named in one place."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = (
    "ingest", "scoring", "alerting", "command", "duty", "catalog", "notify", "console", "audit",
)  # fmt: skip
REQUIRED = (
    "__init__.py",
    "__main__.py",
    "app.py",
    "settings.py",
    "metrics.py",
    "core",
)


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_the_same_rooms(service: str) -> None:
    folder = ROOT / "services" / service
    missing = [name for name in REQUIRED if not (folder / name).exists()]
    assert not missing


def test_the_map_in_services_names_every_service() -> None:
    text = (ROOT / "services" / "__init__.py").read_text()
    assert all(re.search(rf"\b{service}\b", text) for service in SERVICES)
    readme = (ROOT / "README.md").read_text()
    assert all(f"services/{service}" in readme for service in SERVICES)


def test_files_stay_small() -> None:
    sizes = {
        path.relative_to(ROOT): sum(1 for _ in path.open(encoding="utf-8"))
        for path in tracked("*.py", "*.js", "*.css")
    }
    too_long = {str(path): lines for path, lines in sizes.items() if lines > 400}
    assert not too_long
    assert sum(sizes.values()) / len(sizes) <= 170


def test_topic_names_are_written_in_one_place() -> None:
    name = re.compile(
        r"""["'](sensing|incident|external|rule|alarm|alert|command|duty|supervision|response"""
        r"""|public|catalog|audit|scoring|case)\.[a-z]+\.v\d+"""
    )
    table = ROOT / "shared" / "contracts" / "topics.py"
    offenders = [
        str(path.relative_to(ROOT))
        for path in tracked("services/*.py", "shared/*.py", "deploy/*.py")
        if path != table and name.search(path.read_text(encoding="utf-8"))
    ]
    assert not offenders


def test_the_core_never_reads_a_clock_or_chance() -> None:
    banned = re.compile(
        r"\b(datetime\.now|utcnow|date\.today|time\.time|monotonic|random\.|uuid4)\b"
    )
    offenders = [
        str(path.relative_to(ROOT))
        for path in tracked("services/*/core/*.py", "services/*/core/**/*.py")
        if banned.search(path.read_text(encoding="utf-8"))
    ]
    assert not offenders


def test_no_catch_all_names() -> None:
    banned = {"utils.py", "common.py", "misc.py", "helpers.py"}
    assert not [path for path in tracked("*.py") if path.name in banned]
    assert not tracked("services/*/models.py")


def test_the_wall_clock_is_read_in_one_place() -> None:
    allowed = ROOT / "shared" / "runtime" / "clock.py"
    readers = [
        str(path.relative_to(ROOT))
        for path in tracked("services/*.py", "shared/*.py")
        if path != allowed and "datetime.now(" in path.read_text(encoding="utf-8")
    ]
    assert not readers


def test_no_string_in_shared_names_a_service() -> None:
    """The name of a module in a string is an import that import-linter cannot see."""
    name = re.compile(rf"\bservices\.({'|'.join(SERVICES)})\b")
    offenders = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked("shared/*.py", "shared/**/*.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if name.search(line)
    ]
    assert not offenders
