"""The port of a service: an answer on a connection that stays open leaves at once."""

from __future__ import annotations

import asyncio
import http.client
import socket
from typing import Any

from shared.runtime.http_server import listen, server_of
from shared.runtime.stream_connection import connection_of
from tests.support.waiting import until

_CONNECTIONS, _QUESTIONS = 2, 3


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
