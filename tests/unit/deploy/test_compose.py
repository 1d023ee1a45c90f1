"""Compose's secrets: readable by the user that set-up runs as, and by nobody else."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.compose import secrets

ROOT = Path(__file__).parents[3]
IN_COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


def _named(folder: Path) -> dict[str, str]:
    lines = (folder / secrets.ENV).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_set_up_runs_as_the_owner_of_its_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert secrets.main(tmp_path) == 0
    named, sources = _named(tmp_path), tmp_path / secrets.SOURCES
    assert (_mode(sources), _mode(tmp_path / secrets.ENV)) == (0o600, 0o600)
    assert sources.stat().st_uid == int(named["FENGHUO_UID"]) != 0
    token = capsys.readouterr().out.split()[-1]
    digest = hashlib.sha256(token.encode()).hexdigest()
    canary = hashlib.sha256(named[secrets.CANARY_TOKEN].encode()).hexdigest()
    assert json.loads(sources.read_text()) == {"first-source": digest, "canary": canary}
    user = IN_COMPOSE["services"]["setup"]["user"]
    assert re.sub(r"\$\{(\w+):[^}]*\}", lambda match: named[match[1]], user) == (
        f"{named['FENGHUO_UID']}:{named['FENGHUO_GID']}"
    )
    readers = [name for name, service in IN_COMPOSE["services"].items() if "secrets" in service]
    assert readers == ["setup", "alertmanager"], "alertmanager's is of the environment"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_the_user_of_the_image_reads_the_secret_and_another_user_does_not() -> None:
    def read_as(uid: int, path: Path) -> int:
        process = subprocess.run(
            ["cat", path], user=uid, group=uid, extra_groups=[], capture_output=True, check=False
        )
        return process.returncode

    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are closed to other users
        folder = Path(name)
        folder.chmod(0o755)
        assert secrets.main(folder) == 0
        assert read_as(secrets.IMAGE_UID, folder / secrets.SOURCES) == 0
        assert read_as(secrets.IMAGE_UID + 1, folder / secrets.SOURCES) != 0


def test_the_image_has_the_user_that_root_hands_over_to() -> None:
    dockerfile = (ROOT / "deploy" / "compose" / "Dockerfile").read_text()
    assert f"--uid {secrets.IMAGE_UID} fenghuo" in dockerfile
    assert secrets.reader(0, 0) == (secrets.IMAGE_UID, secrets.IMAGE_UID)
    assert secrets.reader(1000, 100) == (1000, 100)


def test_existing_secrets_stay_and_missing_secrets_are_added(tmp_path: Path) -> None:
    env = tmp_path / secrets.ENV
    env.write_text("FENGHUO_ADMIN_DB_PASSWORD=mine\nFENGHUO_WEBHOOK_URL=https://example.org")
    assert secrets.main(tmp_path) == 0
    named = _named(tmp_path)
    assert named["FENGHUO_ADMIN_DB_PASSWORD"] == "mine"
    assert named["FENGHUO_WEBHOOK_URL"] == "https://example.org"
    assert set(secrets.NAMES) | {"FENGHUO_UID", "FENGHUO_GID"} <= set(named)
    before = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert secrets.main(tmp_path) == 0
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == before


def test_a_file_of_another_user_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert secrets.main(tmp_path) == 0

    def refused(*_: Any) -> None:
        raise PermissionError

    env = tmp_path / secrets.ENV
    env.write_text(env.read_text().replace("FENGHUO_UID=", "FENGHUO_UID=7"))
    monkeypatch.setattr("os.chown", refused)
    assert secrets.main(tmp_path) == 1
    assert "belongs to another user" in capsys.readouterr().err
