"""The port of a service: an answer on a connection that stays open leaves at once."""

from __future__ import annotations

import asyncio
import http.client
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from shared.runtime.http_server import listen, server_of
from shared.runtime.stream_connection import connection_of
from tests.support.waiting import PATIENCE_S, until

_CONNECTIONS, _QUESTIONS = 2, 3
_SERVICE_WITHOUT_CONSUMERS = """
import asyncio

from aiokafka.errors import KafkaError
from faststream.asgi import AsgiFastStream
from faststream.kafka import KafkaBroker

from shared.runtime.http_server import listen, server_of


class FailingBroker(KafkaBroker):
    async def start(self):
        await asyncio.sleep(0.5)
        raise KafkaError("UnknownError of SyncGroup")


server = server_of(AsgiFastStream(FailingBroker("127.0.0.1:1")))
asyncio.run(server.serve(sockets=[listen("127.0.0.1", 0)]))
"""


async def test_accepted_connections_do_not_wait_for_the_clients_acknowledgement() -> None:
    options: list[int] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": f"{message['type']}.complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        connection = connection_of(scope)._transport.get_extra_info("socket")
        options.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    def ask(port: int) -> list[int]:
        answers = []
        for _ in range(_CONNECTIONS):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            for _ in range(_QUESTIONS):
                connection.request("GET", "/")
                answer = connection.getresponse()
                answer.read()
                answers.append(answer.status)
            connection.close()
        return answers

    listener = listen("127.0.0.1", 0)
    server = server_of(application)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await until(lambda: server.started)
        answers = await asyncio.to_thread(ask, listener.getsockname()[1])
    finally:
        server.should_exit = True
        await serving
    assert answers == [200] * _CONNECTIONS * _QUESTIONS
    assert options == [1] * _CONNECTIONS * _QUESTIONS


def test_a_service_whose_consumers_cannot_start_ends() -> None:
    process = subprocess.run(
        [sys.executable, "-c", _SERVICE_WITHOUT_CONSUMERS],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert process.returncode == 69, process.stderr
    assert "the consumers could not start" in process.stdout + process.stderr
