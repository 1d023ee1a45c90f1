"""Fixtures every test may use; each starts nothing before it is asked for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.infrastructure import Infrastructure, running


@pytest.fixture(scope="session")
def infrastructure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Infrastructure]:
    """A real Kafka and a real Postgres, shared by the whole run."""
    with running(tmp_path_factory.mktemp("stack")) as found:
        yield found
