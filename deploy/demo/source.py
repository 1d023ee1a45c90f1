"""The sources: readings and reports to the HTTP door, some records straight to Kafka."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx2
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from deploy.demo.accepted_log import Ledger
from deploy.demo.broken_messages import Broken
from deploy.demo.sensor_values import Moment
from deploy.example.sensors import all_sensors
from shared.contracts.catalog import SensorEntry
from shared.contracts.topics import READINGS
from shared.contracts.units import tier_of

_FIRST_DELAY_S, _LONGEST_DELAY_S = 0.2, 2.0
_FIRST_BYTES = 65_536


class RefusedError(Exception):
    """The door refused a valid request: a bug of source or door; the answer shows which."""


class HttpSource:
    """A sender over HTTP: after an unknown outcome a batch is sent again with equal ids."""

    def __init__(self, url: str, token: str, ledger: Ledger) -> None:
        self._client = httpx2.AsyncClient(
            base_url=url,
            headers={"authorization": f"Bearer {token}", "content-type": "application/json"},
            timeout=15.0,
            trust_env=False,
        )
        self._ledger = ledger
        self._sensors = {sensor.sensor_id: sensor for sensor in all_sensors()}

    async def readings(self, moments: Sequence[Moment]) -> None:
        """Send one batch and note its ids. Raises RefusedError."""
        body = {"readings": [self._fields(moment) for moment in moments]}
        prefix = (await self._until_accepted("/v1/readings/batch", body))["id_prefix"]
        self._ledger.note("readings", ids=[prefix + moment.event_id for moment in moments])

    async def report(self, fields: Mapping[str, Any]) -> None:
        """Send one report. Raises RefusedError."""
        answer_body = await self._until_accepted("/v1/reports", fields)
        self._ledger.note("reports", ids=[answer_body["id"]])

    async def nonsense(self, path: str, body: bytes, content_type: str) -> int:
        """Send an invalid request; returns the status of the answer, 0 without an answer."""
        request = self._client.build_request(
            "POST", path, content=body, headers={"content-type": content_type}
        )
        head = [f"POST {path} HTTP/1.1"]
        head += [f"{name}: {value}" for name, value in request.headers.items()]
        host, port = request.url.host, request.url.port
        reader, writer = await asyncio.open_connection(host, port)
        try:
            # An oversized body is refused before it was sent in full: do not insist on the rest.
            writer.write("\r\n".join([*head, "", ""]).encode() + body[:_FIRST_BYTES])
            async with asyncio.timeout(10):
                status = int((await reader.readline()).split()[1])
        except (OSError, TimeoutError, IndexError, ValueError):
            status = 0
        finally:
            writer.close()
        return status

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def _fields(self, moment: Moment) -> dict[str, Any]:
        sensor = self._sensors[moment.sensor_id]
        fields = {
            "id": moment.event_id,
            "sensor_id": moment.sensor_id,
            "metric": sensor.metric,
            "value": moment.value,
            "unit": sensor.unit,
            "occurred_at": moment.at.isoformat(),
            "status": moment.status,
            "synthetic": moment.synthetic,
        }
        if sensor.datum is not None:
            fields["datum"] = sensor.datum
        return fields

    async def _until_accepted(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        content, delay = json.dumps(body, ensure_ascii=False).encode(), _FIRST_DELAY_S
        while True:
            try:
                answer = await self._client.post(path, content=content)
            except httpx2.HTTPError:
                pass
            else:
                if answer.status_code == httpx2.codes.ACCEPTED:
                    answer_body: dict[str, Any] = answer.json()
                    return answer_body
                if answer.status_code not in (502, 503, 504):
                    raise RefusedError(f"{path}: {answer.status_code} {answer.text[:500]}")
            await asyncio.sleep(delay)
            delay = min(delay * 2, _LONGEST_DELAY_S)


class KafkaSource:
    """A gateway with a producer of its own; the sender of the broken burst too."""

    def __init__(self, bootstrap: str, ledger: Ledger) -> None:
        self._bootstrap = bootstrap
        self._ledger = ledger
        self._producer: AIOKafkaProducer | None = None
        self._sensors = {sensor.sensor_id: sensor for sensor in all_sensors()}

    async def readings(self, moments: Sequence[Moment]) -> None:
        """Publish and note what Kafka has; sent again until it has all."""
        while True:
            try:
                producer = await self._connected()
                async with asyncio.timeout(10):
                    waiting = [
                        await producer.send(
                            READINGS.name,
                            key=moment.sensor_id.encode(),
                            value=_record(moment, self._sensors[moment.sensor_id]),
                            headers=[("content-type", b"application/json")],
                        )
                        for moment in moments
                    ]
                    await asyncio.gather(*waiting)
            except (KafkaError, TimeoutError):
                await self._drop()
                await asyncio.sleep(0.5)
            else:
                self._ledger.note("readings", ids=[moment.event_id for moment in moments])
                return

    async def broken(self, records: Sequence[Broken]) -> None:
        """Publish broken records in order. Raises KafkaError without a reachable Kafka."""
        producer = await self._connected()
        for record in records:
            await producer.send_and_wait(
                record.spec.name,
                key=record.key,
                value=record.value,
                headers=list(record.headers),
            )

    async def close(self) -> None:
        """Close the producer."""
        await self._drop()

    async def _connected(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = AIOKafkaProducer(
                bootstrap_servers=self._bootstrap, acks="all", request_timeout_ms=5_000
            )
            await producer.start()
            self._producer = producer
        return self._producer

    async def _drop(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            try:
                async with asyncio.timeout(2):
                    await producer.stop()
            except (KafkaError, TimeoutError):
                await producer.client.close()


def _record(moment: Moment, sensor: SensorEntry) -> bytes:
    fields = {
        "type": "reading",
        "id": moment.event_id,
        "schema_version": 1,
        "status": moment.status,
        "occurred_at": moment.at.isoformat(),
        "sent_at": datetime.now(UTC).isoformat(),
        "origin_unit": sensor.place,
        "tier": tier_of(sensor.place),
        "sensor_id": moment.sensor_id,
        "metric": sensor.metric,
        "value": moment.value,
        "unit": sensor.unit,
        "synthetic": moment.synthetic,
    }
    if sensor.datum is not None:
        fields["datum"] = sensor.datum
    return json.dumps(fields, ensure_ascii=False).encode()
