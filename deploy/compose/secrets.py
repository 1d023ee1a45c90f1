"""`python -m deploy.compose.secrets`: write .env and .sources.json with generated secrets, once.

Existing values stay: a second run adds absent values and changes nothing else. The token of the
first source is printed once and not stored; only the hash is stored.

Both files are for their owner alone. Compose binds .sources.json into set-up's container, so set-up
must run as the file's owner: .env names the user with FENGHUO_UID and FENGHUO_GID. The user is the
caller of this program; for root, the file is given to the image's own user, and no service runs as
root.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import secrets
import sys
from pathlib import Path

CANARY_TOKEN = "FENGHUO_AUDIT_CANARY_TOKEN"  # noqa: S105 - the name of a variable
NAMES = (
    "FENGHUO_ADMIN_DB_PASSWORD",
    "FENGHUO_ALERTING_DB_PASSWORD",
    "FENGHUO_COMMAND_DB_PASSWORD",
    "FENGHUO_DUTY_DB_PASSWORD",
    "FENGHUO_CATALOG_DB_PASSWORD",
    "FENGHUO_NOTIFY_DB_PASSWORD",
    "FENGHUO_CONSOLE_DB_PASSWORD",
    "FENGHUO_AUDIT_DB_PASSWORD",
    "FENGHUO_AUDIT_DOOR_TOKEN",
    CANARY_TOKEN,
    "FENGHUO_WEB_PUSH_KEY",
    "GRAFANA_ADMIN_PASSWORD",
)
IMAGE_UID = 10001
"""The user of the image, as the Dockerfile makes it."""
ENV, SOURCES = ".env", ".sources.json"


def write_once(path: Path, text: str) -> bool:
    """Create `path` with mode 0600; returns False for an existing file."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
    return True


def reader(uid: int, gid: int) -> tuple[int, int]:
    """Return user and group of set-up when `uid` and `gid` call this program."""
    return (uid, gid) if uid else (IMAGE_UID, IMAGE_UID)


def complete(path: Path, values: dict[str, str]) -> list[str]:
    """Add the absent variables to the file at `path`; returns their names."""
    write_once(path, "")
    text = path.read_text(encoding="utf-8")
    present = {line.partition("=")[0].strip() for line in text.splitlines()}
    missing = {name: value for name, value in values.items() if name not in present}
    if missing:
        end = "" if text.endswith("\n") or not text else "\n"
        with path.open("a", encoding="utf-8") as file:
            file.write(end + "".join(f"{name}={value}\n" for name, value in missing.items()))
    return list(missing)


def variables(path: Path) -> dict[str, str]:
    """Return the variables in the file at `path`."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def main(folder: Path = Path()) -> int:
    """Generate absent files and variables in `folder`."""
    uid, gid = reader(os.geteuid(), os.getegid())
    values = {name: secrets.token_urlsafe(32) for name in NAMES}
    values |= {"FENGHUO_UID": str(uid), "FENGHUO_GID": str(gid)}
    created = complete(folder / ENV, values)
    print(f"{ENV}: {', '.join(created)} written" if created else f"{ENV} is there already, kept")
    token = secrets.token_urlsafe(32)
    tokens = {"first-source": token, "canary": variables(folder / ENV)[CANARY_TOKEN]}
    digests = {name: hashlib.sha256(value.encode()).hexdigest() for name, value in tokens.items()}
    if write_once(folder / SOURCES, json.dumps(digests) + "\n"):
        print(f"token of source 'first-source' (shown once, keep it): {token}")
    return _hand_over(folder)


def _hand_over(folder: Path) -> int:
    """Let the user in .env, and no further user, read .sources.json."""
    named = variables(folder / ENV)
    uid, gid = int(named["FENGHUO_UID"]), int(named["FENGHUO_GID"])
    path = folder / SOURCES
    try:
        if path.stat().st_uid != uid:
            os.chown(path, uid, gid)
        path.chmod(0o600)
    except PermissionError:
        print(
            f"fenghuo: {path} belongs to another user than FENGHUO_UID={uid}, with whom set-up "
            f"runs; call this program as root, or `chown {uid}:{gid} {path}`.",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    sys.exit(main())
