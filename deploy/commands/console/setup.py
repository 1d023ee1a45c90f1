"""The console's address and the officer's token.

The token never is an argument, since arguments are public.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Mapping
from pathlib import Path

from deploy.commands.console.errors import WrongCall

ENDPOINTS = Path("var/run/endpoints.json")


def base_url(environ: Mapping[str, str]) -> str:
    """FENGHUO_CONSOLE_URL, or what the local stack says of itself. Raises WrongCall."""
    url = environ.get("FENGHUO_CONSOLE_URL", "")
    if not url:
        try:
            url = str(json.loads(ENDPOINTS.read_text())["console_url"])
        except (OSError, ValueError, KeyError, TypeError):
            url = ""
    if not url.startswith(("http://", "https://")):
        raise WrongCall(f"set FENGHUO_CONSOLE_URL, or start the local stack ({ENDPOINTS})")
    return url.rstrip("/")


def token(environ: Mapping[str, str]) -> str:
    """FENGHUO_TOKEN, or the file FENGHUO_TOKEN_FILE that only its owner can read.

    Raises WrongCall.
    """
    result = environ.get("FENGHUO_TOKEN", "").strip()
    if not result:
        result = _from_file(_file(environ))
    if not result.isascii() or not result.isprintable() or " " in result:
        raise WrongCall("the token holds characters that no token has")
    return result


def _file(environ: Mapping[str, str]) -> Path:
    named = environ.get("FENGHUO_TOKEN_FILE")
    if named:
        return Path(named)
    return Path(environ.get("HOME", ".")) / ".config" / "fenghuo" / "token"


def _from_file(path: Path) -> str:
    try:
        with path.open() as opened:
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                raise WrongCall(f"{path} can be read by others: chmod 600 {path}")
            result = opened.read().strip()
    except (OSError, UnicodeDecodeError):
        raise WrongCall(f"set FENGHUO_TOKEN, or write the token to {path} (mode 600)") from None
    if not result:
        raise WrongCall(f"{path} is empty")
    return result
