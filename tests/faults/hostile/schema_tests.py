"""schemathesis over an OpenAPI document, against the running service."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

from deploy.local.paths import REPO

_LIMIT_S = 240
"""The seconds that the tests of one document may take."""
_CASES = re.compile(r"(\d+) generated")


async def schema_tests(
    service: str, url: str, token: str, seed: int, folder: Path
) -> tuple[int, str]:
    """Return the number of cases, and the output of failed tests.

    `folder` is for the cache that schemathesis leaves.
    """
    process = await asyncio.create_subprocess_exec(
        *_command(service, url, token, seed),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(REPO)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output = (await process.communicate())[0].decode(errors="replace")
    count = _CASES.search(output)
    failed = process.returncode != 0 or not count
    return int(count.group(1)) if count else 0, output[-6_000:] if failed else ""


def _command(service: str, url: str, token: str, seed: int) -> list[str]:
    return [
        sys.executable, "-m", "schemathesis.cli", "run",
        str(REPO / "tests" / "contract" / "openapi" / f"{service}.json"),
        "--url", url,
        "--header", f"Authorization: Bearer {token}",
        "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,"
        "response_schema_conformance",
        "--exclude-path-regex", "^/api/(events|logout)",
        "--max-examples", "40",
        "--max-time", str(_LIMIT_S),
        "--workers", "2",
        "--no-shrink",
        "--continue-on-failure",
        "--phases", "examples,coverage,fuzzing",
        "--seed", str(seed),
        "--generation-database", "none",
        "--no-color",
    ]  # fmt: skip
