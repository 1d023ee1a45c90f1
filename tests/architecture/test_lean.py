"""What a service's process loads: nothing that only a library's convenience or another service needs.

Every MiB that a library brings along is there once per process, so this is held where it was won.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache

import pytest

from tests.architecture.test_layout import ROOT, SERVICES

STATELESS = ("ingest", "scoring")
"""Services without Postgres."""
_LOADED = """
import json, sys
import services.{service}.__main__
print(json.dumps([name for name, module in sys.modules.items() if module is not None]))
"""


@cache
def loaded(service: str) -> frozenset[str]:
    done = subprocess.run(
        [sys.executable, "-c", _LOADED.format(service=service)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return frozenset(name.partition(".")[0] for name in json.loads(done.stdout))


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_does_not_draw_on_terminals(service: str) -> None:
    assert not {"rich", "pygments"} & loaded(service)


@pytest.mark.parametrize("service", STATELESS)
def test_a_service_without_a_database_has_no_driver(service: str) -> None:
    assert not {"asyncpg", "sqlalchemy", "alembic"} & loaded(service)
