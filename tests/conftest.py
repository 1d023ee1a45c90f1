"""Fixtures every test may use; each starts nothing before it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

from services.scoring.fastpath.modules import MODULES
from shared.fastpath.loader import install

install(MODULES)  # before any other import: the unit tests of scoring run in the form it ships in

from deploy.local.paths import temporary_root  # noqa: E402
from shared.contracts.topics import TOPICS  # noqa: E402
from tests.support.infrastructure import Infrastructure, running  # noqa: E402
from tests.support.scheduling import WholeSystemScheduling, order_of  # noqa: E402

# How long one example takes says how busy the machine is; speed is for the benchmarks.
settings.register_profile("fenghuo", deadline=None)
settings.load_profile("fenghuo")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Shared by two processes, the longest piece comes first: it would run alone in the end."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: order_of(item.nodeid))


@pytest.hookimpl(optionalhook=True)  # not there with -p no:xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> WholeSystemScheduling:
    """Which process runs what; see tests/support/scheduling.py."""
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
