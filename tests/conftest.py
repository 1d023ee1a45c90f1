"""Fixtures every test may use; each starts nothing before it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

from deploy.local.paths import temporary_root
from shared.contracts.topics import TOPICS
from tests.support.infrastructure import Infrastructure, running
from tests.support.scheduling import WholeSystemScheduling, order_of

# How long one example takes says how busy the machine is; speed is for the benchmarks.
settings.register_profile("fenghuo", deadline=None)
settings.load_profile("fenghuo")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Shared by two processes, the longest piece comes first: it would run alone in the end."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: order_of(item.nodeid))


@pytest.hookimpl(optionalhook=True)  # not there with -p no:xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> WholeSystemScheduling:
    """Return the scheduler of tests/support/scheduling.py."""
    config.option.loadscopereorder = False
    return WholeSystemScheduling(config, log)


@pytest.fixture(scope="session")
def infrastructure() -> Iterator[Infrastructure]:
    """A real Kafka and a real Postgres, shared by the whole run."""
    with running(temporary_root("infrastructure")) as started:
        yield started


@pytest.fixture(scope="module", autouse=True)
def _the_topic_table_is_the_products_again() -> Iterator[None]:
    """Remove the topics that a module's tests added to the table (`own_topic`) when the module
    ends.

    Documents and access lists are made from the table, whatever ran before.
    """
    original = dict(TOPICS)
    yield
    TOPICS.clear()
    TOPICS.update(original)
