"""Nodes are asked for their volumes; a client that knows no node is not asked again."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError

from shared.runtime import log_volumes
from shared.runtime.errors import Transient
from shared.runtime.log_volumes import LogVolume, LogVolumes

FULL, HALF, UNKNOWN = (100, 5), (100, 50), (-1, -1)


class Client:
    """A client of nodes whose folders have these sizes and free bytes; None = no answer."""

    nodes: dict[int, list[tuple[int, int]] | None]
    opened = 0
    closed = 0

    def __init__(self, **_: Any) -> None:
        Client.opened += 1
        brokers = [SimpleNamespace(nodeId=node) for node in self.nodes]
        self.cluster = SimpleNamespace(brokers=lambda: brokers)

    async def bootstrap(self) -> None: ...

    async def send(self, node: int, _: object) -> Any:
        folders = self.nodes[node]
        if folders is None:
            raise KafkaConnectionError("no answer")
        return SimpleNamespace(results=[(0, "folder", [], *sizes, {}) for sizes in folders])

    async def close(self) -> None:
        Client.closed += 1


@pytest.fixture
def volumes(monkeypatch: pytest.MonkeyPatch) -> LogVolumes:
    monkeypatch.setattr(log_volumes, "AIOKafkaClient", Client)
    Client.opened = Client.closed = 0
    return LogVolumes("127.0.0.1:1")


async def test_the_fullest_folder_of_each_node_that_answers(volumes: LogVolumes) -> None:
    Client.nodes = {1: [HALF, FULL], 2: None, 3: [UNKNOWN], 4: [HALF]}
    assert await volumes.ask() == [LogVolume(1, *FULL), LogVolume(4, *HALF)]
    assert await volumes.ask()
    assert (Client.opened, Client.closed) == (1, 0)


@pytest.mark.parametrize("nodes", [{}, {1: None, 2: None}])
async def test_a_client_without_an_answer_is_replaced(volumes: LogVolumes, nodes: Any) -> None:
    Client.nodes = nodes
    with pytest.raises(Transient):
        await volumes.ask()
    Client.nodes = {1: [HALF]}
    assert await volumes.ask() == [LogVolume(1, *HALF)]
    assert (Client.opened, Client.closed) == (2, 1)
