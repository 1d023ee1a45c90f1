"""`python -m deploy.compose.secrets`: write .env and .sources.json with generated secrets, once.

Existing files are kept: a second run changes nothing. The token of the first source is printed once
and stored nowhere; only its hash is.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import secrets
import sys
from pathlib import Path

NAMES = (
    "FENGHUO_ADMIN_DB_PASSWORD",
    "FENGHUO_ALERTING_DB_PASSWORD",
    "FENGHUO_COMMAND_DB_PASSWORD",
    "FENGHUO_DUTY_DB_PASSWORD",
    "FENGHUO_NOTIFY_DB_PASSWORD",
    "FENGHUO_CONSOLE_DB_PASSWORD",
    "FENGHUO_AUDIT_DB_PASSWORD",
    "GRAFANA_ADMIN_PASSWORD",
)


def write_once(path: Path, text: str) -> bool:
    """Create `path` with mode 0600; False when it is there already."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
    return True


def main(folder: Path = Path()) -> int:
    """Generate what is missing in `folder`."""
    lines = "".join(f"{name}={secrets.token_urlsafe(32)}\n" for name in NAMES)
    made = write_once(folder / ".env", lines)
    print(".env written" if made else ".env is there already, kept")
    token = secrets.token_urlsafe(32)
    digest = hashlib.sha256(token.encode()).hexdigest()
    if write_once(folder / ".sources.json", json.dumps({"first-source": digest}) + "\n"):
        print(f"token of source 'first-source' (shown once, keep it): {token}")
    return 0


if __name__ == "__main__":
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    sys.exit(main())
