"""The volumes of Kafka's nodes: size and free bytes, as each node sees them (KIP-827)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaClient
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Int64,
    Schema,
    TaggedFields,
)

from shared.runtime.bounded_waits import stop_client
from shared.runtime.errors import Transient

_API_KEY = 35
_VERSION = 4
"""The first version whose answers contain bytes of the volume; Kafka 3.3 and later."""
_TIMEOUT_MS = 5_000
_NODES_MS = 30_000
"""A node that has come back is asked after so long."""


class _LogDirsResponse(Response):  # type: ignore[misc]
    API_KEY = _API_KEY
    API_VERSION = _VERSION
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("error_code", Int16),
        (
            "results",
            CompactArray(
                ("error_code", Int16),
                ("log_dir", CompactString("utf-8")),
                (
                    "topics",
                    CompactArray(
                        ("name", CompactString("utf-8")),
                        (
                            "partitions",
                            CompactArray(
                                ("partition", Int32),
                                ("size", Int64),
                                ("offset_lag", Int64),
                                ("is_future", Boolean),
                                ("tags", TaggedFields),
                            ),
                        ),
                        ("tags", TaggedFields),
                    ),
                ),
                ("total_bytes", Int64),
                ("usable_bytes", Int64),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _LogDirsRequestV4(RequestStruct):  # type: ignore[misc]
    API_KEY = _API_KEY
    API_VERSION = _VERSION
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _LogDirsResponse
    SCHEMA = Schema(
        (
            "topics",
            CompactArray(
                ("topic", CompactString("utf-8")),
                ("partitions", CompactArray(Int32)),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _LogDirsRequest(Request[_LogDirsRequestV4]):  # type: ignore[misc]
    """Asks a node for its folders, and for no partition of them."""

    API_KEY = _API_KEY

    def build(self, request_struct_class: type[_LogDirsRequestV4]) -> _LogDirsRequestV4:
        return request_struct_class([], {})


@dataclass(frozen=True, slots=True)
class LogVolume:
    """A node's volume: its size, and the bytes that the node may still write."""

    node: int
    total_bytes: int
    free_bytes: int

    @property
    def free_share(self) -> float:
        """The free part of the volume."""
        return self.free_bytes / self.total_bytes


class LogVolumes:
    """Asks every node of a cluster for its volume, over connections of its own."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._client: AIOKafkaClient | None = None

    async def ask(self) -> list[LogVolume]:
        """Return the fullest volume of each node that answers; a node of before 3.3 says nothing.

        Raises Transient when no node answers.
        """
        client = self._client
        try:
            if client is None:
                client = self._client = AIOKafkaClient(
                    bootstrap_servers=self._bootstrap,
                    request_timeout_ms=_TIMEOUT_MS,
                    metadata_max_age_ms=_NODES_MS,
                )
                await client.bootstrap()
        except Exception as error:
            await self.stop()
            raise Transient(f"no node says how full its volume is: {error}") from error
        volumes: list[LogVolume] = []
        # A node that is just starting knows of no node that takes part: it is asked anew.
        failure: Exception | None = None if client.cluster.brokers() else Transient("no node yet")
        for broker in sorted(client.cluster.brokers(), key=lambda broker: broker.nodeId):
            try:
                response: Any = await client.send(broker.nodeId, _LogDirsRequest())
            except Exception as error:
                failure = error
                continue
            folders = [
                LogVolume(broker.nodeId, total_bytes, usable_bytes)
                for _, _, _, total_bytes, usable_bytes, _ in response.results
                if total_bytes > 0
            ]
            volumes += sorted(folders, key=lambda volume: volume.free_share)[:1]
        if not volumes and failure is not None:
            await self.stop()
            raise Transient(f"no node says how full its volume is: {failure}") from failure
        return volumes

    async def stop(self) -> None:
        """Close the connections; the next question opens new connections."""
        client, self._client = self._client, None
        if client is not None:
            await stop_client(client)
