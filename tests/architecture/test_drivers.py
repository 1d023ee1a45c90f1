"""A service without Postgres loads no driver of it: every MiB of a library is there once per
process.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.architecture.test_layout import ROOT

STATELESS = ("ingest", "scoring")
_PROGRAM = """
import json, sys
import services.{service}.__main__, services.{service}.app
print(json.dumps([name for name, module in sys.modules.items() if module is not None]))
"""


@pytest.mark.parametrize("service", STATELESS)
def test_a_service_without_a_database_has_no_driver(service: str) -> None:
    process = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(service=service)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    modules = {name.partition(".")[0] for name in json.loads(process.stdout)}
    assert not {"asyncpg", "sqlalchemy", "alembic"} & modules
