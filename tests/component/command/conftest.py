"""A fresh database per test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.postgres import fresh_database


@pytest.fixture
def dsn() -> Iterator[str]:
    """Address of a migrated, empty database."""
    with fresh_database() as address:
        yield address
